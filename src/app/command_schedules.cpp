// son1k schedules: what runs at given times, through the API.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <array>
#include <boost/json.hpp>

#include "app/api_command.hpp"
#include "app/table.hpp"
#include "base/json.hpp"

namespace son1k::app {
namespace json = boost::json;
namespace {

struct schedule_flags {
  client_flags client;
  std::string id, queue, kind, cron, every, zone, data, options, user, start, end, limit, missed,
      overlap;
  int count = 10;
};
using flags_ptr = std::shared_ptr<schedule_flags>;

result<json::value> json_of(const std::string& field, const std::string& written) {
  auto read = parse_json(written, 64);
  if (read) return std::move(*read);
  error wrong = read.error();
  wrong.field = field;
  return wrong;
}

// Puts what the flags say over a definition.
result<void> overlay(const schedule_flags& flags, json::object& on) {
  const std::pair<const char*, const std::string*> texts[] = {
      {"queue", &flags.queue},   {"kind", &flags.kind},      {"user", &flags.user},
      {"zone", &flags.zone},     {"startAt", &flags.start},  {"endAt", &flags.end},
      {"missed", &flags.missed}, {"overlap", &flags.overlap}};
  for (const auto& [name, value] : texts) {
    if (!value->empty()) on[name] = *value;
  }
  if (!flags.cron.empty()) {
    on.erase("every");
    on["cron"] = flags.cron;
  }
  if (!flags.every.empty()) {
    auto ms = parse_duration("every", flags.every);
    if (!ms) return ms.error();
    if (flags.cron.empty()) {
      on.erase("cron");
      on.erase("zone");
    }
    on["every"] = *ms;
  }
  const std::pair<const char*, const std::string*> values[] = {
      {"data", &flags.data}, {"options", &flags.options}, {"limit", &flags.limit}};
  for (const auto& [name, value] : values) {
    if (value->empty()) continue;
    auto read = json_of(name, *value);
    if (!read) return read.error();
    on[name] = std::move(*read);
  }
  return {};
}

std::string timing_of(const json::value& row) {
  const auto pattern = cell(row, "cron");
  if (pattern.empty()) return short_time(number(row, "every"));
  return pattern + "  " + cell(row, "zone");
}

void print_rows(const api_reply& got) {
  table rows({{"ID", "ID"},
              {"STATUS", "ESTADO"},
              {"WHEN", "CUÁNDO"},
              {"NEXT RUN (UTC)", "PRÓXIMA (UTC)"},
              {"RUNS", "VECES"},
              {"QUEUE", "COLA"},
              {"KIND", "TIPO"}});
  for (const auto& row : got.data.as_array()) {
    rows.add({cell(row, "id"), cell(row, "status"), timing_of(row), when(row, "nextRun"),
              cell(row, "runs"), cell(row, "queue"), cell(row, "kind")});
  }
  rows.print();
}

void print_one(const api_reply& got) {
  const auto& row = got.data;
  std::vector<std::pair<text, std::string>> facts{
      {{"id", "id"}, cell(row, "id")},
      {{"status", "estado"}, cell(row, "status")},
      {{"when", "cuándo"}, timing_of(row)},
      {{"next run", "próxima"}, when(row, "nextRun")},
      {{"last run", "última"}, when(row, "lastRun")},
      {{"last job", "último trabajo"}, cell(row, "lastJob")},
      {{"runs", "veces"}, cell(row, "runs")},
      {{"left out", "omitidas"}, cell(row, "skipped")},
      {{"start", "desde"}, when(row, "startAt")},
      {{"end", "hasta"}, when(row, "endAt")},
      {{"limit", "límite"}, cell(row, "limit")},
      {{"missed runs", "si se pierde"}, cell(row, "missed")},
      {{"overlap", "si coincide"}, cell(row, "overlap")},
      {{"queue", "cola"}, cell(row, "queue")},
      {{"kind", "tipo"}, cell(row, "kind")},
      {{"data", "datos"}, cell(row, "data")},
      {{"options", "opciones"}, cell(row, "options")},
      {{"user", "usuario"}, cell(row, "user")},
      {{"version", "versión"}, cell(row, "version")}};
  std::erase_if(facts, [](const auto& fact) { return fact.second.empty(); });
  print_facts(facts);
}

void print_removed(const api_reply& got) {
  fmt::print("{} {}\n", cell(got.data, "id"), say({"removed", "borrado"}));
}

void print_job(const api_reply& got) {
  fmt::print("{} ({})\n", cell(got.data, "jobId"), cell(got.data, "queue"));
}

void print_runs(const api_reply& got) {
  for (const auto& at : member(got.data, "runs").as_array()) {
    fmt::print("{}\n", std::string_view(at.as_string()));
  }
}

std::string address_of(const std::string& id, std::string_view more = {}) {
  return "/api/schedules/" + url_part(id) + std::string(more);
}

// All pages as one.
result<api_reply> list_all(api_client& api) {
  api_reply out;
  json::array rows;
  std::string cursor;
  do {
    auto page = api.get("/api/schedules?limit=100" +
                        (cursor.empty() ? cursor : "&cursor=" + url_part(cursor)));
    if (!page) return page.error();
    if (page->data.is_array()) {
      for (auto& row : page->data.get_array()) rows.push_back(std::move(row));
    }
    const auto* next = page->pagination.if_contains("nextCursor");
    cursor = next != nullptr && next->is_string() ? std::string(next->get_string()) : "";
  } while (!cursor.empty());
  out.data = std::move(rows);
  return out;
}

int list(const schedule_flags& flags) {
  return run_on_api(flags.client, list_all, print_rows);
}

int show(const schedule_flags& flags) {
  const auto call = [&](api_client& api) { return api.get(address_of(flags.id)); };
  return run_on_api(flags.client, call, print_one);
}

int add(const schedule_flags& flags) {
  const auto call = [&](api_client& api) -> result<api_reply> {
    json::object body{{"id", flags.id}};
    if (auto ok = overlay(flags, body); !ok) return ok.error();
    return api.post("/api/schedules", json::value(std::move(body)));
  };
  return run_on_api(flags.client, call, print_one);
}

// What is stored, with the flags over it, under the version that was read.
int edit(const schedule_flags& flags) {
  const auto call = [&](api_client& api) -> result<api_reply> {
    auto now = api.get(address_of(flags.id));
    if (!now) return now.error();
    if (!now->data.is_object()) return error(errc::internal, text("not a schedule"));
    json::object body;
    for (const char* name :
         {"queue", "kind", "data", "user", "options", "cron", "zone", "every", "startAt", "endAt",
          "limit", "missed", "overlap", "paused", "version"}) {
      const auto* value = now->data.get_object().if_contains(name);
      if (value != nullptr) body[name] = *value;
    }
    if (auto ok = overlay(flags, body); !ok) return ok.error();
    const json::value whole(std::move(body));
    return api.call(net::http_method::put, address_of(flags.id), &whole);
  };
  return run_on_api(flags.client, call, print_one);
}

int remove(const schedule_flags& flags) {
  const auto call = [&](api_client& api) {
    return api.call(net::http_method::remove, address_of(flags.id));
  };
  return run_on_api(flags.client, call, print_removed);
}

int order(const schedule_flags& flags, const char* what, const api_show& show) {
  const auto call = [&](api_client& api) {
    return api.post(address_of(flags.id, what), json::object());
  };
  return run_on_api(flags.client, call, show);
}

int preview(const schedule_flags& flags) {
  const auto call = [&](api_client& api) -> result<api_reply> {
    if (!flags.id.empty()) {
      return api.get(address_of(flags.id, "/preview?n=" + std::to_string(flags.count)));
    }
    json::object body{{"n", flags.count}};
    if (auto ok = overlay(flags, body); !ok) return ok.error();
    return api.post("/api/schedules/preview", json::value(std::move(body)));
  };
  return run_on_api(flags.client, call, print_runs);
}

void add_timing(CLI::App& command, schedule_flags& flags) {
  command.add_option("--cron", flags.cron, "5 fields, 6 with seconds first, or @daily and its kin");
  command.add_option("--zone", flags.zone, "IANA time zone of the pattern (default: UTC)");
  command.add_option("--every", flags.every, "a time between runs: 30s, 10m, 2h, 1d");
  command.add_option("--start", flags.start, "no run before, as 2026-12-31T08:00:00Z");
  command.add_option("--end", flags.end, "no run after");
  command.add_option("--limit", flags.limit, "runs in all");
}

void add_definition(CLI::App& command, schedule_flags& flags) {
  command.add_option("--queue", flags.queue, "where its jobs wait");
  command.add_option("--kind", flags.kind, "what its jobs do");
  add_timing(command, flags);
  command.add_option("--data", flags.data, "JSON that its jobs are given");
  command.add_option("--options", flags.options, "JSON of job options");
  command.add_option("--user", flags.user, "whose jobs they are");
  command.add_option("--missed", flags.missed, "missed runs: skip (default) or once");
  command.add_option("--overlap", flags.overlap,
                     "while the run before goes on: skip (default), queue or cancel-running");
}

struct verb {
  const char* name;
  const char* meaning;
  bool named;       // takes the schedule's id
  bool definition;  // takes what makes a schedule
  int (*run)(const schedule_flags&);
  const char* example;
};
constexpr std::array<verb, 9> verbs{{
    {"list", "List the schedules", false, false, list, "son1k schedules list"},
    {"show", "Show one schedule", true, false, show, "son1k schedules show nightly"},
    {"add", "Add a schedule", true, true, add,
     "son1k schedules add nightly --queue probe --kind probe --cron \"0 3 * * *\" "
     "--zone America/Santiago"},
    {"edit", "Change what the flags name, and nothing else", true, true, edit,
     "son1k schedules edit nightly --cron \"30 3 * * *\""},
    {"remove", "Remove a schedule; its jobs stay", true, false, remove,
     "son1k schedules remove nightly"},
    {"pause", "Let it not run until it is resumed", true, false,
     [](const schedule_flags& f) { return order(f, "/pause", print_one); },
     "son1k schedules pause nightly"},
    {"resume", "Let it run again", true, false,
     [](const schedule_flags& f) { return order(f, "/resume", print_one); },
     "son1k schedules resume nightly"},
    {"run", "Run it now, besides its times", true, false,
     [](const schedule_flags& f) { return order(f, "/run", print_job); },
     "son1k schedules run nightly"},
    {"preview", "Tell the next runs of a schedule, or of a pattern", false, false, preview,
     "son1k schedules preview --cron \"0 9 * * mon-fri\" --zone Europe/Madrid --n 5"},
}};

void add_verb(CLI::App& group, command_run& run, const verb& row) {
  auto flags = std::make_shared<schedule_flags>();
  auto* command = group.add_subcommand(row.name, row.meaning);
  if (row.named) command->add_option("id", flags->id, "the schedule's id")->required();
  if (row.definition) add_definition(*command, *flags);
  if (row.run == preview) {
    command->add_option("id", flags->id, "the schedule's id");
    add_timing(*command, *flags);
    command->add_option("--n", flags->count, "how many (default: 10)")->check(CLI::Range(1, 100));
  }
  add_client_flags(*command, flags->client);
  command->footer("Example:  " + std::string(row.example));
  command->callback([&run, flags, act = row.run] { run = [flags, act] { return act(*flags); }; });
}

}  // namespace

void add_schedules(CLI::App& program, command_run& run) {
  auto* group = program.add_subcommand("schedules", "What runs at given times");
  group->require_subcommand(1);
  for (const auto& row : verbs) add_verb(*group, run, row);
}

}  // namespace son1k::app
