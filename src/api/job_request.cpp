#include "api/job_request.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <limits>

#include "base/json.hpp"
#include "queue/policy.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

// A flow is 32 levels of {"children":[…]} around data of 64 levels.
constexpr std::size_t body_depth_max = 160;
constexpr std::size_t body_members_max = 100'000;
// What a JavaScript number holds exactly; narrower ranges are queue::check's to refuse.
constexpr std::int64_t number_max = 9'007'199'254'740'991;
constexpr std::size_t text_points_max = 10'000;

constexpr std::array<std::string_view, 2> backoff_names{"fixed", "exponential"};
constexpr std::array<std::string_view, 4> failure_names{"fail", "proceed", "ignore", "hold"};

std::optional<std::int64_t> number(object_reader& in, std::string_view name) {
  return in.integer(name, -number_max, number_max);
}

void set(object_reader& in, std::string_view name, std::int64_t& to) {
  if (const auto n = number(in, name)) to = *n;
}

// A number beyond the type's range is as wrong as the type's own end, and check() says so.
void set(object_reader& in, std::string_view name, std::int32_t& to) {
  using limits = std::numeric_limits<std::int32_t>;
  const auto n = number(in, name);
  if (n) to = static_cast<std::int32_t>(std::clamp<std::int64_t>(*n, limits::min(), limits::max()));
}

void set(object_reader& in, std::string_view name, std::string& to) {
  if (auto v = in.utf8(name, {0, text_points_max, true})) to = std::move(*v);
}

void set(object_reader& in, std::string_view name, bool& to) {
  if (const auto v = in.boolean(name)) to = *v;
}

// A number alone is the wait, as BullMQ takes it: fixed.
result<void> read_backoff(const json::value& from, const std::string& where,
                          queue::backoff_policy& to) {
  if (from.is_number()) {
    const json::value alone{{"delay", from}};
    object_reader in(alone, where);
    to.kind = queue::backoff_kind::fixed;
    set(in, "delay", to.delay_ms);
    return in.finish();
  }
  object_reader in(from, where);
  if (const auto at = in.choice("type", backoff_names)) {
    to.kind = *at == 0 ? queue::backoff_kind::fixed : queue::backoff_kind::exponential;
  }
  set(in, "delay", to.delay_ms);
  const double widest = std::numeric_limits<double>::max();
  if (const auto v = in.number("jitter", -widest, widest)) to.jitter = *v;
  return in.finish();
}

result<void> read_retention(const json::value& from, const std::string& where,
                            queue::retention& to) {
  object_reader in(from, where);
  set(in, "age", to.age_ms);
  set(in, "count", to.count);
  return in.finish();
}

result<void> read_dedup(const json::value& from, const std::string& where,
                        queue::dedup_options& to) {
  object_reader in(from, where);
  in.require("id");
  set(in, "id", to.id);
  set(in, "ttl", to.ttl_ms);
  set(in, "extend", to.extend);
  set(in, "replace", to.replace);
  return in.finish();
}

result<void> read_job_into(queue::job_spec& to, const json::value& from, const std::string& where,
                           std::size_t depth, std::size_t& jobs);

result<void> read_parent(const json::value& from, const std::string& where, queue::job_spec& to) {
  object_reader in(from, where);
  queue::job_ref parent;
  in.require("queue");
  in.require("id");
  set(in, "queue", parent.queue);
  set(in, "id", parent.id);
  to.parent = std::move(parent);
  return in.finish();
}

result<void> read_children(const json::value& from, const std::string& where, std::size_t depth,
                           std::size_t& jobs, queue::job_spec& to) {
  const std::string field = where + "children";
  if (!from.is_array()) {
    return error(errc::validation, field,
                 text("must be an array of jobs", "debe ser una lista de trabajos"));
  }
  const auto& list = from.get_array();
  if (jobs + list.size() > queue::flow_jobs_max || depth >= queue::flow_depth_max) {
    return error(errc::payload_too_large, field,
                 text("a flow has at most 10000 jobs in 32 levels",
                      "un flujo tiene como mucho 10000 trabajos en 32 niveles"));
  }
  to.children.resize(list.size());
  for (std::size_t n = 0; n < list.size(); ++n) {
    auto& child = to.children[n];
    child.queue = to.queue;
    auto ok = read_job_into(child, list[n], fmt::format("{}[{}].", field, n), depth + 1, jobs);
    if (!ok) return ok;
  }
  return {};
}

result<void> read_job_into(queue::job_spec& to, const json::value& from, const std::string& where,
                           std::size_t depth, std::size_t& jobs) {
  ++jobs;
  object_reader in(from, where);
  if (to.queue.empty()) in.require("queue");
  in.require("kind");
  set(in, "queue", to.queue);
  set(in, "kind", to.kind);
  set(in, "id", to.id);
  set(in, "user", to.user);
  if (const auto* data = in.any("data")) to.data = json::serialize(*data);
  const auto* options = in.any("options");
  const auto* parent = in.any("parent");
  const auto* children = in.any("children");
  if (auto ok = in.finish(); !ok) return ok;
  // A job's id is a segment of its address.
  if (to.id.find_first_of("/\\") != std::string::npos || to.id == "." || to.id == "..") {
    return error(
        errc::validation, where + "id",
        text("must not hold / or \\, nor be . or ..", "no debe llevar / ni \\, ni ser . o .."));
  }
  if (options != nullptr) {
    auto read = read_job_options(*options, where + "options.");
    if (!read) return read.error();
    to.options = std::move(*read);
  }
  if (parent != nullptr) {
    if (auto ok = read_parent(*parent, where + "parent.", to); !ok) return ok;
  }
  if (children == nullptr) return {};
  return read_children(*children, where, depth, jobs, to);
}

