// son1k queues and son1k workers: what operators do with whole queues and with workers, through
// the API.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <boost/json.hpp>
#include <charconv>

#include "app/api_command.hpp"
#include "app/table.hpp"

namespace son1k::app {
namespace json = boost::json;
using net::http_method;
namespace {

struct queue_flags {
  client_flags client;
  std::string queue, action, state, age, limit, worker;
  std::string concurrency, rate, per, ageing, group;
  std::string group_concurrency, group_rate, group_per;
  bool delayed = false, force = false, yes = false, clear = false;
};
using flags_ptr = std::shared_ptr<queue_flags>;

std::string address_of(const queue_flags& f, std::string_view action) {
  return "/api/queues/" + url_part(f.queue) + "/" + std::string(action);
}

std::vector<std::string> row_of(const json::value& q) {
  const auto count = [&q](const char* state) {
    return std::to_string(number(q, std::string("counts.") + state));
  };
  const auto ready = number(q, "counts.waiting") + number(q, "counts.prioritized");
  const bool paused = member(q, "paused") == json::value(true);
  return {cell(q, "queue"),
          std::to_string(ready),
          count("delayed"),
          count("waiting-children"),
          count("active"),
          count("completed"),
          count("failed"),
          ready == 0 ? "" : short_time(number(q, "oldestReadyMs")),
          paused ? say({"paused", "en pausa"}) : ""};
}

table queue_table() {
  return table({{"QUEUE", "COLA"},
                {"READY", "LISTOS"},
                {"DELAYED", "APLAZADOS"},
                {"CHILDREN", "CON HIJOS"},
                {"ACTIVE", "ACTIVOS"},
                {"COMPLETED", "COMPLETADOS"},
                {"FAILED", "FALLIDOS"},
                {"OLDEST", "ESPERA MÁX."},
                {"", ""}});
}

int list(const queue_flags& f) {
  return run_on_api(
      f.client, [](api_client& api) { return api.get("/api/queues"); },
      [](const api_reply& reply) {
        auto rows = queue_table();
        for (const auto& q : reply.data.as_array()) rows.add(row_of(q));
        rows.print();
      });
}

std::string limits_of(const json::value& limits) {
  std::string out;
  if (const auto n = number(limits, "concurrency"); n != 0) {
    out += fmt::format("{} {} · ", n, say({"at once", "a la vez"}));
  }
  if (const auto max = number(limits, "rate.max"); max != 0) {
    out += fmt::format("{} / {} · ", max, short_time(number(limits, "rate.duration")));
  }
  return out.empty() ? say({"none", "ninguno"}) : out.substr(0, out.size() - 4);
}

void show_stats(const api_reply& reply) {
  auto rows = queue_table();
  rows.add(row_of(reply.data));
  rows.print();
  const auto span = [&](const char* name) {
    const auto& v = member(reply.data, name);
    return fmt::format("+{}  ✓{}  ✗{}", number(v, "added"), number(v, "completed"),
                       number(v, "failed"));
  };
  const auto times = [&](const char* name) {
    const auto& v = member(reply.data, name);
    return fmt::format("p50 {} ms  p95 {} ms  p99 {} ms  (n={})", cell(v, "p50Ms"),
                       cell(v, "p95Ms"), cell(v, "p99Ms"), cell(v, "count"));
  };
  std::vector<std::pair<text, std::string>> facts;
  if (!member(reply.data, "run").is_null()) {
    facts = {{{"last minute", "último minuto"}, span("lastMinute")},
             {{"last hour", "última hora"}, span("lastHour")},
             {{"run time", "duración"}, times("run")},
             {{"wait time", "espera"}, times("wait")}};
  }
  const auto& limits = member(reply.data, "limits");
  if (!limits.is_null()) {
    facts.push_back({{"limits", "límites"}, limits_of(limits)});
    facts.push_back({{"each group", "cada grupo"}, limits_of(member(limits, "eachGroup"))});
  }
  fmt::print("\n");
  print_facts(facts);
}

int stats(const queue_flags& f) {
  const auto target = address_of(f, "stats");
  return run_on_api(
      f.client, [&](api_client& api) { return api.get(target); }, show_stats);
}

result<json::object> body_of(const queue_flags& f) {
  json::object out;
  if (f.action == "drain") out["delayed"] = f.delayed;
  if (f.action == "obliterate") out["force"] = f.force;
  if (f.action != "clean") return out;
  out["state"] = f.state;
  if (!f.age.empty()) {
    auto ms = parse_duration("age", f.age);
    if (!ms) return ms.error();
    out["age"] = *ms;
  }
  if (!f.limit.empty()) {
    auto n = parse_duration("limit", f.limit);
    if (!n) return n.error();
    out["limit"] = *n;
  }
  return out;
}

void show_done(const queue_flags& f, const api_reply& reply) {
  if (!member(reply.data, "removed").is_null()) {
    fmt::print("{}: {} {}\n", f.queue, cell(reply.data, "removed"),
               say({"jobs removed", "trabajos eliminados"}));
  } else if (f.action == "obliterate") {
    fmt::print("{}: {}\n", f.queue, say({"gone with all its jobs", "eliminada con todo"}));
  } else {
    fmt::print("{}: {}\n", f.queue,
               f.action == "pause" ? say({"paused", "en pausa"}) : say({"runs", "en marcha"}));
  }
}

int act(const queue_flags& f) {
  auto body = body_of(f);
  if (!body) return fail(body.error(), f.client.common.json);
  const bool final = f.action != "pause" && f.action != "resume";
  if (final && !confirmed(f.yes, {f.action + " the queue " + f.queue + "?",
                                  f.action + ": ¿la cola " + f.queue + "?"})) {
    return exit_failed;
  }
  const json::value content(std::move(*body));
  const auto target = address_of(f, f.action);
  return run_on_api(
      f.client, [&](api_client& api) { return api.post(target, content); },
      [&](const api_reply& reply) { show_done(f, reply); });
}

// Sets `name` to the number or time given, where one is.
result<void> put(json::object& to, const char* name, const std::string& given) {
  if (given.empty()) return {};
  auto n = parse_duration(name, given);
  if (!n) return n.error();
  to[name] = *n;
  return {};
}

result<json::object> limit_body(const std::string& concurrency, const std::string& rate,
                                const std::string& per) {
  json::object out;
  if (auto ok = put(out, "concurrency", concurrency); !ok) return ok.error();
  if (rate.empty()) return out;
  json::object window;
  if (auto ok = put(window, "max", rate); !ok) return ok.error();
  if (auto ok = put(window, "duration", per); !ok) return ok.error();
  out["rate"] = std::move(window);
  return out;
}

result<json::object> queue_limit_body(const queue_flags& f) {
  auto out = limit_body(f.concurrency, f.rate, f.per);
  if (!out || !f.group.empty()) return out;
  if (auto ok = put(*out, "ageing", f.ageing); !ok) return ok.error();
  auto each = limit_body(f.group_concurrency, f.group_rate, f.group_per);
  if (!each) return each;
  if (!each->empty()) (*out)["eachGroup"] = std::move(*each);
  return out;
}

int limits(const queue_flags& f) {
  auto body = queue_limit_body(f);
  if (!body) return fail(body.error(), f.client.common.json);
  const bool looks = body->empty() && !f.clear && f.group.empty();
  const json::value content(std::move(*body));
  return run_on_api(
      f.client,
      [&](api_client& api) -> result<api_reply> {
        if (looks) return api.get("/api/queues/" + url_part(f.queue));
        if (f.group.empty()) return api.call(http_method::put, address_of(f, "limits"), &content);
        const auto target = address_of(f, "groups/" + url_part(f.group) + "/limits");
        if (f.clear) return api.call(http_method::remove, target);
        return api.call(http_method::put, target, &content);
      },
      [&](const api_reply& reply) {
        const auto& now = member(reply.data, "limits");
        std::vector<std::pair<text, std::string>> facts{{{"limits", "límites"}, limits_of(now)}};
        if (f.group.empty()) {
          facts.push_back({{"each group", "cada grupo"}, limits_of(member(now, "eachGroup"))});
          facts.push_back({{"ageing", "envejecimiento"}, short_time(number(now, "ageing"))});
        }
        print_facts(facts);
      });
}

int list_workers(const queue_flags& f) {
  return run_on_api(
      f.client, [](api_client& api) { return api.get("/api/workers"); },
      [](const api_reply& reply) {
        table rows({{"WORKER", "TRABAJADOR"},
                    {"HOST", "MÁQUINA"},
                    {"PID", "PID"},
                    {"VERSION", "VERSIÓN"},
                    {"BUSY", "OCUPADOS"},
                    {"RSS", "MEMORIA"},
                    {"QUEUES", "COLAS"},
                    {"", ""}});
        for (const auto& w : reply.data.as_array()) {
          const bool draining = member(w, "draining") == json::value(true);
          const bool paused = member(w, "paused") == json::value(true);
          rows.add({cell(w, "name"), cell(w, "host"), cell(w, "pid"), cell(w, "version"),
                    cell(w, "busy") + "/" + cell(w, "slots"),
                    fmt::format("{} MiB", number(w, "rssBytes") >> 20), cell(w, "queues"),
                    draining ? "draining"
                    : paused ? "paused"
                             : ""});
        }
        if (rows.empty()) {
          fmt::print("{}\n", say({"no worker runs", "no hay ningún trabajador en marcha"}));
        } else {
          rows.print();
        }
      });
}

int tell_worker(const queue_flags& f) {
  if (f.action == "drain" && !confirmed(f.yes, {"drain the worker " + f.worker + "?",
                                                "¿vaciar el trabajador " + f.worker + "?"})) {
    return exit_failed;
  }
  const auto target = "/api/workers/" + url_part(f.worker) + "/" + f.action;
  const json::value content = json::object();
  return run_on_api(
      f.client, [&](api_client& api) { return api.post(target, content); },
      [&](const api_reply&) {
        fmt::print("{}: {}\n", f.worker, say({"told", "avisado"}));
      });
}

using body_function = int (*)(const queue_flags&);
CLI::App* sub(CLI::App& parent, command_run& run, const flags_ptr& f, const char* name,
              const char* meaning, body_function body) {
  auto* command = parent.add_subcommand(name, meaning);
  add_client_flags(*command, f->client);
  command->callback([&run, f, body] { run = [f, body] { return body(*f); }; });
  return command;
}

CLI::App* sub_of_queue(CLI::App& parent, command_run& run, const flags_ptr& f, const char* name,
                       const char* meaning, body_function body) {
  f->action = name;
  auto* command = sub(parent, run, f, name, meaning, body);
  command->add_option("queue", f->queue, "the queue")->required();
  return command;
}

void add_limits(CLI::App& queues, command_run& run) {
  auto f = std::make_shared<queue_flags>();
  auto* command = sub_of_queue(queues, run, f, "limits",
                               "Show or set the limits of a queue or a group", limits);
  command->add_option("--concurrency", f->concurrency, "runs at once over all workers; 0: any");
  command->add_option("--rate", f->rate, "starts in the time of --per");
  command->add_option("--per", f->per, "the window of --rate: 1s, 1m (1s)");
  command->add_option("--ageing", f->ageing, "a job runs before any that came this much later");
  command->add_option("--each-concurrency", f->group_concurrency, "of every group");
  command->add_option("--each-rate", f->group_rate, "of every group");
  command->add_option("--each-per", f->group_per, "of every group");
  command->add_option("--group", f->group, "set those of this group instead");
  command->add_flag("--clear", f->clear, "no limits (of the group: as every group)");
  command->footer(
      "Setting replaces all limits of the queue. Example:\n"
      "  son1k queues limits generation --concurrency 4 --each-concurrency 1");
}

}  // namespace

void add_queues(CLI::App& program, command_run& run) {
  auto* queues = program.add_subcommand("queues", "Look at and act on whole queues");
  queues->require_subcommand(1);
  const auto fresh = [] { return std::make_shared<queue_flags>(); };
  sub(*queues, run, fresh(), "list", "All queues and what is in them", list);
  sub_of_queue(*queues, run, fresh(), "stats", "One queue: depth, throughput, times", stats);
  sub_of_queue(*queues, run, fresh(), "pause", "Start no more of its jobs", act);
  sub_of_queue(*queues, run, fresh(), "resume", "Start its jobs again", act);

  auto f = fresh();
  auto* drain = sub_of_queue(*queues, run, f, "drain", "Remove the jobs that wait", act);
  drain->add_flag("--delayed", f->delayed, "also those that are delayed");
  drain->add_flag("--yes,-y", f->yes, "do not ask");

  f = fresh();
  auto* clean = sub_of_queue(*queues, run, f, "clean", "Remove jobs of one state", act);
  clean
      ->add_option("--state", f->state,
                   "completed, failed, ended (both), waiting, prioritized or delayed")
      ->required();
  clean->add_option("--age", f->age, "only those older than this: 10m, 2h, 7d");
  clean->add_option("--limit", f->limit, "at most so many");
  clean->add_flag("--yes,-y", f->yes, "do not ask");
  clean->footer("Example:  son1k queues clean generation --state failed --age 7d");

  f = fresh();
  auto* gone = sub_of_queue(*queues, run, f, "obliterate",
                            "Remove a paused queue with all that is in it", act);
  gone->add_flag("--force", f->force, "also while jobs run");
  gone->add_flag("--yes,-y", f->yes, "do not ask");
  add_limits(*queues, run);
}

void add_workers(CLI::App& program, command_run& run) {
  auto* workers = program.add_subcommand("workers", "Look at workers and tell them what to do");
  workers->require_subcommand(1);
  sub(*workers, run, std::make_shared<queue_flags>(), "list", "Who runs jobs", list_workers);
  struct row {
    const char* name;
    const char* meaning;
  };
  static constexpr row rows[] = {{"pause", "Claim no more until resumed"},
                                 {"resume", "Claim again"},
                                 {"drain", "Finish what runs, then end"}};
  for (const auto& one : rows) {
    auto f = std::make_shared<queue_flags>();
    f->action = one.name;
    auto* command = sub(*workers, run, f, one.name, one.meaning, tell_worker);
    command->add_option("worker", f->worker, "its name, see son1k workers list")->required();
    command->add_flag("--yes,-y", f->yes, "do not ask");
  }
}

}  // namespace son1k::app
