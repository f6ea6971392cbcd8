#include "api/own_account.hpp"

#include <boost/json.hpp>

#include "api/account_engines.hpp"
#include "api/account_json.hpp"
#include "api/envelope.hpp"
#include "api/idempotency.hpp"
#include "api/parameters.hpp"
#include "base/json.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using services_ptr = std::shared_ptr<const services>;

constexpr std::size_t own_body_bytes_max = 8'192;

awaitable<http_response> profile(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  std::string id = caller_of(request).user;
  auto row = co_await with->accounts->users.find(std::move(id));
  if (!row) co_return refuse(row.error(), request);
  co_return reply(200, json::value(to_json(*row)));
}

struct profile_change {
  accounts::account_change to;
  std::string current_password;
};

result<profile_change> read_profile(const http_request& request) {
  if (auto ok = no_parameters(request); !ok) return ok.error();
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader fields(*body);
  profile_change out;
  fields.require("name");
  out.to.name = fields.utf8("name", {1, accounts::account_name_points_max, false});
  out.to.email = fields.utf8("email", {1, 320, false});
  if (out.to.email) fields.require("currentPassword");
  out.current_password = fields.utf8("currentPassword", {0, 1'000, true}).value_or("");
  if (auto ok = fields.finish(); !ok) return ok.error();
  return out;
}

// Whoever found a page open must not take its account away: another e-mail needs the password.
awaitable<http_response> edit_profile(services_ptr with, http_request& request) {
  auto asked = read_profile(request);
  if (!asked) co_return refuse(asked.error(), request);
  if (asked->to.email) {
    std::string whose = caller_of(request).user;
    auto known = co_await with->accounts->users.confirm(std::move(whose),
                                                        std::move(asked->current_password));
    if (!known) co_return refuse(known.error(), request);
  }
  std::string id = caller_of(request).user;
  auto row = co_await with->accounts->users.change(std::move(id), std::move(asked->to));
  if (!row) co_return refuse(row.error(), request);
  co_return reply(200, json::value(to_json(*row)));
}

awaitable<http_response> change_password(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto body = parse_json(request.body);
  if (!body) co_return refuse(body.error(), request);
  object_reader fields(*body);
  fields.require("currentPassword");
  fields.require("newPassword");
  auto current = fields.utf8("currentPassword", {0, 1'000, true}).value_or("");
  auto next = fields.utf8("newPassword", {0, 1'000, true}).value_or("");
  if (auto ok = fields.finish(); !ok) co_return refuse(ok.error(), request);
  const auto& who = caller_of(request);
  std::string id = who.user;
  std::string keep = who.session;
  auto done = co_await with->accounts->users.change_password(std::move(id), std::move(current),
                                                             std::move(next), std::move(keep));
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, json::value{{"changed", true}});
}

awaitable<http_response> list_sessions(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto& who = caller_of(request);
  std::string id = who.user;
  auto rows = co_await with->accounts->sessions.list(std::move(id));
  if (!rows) co_return refuse(rows.error(), request);
  json::array out;
  for (const auto& row : *rows) out.emplace_back(to_json(row, who.session));
  co_return reply(200, json::value(std::move(out)));
}

awaitable<http_response> end_session(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  std::string user = caller_of(request).user;
  const std::string id(request.param("id"));
  auto done = co_await with->accounts->sessions.end(std::move(user), id);
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, json::value{{"id", id}, {"ended", true}});
}

awaitable<http_response> end_other_sessions(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto& who = caller_of(request);
  std::string user = who.user;
  std::string keep = who.session;
  auto done = co_await with->accounts->sessions.end_all(std::move(user), std::move(keep));
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, json::value{{"ended", true}});
}

awaitable<http_response> list_keys(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  std::string id = caller_of(request).user;
  auto rows = co_await with->accounts->keys.list(std::move(id));
  if (!rows) co_return refuse(rows.error(), request);
  json::array out;
  for (const auto& row : *rows) out.emplace_back(to_json(row));
  co_return reply(200, json::value(std::move(out)));
}

result<accounts::new_api_key> read_key(const http_request& request) {
  if (auto ok = no_parameters(request); !ok) return ok.error();
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader fields(*body);
  accounts::new_api_key out;
  fields.require("name");
  out.name = fields.utf8("name", {1, accounts::api_key_name_points_max, false}).value_or("");
  out.scopes = fields.texts("scopes", 4, 20).value_or(std::vector<std::string>());
  if (const auto until = fields.utf8("expiresAt", {1, 40, false})) {
    const auto ms = parse_iso_time(*until);
    if (!ms)
      fields.fail("expiresAt", {"must be a time such as 2027-01-31T00:00:00Z",
                                "debe ser un momento como 2027-01-31T00:00:00Z"});
    out.expires_at_ms = ms.value_or(0);
  }
  if (auto ok = fields.finish(); !ok) return ok.error();
  return out;
}

// A key gives no more than the one that makes it.
result<void> bound_to_maker(const accounts::identity& who, accounts::new_api_key& wanted) {
  wanted.account = who.user;
  wanted.may_operate = who.has(accounts::operator_role) && who.may("operate");
  if (who.shown != accounts::credential::api_key) return {};
  if (wanted.scopes.empty()) wanted.scopes = who.scopes;
  for (const auto& scope : wanted.scopes) {
    if (who.may(scope)) continue;
    return error(errc::forbidden, "scopes",
                 text("the key that asks does not allow " + scope,
                      "la clave que lo pide no permite " + scope));
  }
  return {};
}

awaitable<http_response> make_key(services_ptr with, http_request& request) {
  auto keyed = co_await read_keyed(*with, request, keeping::sealed);
  if (keyed.reply) co_return std::move(*keyed.reply);
  auto wanted = read_key(request);
  if (!wanted) co_return refuse(wanted.error(), request);
  if (auto ok = bound_to_maker(caller_of(request), *wanted); !ok)
    co_return refuse(ok.error(), request);
  std::string data;
  auto beside = [&](const accounts::made_api_key& made) {
    auto shown = to_json(made.key);
    shown["key"] = made.secret;
    data = json::serialize(shown);
    return reply_beside(*with, keyed.key, 201, data);
  };
  auto made = co_await with->accounts->keys.create(std::move(*wanted), std::move(beside));
  if (made) co_return reply_serialized(201, data);
  auto refused = refuse_keyed(*with, std::move(keyed.key), made.error(), request);
  co_return co_await std::move(refused);
}

awaitable<http_response> create_key(services_ptr with, http_request& request) {
  auto out = co_await make_key(std::move(with), request);
  out.headers.add("Cache-Control", "no-store");
  co_return out;
}

awaitable<http_response> revoke_key(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  std::string user = caller_of(request).user;
  const std::string id(request.param("id"));
  auto done = co_await with->accounts->keys.revoke(std::move(user), id);
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, json::value{{"id", id}, {"revoked", true}});
}

}  // namespace

void bind_own_account(endpoint_table& routes, const services& with) {
  if (with.accounts == nullptr) return;
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  const auto small = json_body_of(own_body_bytes_max);
  routes.add_all({
      {http_method::get, "/api/auth/profile", bound(profile), reads_own},
      {http_method::put, "/api/auth/profile", bound(edit_profile), manages_own, small},
      {http_method::get, "/api/user/profile", bound(profile), reads_own},
      {http_method::put, "/api/user/profile", bound(edit_profile), manages_own, small},
      {http_method::post, "/api/auth/password", bound(change_password), manages_own, small},
      {http_method::get, "/api/auth/sessions", bound(list_sessions), reads_own},
      {http_method::remove, "/api/auth/sessions", bound(end_other_sessions), manages_own},
      {http_method::remove, "/api/auth/sessions/:id", bound(end_session), manages_own},
      {http_method::get, "/api/user/tokens", bound(list_keys), reads_own},
      {http_method::post, "/api/user/tokens", bound(create_key), manages_own, small},
      {http_method::remove, "/api/user/tokens/:id", bound(revoke_key), manages_own},
  });
}

}  // namespace son1k::api
