#include "api/job_render.hpp"

#include <boost/json.hpp>

#include "api/job_request.hpp"
#include "base/clock.hpp"
#include "queue/query.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

void note_time(json::object& out, const char* name, std::int64_t at_ms) {
  if (at_ms != 0) out[name] = iso_time(at_ms).chars;
}

void note_text(json::object& out, const char* name, const std::string& value) {
  if (!value.empty()) out[name] = value;
}

json::object render(const queue::job_error& e) {
  return {{"code", e.code}, {"message", e.message}, {"retryable", e.retryable}};
}

// The queue keeps texts; a reader wants the value.
json::value value_of(const std::string& text) {
  if (text.empty()) return nullptr;
  boost::system::error_code ec;
  json::parse_options deep;
  deep.max_depth = 128;
  auto v = json::parse(text, ec, {}, deep);
  return ec ? json::value(text) : v;
}

}  // namespace

json::object render_row(const queue::job_view& job) {
  json::object out{{"jobId", job.id},
                   {"queue", job.queue},
                   {"kind", job.kind},
                   {"state", queue::shown_state(job)},
                   {"priority", job.options.priority},
                   {"attemptsMade", job.attempts_made},
                   {"attempts", job.options.attempts},
                   {"stalls", job.stalls},
                   {"progress", job.progress.percent}};
  note_text(out, "message", job.progress.message);
  note_text(out, "user", job.user);
  note_text(out, "group", job.options.group);
  note_text(out, "worker", job.worker);
  note_time(out, "addedAt", job.added_at_ms);
  note_time(out, "startedAt", job.started_at_ms);
  note_time(out, "finishedAt", job.finished_at_ms);
  note_time(out, "runAt", job.run_at_ms);
  if (job.error) out["error"] = render(*job.error);
  return out;
}

json::object render_row(const queue::found_job& found) {
  auto out = render_row(found.job);
  out["live"] = found.live;
  if (found.ready_at_ms != 0) note_time(out, "readyAt", found.ready_at_ms);
  note_text(out, "fingerprint", found.fingerprint);
  if (found.dead_letter) out["deadLetter"] = true;
  return out;
}

json::object render_whole(const queue::job_view& job) {
  auto out = render_row(job);
  out["data"] = value_of(job.data);
  out["result"] = value_of(job.result);
  out["options"] = to_json(job.options);
  out["starts"] = job.starts;
  out["logs"] = job.logs.size();
  if (job.parent) out["parent"] = {{"queue", job.parent->queue}, {"id", job.parent->id}};
  if (job.children_left != 0) out["childrenLeft"] = job.children_left;
  return out;
}

json::array render_children(std::span<const queue::child_view> children) {
  json::array out;
  for (const auto& child : children) {
    json::object one{{"queue", child.job.queue},
                     {"jobId", child.job.id},
                     {"state", queue::name_of(child.state)}};
    if (!child.result.empty()) one["result"] = value_of(child.result);
    if (child.error) one["error"] = render(*child.error);
    out.push_back(std::move(one));
  }
  return out;
}

json::array render_timeline(const queue::job_view& job, std::span<const queue::past_run> runs) {
  json::array out;
  const auto note = [&out](std::int64_t at_ms, std::string_view event) -> json::object& {
    json::object one{{"at", iso_time(at_ms).chars}, {"event", event}};
    return out.emplace_back(std::move(one)).get_object();
  };
  note(job.added_at_ms, "added");
  std::int64_t last_start = 0;
  for (const auto& run : runs) {
    if (run.started_at_ms != 0) {
      auto& started = note(run.started_at_ms, "started");
      started["start"] = run.fence;
      note_text(started, "worker", run.worker);
      last_start = run.started_at_ms;
    }
    auto& ended = note(run.ended_at_ms, run.outcome);
    if (run.started_at_ms != 0) ended["runMs"] = run.ended_at_ms - run.started_at_ms;
    if (run.error) ended["error"] = render(*run.error);
    if (run.cost.cpu_us != 0) ended["cpuMs"] = static_cast<double>(run.cost.cpu_us) / 1'000.0;
    if (run.cost.bytes_max != 0) ended["memoryBytes"] = run.cost.bytes_max;
  }
  if (job.state == queue::job_state::active && job.started_at_ms > last_start) {
    auto& started = note(job.started_at_ms, "started");
    started["start"] = job.starts;
    note_text(started, "worker", job.worker);
  }
  if (runs.empty() && job.finished_at_ms != 0) {
    if (job.started_at_ms != 0) note(job.started_at_ms, "started")["start"] = job.starts;
    auto& ended = note(job.finished_at_ms, queue::shown_state(job));
    if (job.error) ended["error"] = render(*job.error);
  }
  return out;
}

}  // namespace son1k::api
