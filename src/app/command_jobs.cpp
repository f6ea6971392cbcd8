// son1k jobs: what operators do with single jobs, through the API.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <boost/json.hpp>
#include <charconv>
#include <fstream>
#include <iostream>

#include "app/api_command.hpp"
#include "app/table.hpp"

namespace son1k::app {
namespace json = boost::json;
using net::http_method;
namespace {

struct job_flags {
  client_flags client;
  std::string queue, kind, id, user, state, cursor, query, action;
  std::string data, options, delay, limit;
  std::string priority, attempts, group;
  std::vector<std::string> ids;
  bool preview = false;
  bool yes = false;
};
using flags_ptr = std::shared_ptr<job_flags>;

std::string address_of(const std::string& id, const std::string& action = {}) {
  return "/api/jobs/" + url_part(id) + (action.empty() ? "" : "/" + action);
}

void show_list(const api_reply& reply) {
  table rows({{"JOB", "TRABAJO"},
              {"QUEUE", "COLA"},
              {"KIND", "TIPO"},
              {"STATE", "ESTADO"},
              {"%", "%"},
              {"TRIES", "INTENTOS"},
              {"ADDED (UTC)", "AÑADIDO (UTC)"},
              {"ERROR", "ERROR"}});
  for (const auto& job : reply.data.as_array()) {
    rows.add({cell(job, "jobId"), cell(job, "queue"), cell(job, "kind"), cell(job, "state"),
              cell(job, "progress"), cell(job, "attemptsMade") + "/" + cell(job, "attempts"),
              when(job, "addedAt"), cell(job, "error.message")});
  }
  if (rows.empty()) {
    fmt::print("{}\n", say({"no job matches", "ningún trabajo coincide"}));
  } else {
    rows.print();
  }
  const auto* next = reply.pagination.if_contains("nextCursor");
  if (next != nullptr && next->is_string()) {
    fmt::print("{} --cursor {}\n", say({"more with", "más con"}),
               std::string_view(next->get_string()));
  }
}

int list(const job_flags& f) {
  const auto target = "/api/jobs" + query_of({{"q", f.query},
                                              {"state", f.state},
                                              {"queue", f.queue},
                                              {"limit", f.limit},
                                              {"cursor", f.cursor}});
  return run_on_api(
      f.client, [&](api_client& api) { return api.get(target); }, show_list);
}

void show_one(const api_reply& reply) {
  const auto& job = reply.data;
  std::vector<std::pair<text, std::string>> facts{
      {{"job", "trabajo"}, cell(job, "jobId")},
      {{"queue", "cola"}, cell(job, "queue")},
      {{"kind", "tipo"}, cell(job, "kind")},
      {{"state", "estado"}, cell(job, "state")},
      {{"progress", "progreso"}, cell(job, "progress") + " % " + cell(job, "message")},
      {{"attempts", "intentos"}, cell(job, "attemptsMade") + "/" + cell(job, "attempts")}};
  const auto note = [&](text label, std::string value) {
    if (!value.empty()) facts.emplace_back(std::move(label), std::move(value));
  };
  note({"user", "usuario"}, cell(job, "user"));
  note({"group", "grupo"}, cell(job, "group"));
  note({"worker", "trabajador"}, cell(job, "worker"));
  note({"error", "error"}, cell(job, "error.message"));
  note({"data", "datos"}, cell(job, "data"));
  note({"result", "resultado"}, cell(job, "result"));
  note({"options", "opciones"}, cell(job, "options"));
  note({"log lines", "líneas de registro"}, cell(job, "logs"));
  print_facts(facts);
  const auto& events = member(job, "timeline");
  if (!events.is_array()) return;
  fmt::print("\n");
  table rows({{"AT (UTC)", "CUANDO (UTC)"},
              {"EVENT", "EVENTO"},
              {"WORKER", "TRABAJADOR"},
              {"RUN", "DURACIÓN"},
              {"ERROR", "ERROR"}});
  for (const auto& e : events.get_array()) {
    const bool ran = !member(e, "runMs").is_null();
    rows.add({when(e, "at"), cell(e, "event"), cell(e, "worker"),
              ran ? short_time(number(e, "runMs")) : "", cell(e, "error.message")});
  }
  rows.print();
}

int show(const job_flags& f) {
  const auto target = address_of(f.id) + query_of({{"queue", f.queue}});
  return run_on_api(
      f.client, [&](api_client& api) { return api.get(target); }, show_one);
}

int logs(const job_flags& f) {
  const auto target = address_of(f.id, "logs") + query_of({{"queue", f.queue}});
  return run_on_api(
      f.client, [&](api_client& api) { return api.get(target); },
      [](const api_reply& reply) {
        for (const auto& line : reply.data.as_array()) {
          fmt::print("{}\n", std::string_view(line.as_string()));
        }
      });
}

// JSON given as text, "@FILE", or "-" for standard input.
result<json::value> read_json(const std::string& field, const std::string& given) {
  std::string content = given;
  if (given == "-") {
    content.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else if (given.starts_with('@')) {
    std::ifstream file(given.substr(1), std::ios::binary);
    if (!file) {
      return error(errc::validation, field,
                   text("cannot read " + given.substr(1), "no se puede leer " + given.substr(1)));
    }
    content.assign(std::istreambuf_iterator<char>(file), {});
  }
  boost::system::error_code ec;
  json::parse_options deep;
  deep.max_depth = 160;
  auto out = json::parse(content, ec, {}, deep);
  if (!ec) return out;
  return error(errc::validation, field,
               text("is not JSON: " + ec.message(), "no es JSON: " + ec.message()));
}

result<json::value> as_number(const std::string& field, const std::string& given) {
  std::int64_t n = 0;
  const auto end = given.data() + given.size();
  const auto read = std::from_chars(given.data(), end, n);
  if (read.ec == std::errc() && read.ptr == end) return json::value(n);
  return error(errc::validation, field,
               text("must be a whole number", "debe ser un número entero"));
}

result<json::object> read_options(const job_flags& f) {
  json::object out;
  if (!f.options.empty()) {
    auto given = read_json("options", f.options);
    if (!given) return given.error();
    if (!given->is_object()) {
      return error(errc::validation, "options",
                   text("must be a JSON object", "debe ser un objeto JSON"));
    }
    out = std::move(given->get_object());
  }
  if (!f.delay.empty()) {
    auto ms = parse_duration("delay", f.delay);
    if (!ms) return ms.error();
    out["delay"] = *ms;
  }
  for (const auto& [name, given] :
       {std::pair("priority", &f.priority), std::pair("attempts", &f.attempts)}) {
    if (given->empty()) continue;
    auto n = as_number(name, *given);
    if (!n) return n.error();
    out[name] = *n;
  }
  if (!f.group.empty()) out["group"] = f.group;
  return out;
}

int add(const job_flags& f) {
  json::object body{{"queue", f.queue}, {"kind", f.kind}};
  auto options = read_options(f);
  if (!options) return fail(options.error(), f.client.common.json);
  if (!options->empty()) body["options"] = std::move(*options);
  if (!f.data.empty()) {
    auto data = read_json("data", f.data);
    if (!data) return fail(data.error(), f.client.common.json);
    body["data"] = std::move(*data);
  }
  if (!f.id.empty()) body["id"] = f.id;
  if (!f.user.empty()) body["user"] = f.user;
  bool local = false;
  const json::value content(std::move(body));
  return run_on_api(
      f.client,
      [&](api_client& api) {
        local = api.local();
        return api.post("/api/jobs", content);
      },
      [&](const api_reply& reply) {
        const bool known = member(reply.data, "duplicate") == json::value(true);
        fmt::print("{}  {}{}\n", cell(reply.data, "jobId"), cell(reply.data, "state"),
                   known ? say({" (was there before)", " (ya existía)"}) : "");
        if (local) {
          fmt::print("{}\n", say({"no server runs: it waits for the next one",
                                  "no hay ningún servidor: espera al próximo"}));
        }
      },
      true);
}

// One request an id; the first refusal ends it.
result<api_reply> act_on_all(api_client& api, const job_flags& f, const json::value& body) {
  api_reply all;
  json::array done;
  for (const auto& id : f.ids) {
    const auto target = address_of(id, f.action) + query_of({{"queue", f.queue}});
    auto one = api.post(target, body);
    if (!one) {
      auto fault = one.error();
      const auto about = id + ": ";
      fault.message =
          text(about + fault.message.en, fault.message.es.empty() ? "" : about + fault.message.es);
      return fault;
    }
    done.push_back(std::move(one->data));
  }
  all.data = std::move(done);
  return all;
}

int act(const job_flags& f) {
  json::object body;
  if (f.action == "priority") {
    auto n = as_number("priority", f.priority);
    if (!n) return fail(n.error(), f.client.common.json);
    body["priority"] = *n;
  }
  const auto count = std::to_string(f.ids.size());
  const bool final = f.action == "remove" || f.action == "cancel";
  if (final && !confirmed(f.yes, {f.action + " " + count + " job(s)?",
                                  f.action + ": ¿" + count + " trabajo(s)?"})) {
    return exit_failed;
  }
  const json::value content(std::move(body));
  return run_on_api(
      f.client, [&](api_client& api) { return act_on_all(api, f, content); },
      [](const api_reply& reply) {
        for (const auto& one : reply.data.as_array()) {
          const bool removed = member(one, "removed") == json::value(true);
          fmt::print("{}  {}\n", cell(one, "jobId"),
                     removed ? say({"removed", "eliminado"}) : cell(one, "state"));
        }
      });
}

result<api_reply> ask_bulk(api_client& api, const job_flags& f, json::object body) {
  body["preview"] = true;
  const json::value preview(body);
  auto counted = api.post("/api/jobs/bulk", preview);
  if (!counted || f.preview || number(counted->data, "count") == 0) return counted;
  const bool exact = member(counted->data, "exact") == json::value(true);
  const auto shown = (exact ? "" : "≥ ") + cell(counted->data, "count");
  if (!confirmed(f.yes,
                 {f.action + " " + shown + " jobs?", f.action + ": ¿" + shown + " trabajos?"})) {
    return declined();
  }
  body["preview"] = false;
  const json::value order(std::move(body));
  return api.post("/api/jobs/bulk", order);
}

int bulk(const job_flags& f) {
  json::object body{{"action", f.action}, {"query", f.query}};
  if (!f.priority.empty()) {
    auto n = as_number("priority", f.priority);
    if (!n) return fail(n.error(), f.client.common.json);
    body["priority"] = *n;
  }
  return run_on_api(
      f.client, [&](api_client& api) { return ask_bulk(api, f, body); },
      [](const api_reply& reply) {
        const bool exact = member(reply.data, "exact") == json::value(true);
        fmt::print("{}{} {}\n", exact ? "" : "≥ ", cell(reply.data, "count"),
                   say({"jobs match", "trabajos coinciden"}));
        const auto job = cell(reply.data, "jobId");
        if (!job.empty()) {
          fmt::print("{} son1k jobs show {}\n",
                     say({"done by a job; follow it with", "lo hace un trabajo; sígalo con"}), job);
        }
      });
}

CLI::App* sub(CLI::App& jobs, command_run& run, const flags_ptr& f, const char* name,
              const char* meaning, int (*body)(const job_flags&)) {
  auto* command = jobs.add_subcommand(name, meaning);
  add_client_flags(*command, f->client);
  command->callback([&run, f, body] { run = [f, body] { return body(*f); }; });
  return command;
}

void add_queue_flag(CLI::App& command, const flags_ptr& f, const char* meaning) {
  command.add_option("--queue", f->queue, meaning);
}
constexpr const char* one_queue = "the job's queue, where several have its id";

void add_reading(CLI::App& jobs, command_run& run) {
  auto f = std::make_shared<job_flags>();
  auto* listed = sub(jobs, run, f, "list", "Jobs that match a query, live ones first", list);
  listed->add_option("query", f->query, "such as: state:failed kind:generation created<2h");
  listed->add_option("--state", f->state, "only those in this state");
  add_queue_flag(*listed, f, "only those of this queue");
  listed->add_option("--limit", f->limit, "how many, 1 to 100 (20)");
  listed->add_option("--cursor", f->cursor, "go on where an earlier page ended");
  listed->footer("Example:  son1k jobs list 'state:failed error~timeout created<1d' --limit 50");

  f = std::make_shared<job_flags>();
  auto* shown = sub(jobs, run, f, "show", "One job with its timeline", show);
  shown->add_option("id", f->id, "the job")->required();
  add_queue_flag(*shown, f, one_queue);
  shown->footer("Example:  son1k jobs show 01a20253-d176-7345-a0aa-81239ebbac6a");

  f = std::make_shared<job_flags>();
  auto* logged = sub(jobs, run, f, "logs", "The lines that a job has logged", logs);
  logged->add_option("id", f->id, "the job")->required();
  add_queue_flag(*logged, f, one_queue);
}

void add_adding(CLI::App& jobs, command_run& run) {
  auto f = std::make_shared<job_flags>();
  auto* command = sub(jobs, run, f, "add", "Add a job of any kind", add);
  add_queue_flag(*command, f, "where it waits");
  command->get_option("--queue")->required();
  command->add_option("--kind", f->kind, "what it does")->required();
  command->add_option("--data", f->data, "JSON, @FILE, or - for standard input");
  command->add_option("--id", f->id, "an id of your own; a known one adds nothing");
  command->add_option("--user", f->user, "whose job it is");
  command->add_option("--priority", f->priority, "0 first, then 1, 2, …");
  command->add_option("--delay", f->delay, "not before this time has passed: 5s, 10m, 2h");
  command->add_option("--attempts", f->attempts, "how often it is tried (3)");
  command->add_option("--group", f->group, "tenant for fair sharing");
  command->add_option("--options", f->options, "further options as JSON, see docs/api.md");
  command->footer(
      "Example:  son1k jobs add --queue probe --kind probe --data '{\"sleepMs\":10}' --delay 5s");
}

void add_acting(CLI::App& jobs, command_run& run) {
  struct row {
    const char* name;
    const char* meaning;
  };
  static constexpr row rows[] = {
      {"retry", "Run ended jobs again, attempts counted from zero"},
      {"cancel", "End jobs that wait or run, for good"},
      {"promote", "Let delayed jobs run now"},
      {"remove", "Take jobs that do not run out of their queue"},
      {"front", "Put ready jobs before their equals in priority"},
      {"back", "Put ready jobs behind their equals in priority"},
  };
  for (const auto& one : rows) {
    auto f = std::make_shared<job_flags>();
    f->action = one.name;
    auto* command = sub(jobs, run, f, one.name, one.meaning, act);
    command->add_option("id", f->ids, "one or more jobs")->required();
    add_queue_flag(*command, f, one_queue);
    command->add_flag("--yes,-y", f->yes, "do not ask");
  }
  auto f = std::make_shared<job_flags>();
  f->action = "priority";
  auto* command = sub(jobs, run, f, "priority", "Change the priority of waiting jobs", act);
  command->add_option("priority", f->priority, "0 first, then 1, 2, …")->required();
  command->add_option("id", f->ids, "one or more jobs")->required();
  add_queue_flag(*command, f, one_queue);
}

void add_bulk(CLI::App& jobs, command_run& run) {
  auto f = std::make_shared<job_flags>();
  auto* command = sub(jobs, run, f, "bulk", "Do one thing to all jobs that match a query", bulk);
  command->add_option("action", f->action, "retry, cancel, promote, remove or priority")
      ->required();
  command->add_option("query", f->query, "which jobs")->required();
  command->add_option("--priority", f->priority, "of the action priority");
  command->add_flag("--preview", f->preview, "only count them");
  command->add_flag("--yes,-y", f->yes, "do not ask");
  command->footer("Example:  son1k jobs bulk retry 'state:failed error~\"connection reset\"'");
}

}  // namespace

void add_jobs(CLI::App& program, command_run& run) {
  auto* jobs = program.add_subcommand("jobs", "Find, look at and act on jobs");
  jobs->require_subcommand(1);
  add_reading(*jobs, run);
  add_adding(*jobs, run);
  add_acting(*jobs, run);
  add_bulk(*jobs, run);
}

}  // namespace son1k::app