result<queue::job_spec> read_checked(const json::value& from, const std::string& where) {
  queue::job_spec out;
  std::size_t jobs = 0;
  if (auto ok = read_job_into(out, from, where, 0, jobs); !ok) return ok.error();
  if (auto ok = queue::check(out); !ok) {
    auto fault = ok.error();
    fault.field = where + fault.field;
    return fault;
  }
  return out;
}

void note_retention(json::object& out, const char* name, const queue::retention& keep,
                    const queue::retention& usual) {
  if (keep.age_ms == usual.age_ms && keep.count == usual.count) return;
  out[name] = {{"age", keep.age_ms}, {"count", keep.count}};
}

}  // namespace

result<json::value> parse_jobs_body(std::string_view body) {
  return parse_json(body, body_depth_max, body_members_max);
}

result<queue::job_options> read_job_options(const json::value& from, const std::string& where) {
  queue::job_options out;
  object_reader in(from, where);
  set(in, "priority", out.priority);
  set(in, "delay", out.delay_ms);
  set(in, "attempts", out.attempts);
  set(in, "timeout", out.timeout_ms);
  set(in, "expiresIn", out.expires_in_ms);
  set(in, "keepLogs", out.keep_logs);
  set(in, "group", out.group);
  set(in, "traceparent", out.traceparent);
  if (const auto at = in.choice("onFailure", failure_names)) {
    out.on_failure = static_cast<queue::child_failure>(*at);
  }
  const auto* backoff = in.any("backoff");
  const auto* completed = in.any("keepCompleted");
  const auto* failed = in.any("keepFailed");
  const auto* dedup = in.any("dedup");
  if (auto ok = in.finish(); !ok) return ok.error();
  result<void> ok;
  if (backoff != nullptr) ok = read_backoff(*backoff, where + "backoff.", out.backoff);
  if (ok && completed != nullptr) {
    ok = read_retention(*completed, where + "keepCompleted.", out.keep_completed);
  }
  if (ok && failed != nullptr) {
    ok = read_retention(*failed, where + "keepFailed.", out.keep_failed);
  }
  if (ok && dedup != nullptr) ok = read_dedup(*dedup, where + "dedup.", out.dedup);
  if (!ok) return ok.error();
  return out;
}

result<queue::job_spec> read_job(const json::value& from) {
  return read_checked(from, "");
}

result<std::vector<queue::job_spec>> read_jobs(const json::value& from) {
  object_reader in(from);
  in.require("jobs");
  const auto* jobs = in.any("jobs");
  if (auto ok = in.finish(); !ok) return ok.error();
  if (!jobs->is_array() || jobs->get_array().empty() ||
      jobs->get_array().size() > jobs_of_call_max) {
    return error(
        errc::validation, "jobs",
        text("must be an array of 1 to 10000 jobs", "debe ser una lista de 1 a 10000 trabajos"));
  }
  std::vector<queue::job_spec> out;
  const auto& list = jobs->get_array();
  for (std::size_t n = 0; n < list.size(); ++n) {
    auto read = read_checked(list[n], fmt::format("jobs[{}].", n));
    if (!read) return read.error();
    out.push_back(std::move(*read));
  }
  return out;
}

json::object to_json(const queue::job_options& o) {
  const queue::job_options usual;
  json::object out;
  if (o.priority != usual.priority) out["priority"] = o.priority;
  if (o.delay_ms != usual.delay_ms) out["delay"] = o.delay_ms;
  out["attempts"] = o.attempts;
  out["backoff"] = {{"type", backoff_names[static_cast<std::size_t>(o.backoff.kind)]},
                    {"delay", o.backoff.delay_ms},
                    {"jitter", o.backoff.jitter}};
  if (o.timeout_ms != usual.timeout_ms) out["timeout"] = o.timeout_ms;
  if (o.expires_in_ms != usual.expires_in_ms) out["expiresIn"] = o.expires_in_ms;
  note_retention(out, "keepCompleted", o.keep_completed, usual.keep_completed);
  note_retention(out, "keepFailed", o.keep_failed, usual.keep_failed);
  if (o.keep_logs != usual.keep_logs) out["keepLogs"] = o.keep_logs;
  if (!o.group.empty()) out["group"] = o.group;
  if (!o.dedup.id.empty()) {
    json::object dedup{{"id", o.dedup.id}};
    if (o.dedup.ttl_ms != 0) dedup["ttl"] = o.dedup.ttl_ms;
    if (o.dedup.extend) dedup["extend"] = true;
    if (o.dedup.replace) dedup["replace"] = true;
    out["dedup"] = std::move(dedup);
  }
  if (o.on_failure != usual.on_failure) {
    out["onFailure"] = failure_names[static_cast<std::size_t>(o.on_failure)];
  }
  if (!o.traceparent.empty()) out["traceparent"] = o.traceparent;
  return out;
}

queue::job_state state_when_added(const queue::job_spec& spec) {
  if (!spec.children.empty()) return queue::job_state::waiting_children;
  if (spec.options.delay_ms > 0) return queue::job_state::delayed;
  return queue::ready_state(spec.options.priority);
}

}  // namespace son1k::api
