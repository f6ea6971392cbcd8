#include "api/schedule_request.hpp"

#include <boost/json.hpp>

#include "api/job_request.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

constexpr std::size_t text_points_max = 10'000;
// What a JavaScript number holds exactly; narrower ranges are queue::check's to refuse.
constexpr std::int64_t number_max = 9'007'199'254'740'991;

void set(object_reader& in, std::string_view name, std::string& to) {
  if (auto v = in.utf8(name, {0, text_points_max, true})) to = std::move(*v);
}

void set_time(object_reader& in, std::string_view name, std::int64_t& to) {
  const auto* v = in.any(name);
  if (v == nullptr) return;
  if (v->is_int64()) {
    to = v->get_int64();
    return;
  }
  const auto at = v->is_string() ? parse_iso_time(v->get_string()) : std::nullopt;
  if (at) {
    to = *at;
  } else {
    in.fail(name, {"must be a time such as \"2026-12-31T23:59:00Z\", or milliseconds since 1970",
                   "debe ser una hora como \"2026-12-31T23:59:00Z\", o milisegundos desde 1970"});
  }
}

void read_timing(object_reader& in, queue::schedule_spec& to) {
  set(in, "cron", to.cron);
  if (const auto n = in.integer("every", queue::every_ms_min, queue::every_ms_max)) {
    to.every_ms = *n;
  }
  set(in, "zone", to.zone);
  set_time(in, "startAt", to.start_at_ms);
  set_time(in, "endAt", to.end_at_ms);
  if (const auto n = in.integer("limit", 0, number_max)) to.limit = *n;
}

void read_rules(object_reader& in, queue::schedule_spec& to) {
  if (const auto at = in.choice("missed", queue::missed_rule_names())) {
    to.missed = static_cast<queue::missed_rule>(*at);
  }
  if (const auto at = in.choice("overlap", queue::overlap_rule_names())) {
    to.overlap = static_cast<queue::overlap_rule>(*at);
  }
  to.paused = in.boolean("paused").value_or(false);
}

void read_id(object_reader& in, std::string_view id, queue::schedule_spec& to) {
  if (id.empty()) in.require("id");
  to.id = id;
  set(in, "id", to.id);
  if (!id.empty() && to.id != id) {
    in.fail("id", {"must be the id of the address, or left out",
                   "debe ser el id de la dirección, o faltar"});
  }
  if (to.id == "preview") in.fail("id", {"is taken by an address", "lo usa una dirección"});
}

json::value time_json(std::int64_t ms) {
  return iso_time(ms).chars;
}

json::value parsed(const std::string& text) {
  boost::system::error_code ec;
  json::parse_options options;
  options.max_depth = 64;
  auto v = json::parse(text, ec, {}, options);
  return ec ? json::value(text) : v;
}

void put_definition(const queue::schedule_spec& spec, json::object& out) {
  out["id"] = spec.id;
  out["queue"] = spec.queue;
  out["kind"] = spec.kind;
  out["data"] = parsed(spec.data);
  if (!spec.user.empty()) out["user"] = spec.user;
  out["options"] = to_json(spec.options);
  if (spec.cron.empty()) {
    out["every"] = spec.every_ms;
  } else {
    out["cron"] = spec.cron;
    out["zone"] = spec.zone;
  }
  if (spec.start_at_ms != 0) out["startAt"] = time_json(spec.start_at_ms);
  if (spec.end_at_ms != 0) out["endAt"] = time_json(spec.end_at_ms);
  if (spec.limit != 0) out["limit"] = spec.limit;
  out["missed"] = queue::missed_rule_names()[static_cast<std::size_t>(spec.missed)];
  out["overlap"] = queue::overlap_rule_names()[static_cast<std::size_t>(spec.overlap)];
  out["paused"] = spec.paused;
}

}  // namespace

result<schedule_request> read_schedule(std::string_view body, std::string_view id) {
  const auto from = parse_jobs_body(body);
  if (!from) return from.error();
  schedule_request out;
  auto& spec = out.spec;
  object_reader in(*from);
  read_id(in, id, spec);
  in.require("queue");
  in.require("kind");
  set(in, "queue", spec.queue);
  set(in, "kind", spec.kind);
  set(in, "user", spec.user);
  if (const auto* data = in.any("data")) spec.data = json::serialize(*data);
  const auto* options = in.any("options");
  read_timing(in, spec);
  read_rules(in, spec);
  out.version = in.integer("version", 1, number_max);
  if (auto ok = in.finish(); !ok) return ok.error();
  if (options != nullptr) {
    auto read = read_job_options(*options);
    if (!read) return read.error();
    spec.options = std::move(*read);
  }
  return out;
}

result<preview_request> read_preview(std::string_view body) {
  const auto from = parse_json(body);
  if (!from) return from.error();
  preview_request out;
  out.spec.id = out.spec.queue = out.spec.kind = "preview";
  object_reader in(*from);
  read_timing(in, out.spec);
  const auto n = in.integer("n", 1, static_cast<std::int64_t>(queue::preview_max));
  if (n) out.count = *n;
  if (auto ok = in.finish(); !ok) return ok.error();
  return out;
}

json::object to_json(const queue::schedule& from) {
  json::object out;
  put_definition(from.spec, out);
  out["system"] = from.system;
  out["status"] = from.ended() ? "ended" : from.spec.paused ? "paused" : "active";
  out["nextRun"] = from.ended() ? json::value() : time_json(from.next_run_ms);
  out["lastRun"] = from.last_run_ms == 0 ? json::value() : time_json(from.last_run_ms);
  out["lastJob"] = from.last_job
                       ? json::value{{"queue", from.last_job->queue}, {"id", from.last_job->id}}
                       : json::value();
  out["runs"] = from.runs;
  out["skipped"] = from.skipped;
  out["version"] = from.version;
  out["createdAt"] = time_json(from.created_at_ms);
  out["updatedAt"] = time_json(from.updated_at_ms);
  return out;
}

json::array times_json(const std::vector<std::int64_t>& times_ms) {
  json::array out;
  for (const auto ms : times_ms) out.emplace_back(time_json(ms));
  return out;
}

}  // namespace son1k::api
