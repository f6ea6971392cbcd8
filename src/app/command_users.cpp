// son1k users: what administrators do with accounts, through the API.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <boost/json.hpp>
#include <iostream>

#include "app/api_command.hpp"
#include "app/table.hpp"

namespace son1k::app {
namespace json = boost::json;
using net::http_method;
namespace {

struct user_flags {
  client_flags client;
  std::string user, email, name, role, tier, search, limit;
  bool admin = false, password = false, yes = false;
};
using user_flags_ptr = std::shared_ptr<user_flags>;

std::string address_of(const user_flags& f) {
  return "/api/admin/users/" + url_part(f.user);
}

// One line of standard input: never an argument, which every user of the machine can read.
result<std::string> read_password() {
  std::string line;
  if (std::getline(std::cin, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return line;
  }
  return error(errc::validation, "password",
               text("is expected on standard input", "se espera por la entrada estándar"));
}

std::string state_of(const json::value& user) {
  return member(user, "disabledAt").is_null() ? "" : say({"disabled", "desactivada"});
}

void show_user(const api_reply& reply) {
  const auto& user = reply.data;
  print_facts({{{"id", "id"}, cell(user, "id")},
               {{"e-mail", "correo"}, cell(user, "email")},
               {{"name", "nombre"}, cell(user, "name")},
               {{"role", "rol"}, cell(user, "role")},
               {{"tier", "nivel"}, cell(user, "tier")},
               {{"created", "creada"}, when(user, "createdAt")},
               {{"state", "estado"}, state_of(user)}});
}

int list_users(const user_flags& f) {
  const auto query = query_of({{"search", f.search}, {"limit", f.limit}});
  return run_on_api(
      f.client, [&](api_client& api) { return api.get("/api/admin/users" + query); },
      [](const api_reply& reply) {
        table rows({{"ID", "ID"},
                    {"E-MAIL", "CORREO"},
                    {"NAME", "NOMBRE"},
                    {"ROLE", "ROL"},
                    {"TIER", "NIVEL"},
                    {"", ""}});
        for (const auto& user : reply.data.as_array()) {
          rows.add({cell(user, "id"), cell(user, "email"), cell(user, "name"), cell(user, "role"),
                    cell(user, "tier"), state_of(user)});
        }
        rows.print();
      });
}

int show_one(const user_flags& f) {
  return run_on_api(
      f.client, [&](api_client& api) { return api.get(address_of(f)); }, show_user);
}

// Prints {"userId", "apiKey"}, which deployments read.
int create_user(const user_flags& f) {
  json::object body{{"email", f.email}, {"apiKey", true}};
  if (!f.name.empty()) body["name"] = f.name;
  if (!f.tier.empty()) body["tier"] = f.tier;
  if (f.admin || !f.role.empty()) body["role"] = f.admin ? "admin" : f.role;
  if (f.password) {
    auto given = read_password();
    if (!given) return fail(given.error(), f.client.common.json);
    body["password"] = *given;
  }
  const json::value content(std::move(body));
  const bool as_json = f.client.common.json;
  auto flags = f.client;
  flags.common.json = false;
  const auto ask = [&](api_client& api) { return api.post("/api/admin/users", content); };
  const auto show = [as_json](const api_reply& reply) {
    if (as_json) {
      print_json({{"userId", member(reply.data, "id")}, {"apiKey", member(reply.data, "apiKey")}});
      return;
    }
    show_user(reply);
    fmt::print("{}: {}\n", say({"API key, shown this once", "clave de API, solo se muestra ahora"}),
               cell(reply.data, "apiKey"));
  };
  return run_on_api(flags, ask, show, true);
}

int change_user(const user_flags& f, const json::object& to) {
  const json::value content(to);
  return run_on_api(
      f.client,
      [&](api_client& api) { return api.call(http_method::put, address_of(f), &content); },
      show_user);
}

int disable_user(const user_flags& f) {
  if (!confirmed(f.yes, {"disable " + f.user + "?", "¿desactivar " + f.user + "?"}))
    return exit_failed;
  return change_user(f, {{"disabled", true}});
}

int enable_user(const user_flags& f) {
  return change_user(f, {{"disabled", false}});
}

int set_tier(const user_flags& f) {
  return change_user(f, {{"tier", f.tier}});
}

int set_role(const user_flags& f) {
  return change_user(f, {{"role", f.role}});
}

int reset_password(const user_flags& f) {
  auto given = read_password();
  if (!given) return fail(given.error(), f.client.common.json);
  const json::value content = json::object{{"password", *given}};
  return run_on_api(
      f.client, [&](api_client& api) { return api.post(address_of(f) + "/password", content); },
      [&](const api_reply&) {
        fmt::print("{}: {}\n", f.user, say({"has a new password", "tiene una contraseña nueva"}));
      });
}

using user_body = int (*)(const user_flags&);
CLI::App* user_command(CLI::App& parent, command_run& run, const user_flags_ptr& f,
                       const char* name, const char* meaning, user_body body) {
  auto* command = parent.add_subcommand(name, meaning);
  add_client_flags(*command, f->client);
  command->callback([&run, f, body] { run = [f, body] { return body(*f); }; });
  return command;
}

CLI::App* one_user(CLI::App& parent, command_run& run, const user_flags_ptr& f, const char* name,
                   const char* meaning, user_body body) {
  auto* command = user_command(parent, run, f, name, meaning, body);
  command->add_option("user", f->user, "id or e-mail")->required();
  return command;
}

}  // namespace

void add_users(CLI::App& program, command_run& run) {
  auto* users = program.add_subcommand("users", "Make, find and change accounts");
  users->require_subcommand(1);
  const auto fresh = [] { return std::make_shared<user_flags>(); };

  auto f = fresh();
  auto* list = user_command(*users, run, f, "list", "All accounts, the newest first", list_users);
  list->add_option("--search", f->search, "part of the e-mail or name");
  list->add_option("--limit", f->limit, "at most so many (50)");
  one_user(*users, run, fresh(), "show", "One account", show_one);

  f = fresh();
  auto* create =
      user_command(*users, run, f, "create", "Make an account with an API key", create_user);
  create->add_option("--email", f->email, "its e-mail")->required();
  create->add_option("--name", f->name, "for other people to read");
  create->add_flag("--admin", f->admin, "may do everything");
  create->add_option("--role", f->role, "user, viewer, operator or admin (user)");
  create->add_option("--tier", f->tier, "FREE, PRO, PREMIUM or ENTERPRISE (FREE)");
  create->add_flag("--password", f->password, "read its password from standard input");
  create->footer("Example:  son1k users create --email ana@example.org --admin --json");

  f = fresh();
  auto* disable =
      one_user(*users, run, f, "disable", "End its sessions and let it in no more", disable_user);
  disable->add_flag("--yes,-y", f->yes, "do not ask");
  one_user(*users, run, fresh(), "enable", "Let it in again", enable_user);
  f = fresh();
  one_user(*users, run, f, "set-tier", "What it may use", set_tier)
      ->add_option("tier", f->tier, "FREE, PRO, PREMIUM or ENTERPRISE")
      ->required();
  f = fresh();
  one_user(*users, run, f, "set-role", "What it may do", set_role)
      ->add_option("role", f->role, "user, viewer, operator or admin")
      ->required();
  one_user(*users, run, fresh(), "reset-password",
           "Give it the password that comes on standard input; ends its sessions", reset_password);
}

}  // namespace son1k::app
