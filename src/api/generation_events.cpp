#include "api/generation_events.hpp"

#include <boost/json.hpp>

#include "api/generation.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

using what = client_event::what;

client_event progress_of(const queue::job_event& e, std::string_view status,
                         std::string_view message, what kind = what::progress) {
  json::object data{{"generationId", e.job_id},
                    {"progress", e.progress.percent},
                    {"status", status},
                    {"message", message}};
  return {"generation:progress", "generation:" + e.job_id, std::move(data), kind};
}

client_event complete_of(const queue::job_event& e) {
  json::object data{{"generationId", e.job_id},
                    {"status", "completed"},
                    {"progress", 100},
                    {"audioUrl", "/api/generation/" + e.job_id + "/audio"}};
  boost::system::error_code ec;
  const auto facts = json::parse(e.detail, ec);
  if (!ec && facts.is_object()) {
    if (const auto* seconds = facts.get_object().if_contains("duration")) {
      data["duration"] = *seconds;
    }
  }
  return {"generation:complete", "generation:" + e.job_id, std::move(data), what::ends};
}

client_event error_of(const queue::job_event& e, std::string_view status, std::string_view code) {
  json::object data{{"generationId", e.job_id},
                    {"status", status},
                    {"error", {{"code", code}, {"message", e.detail}}}};
  return {"generation:error", "generation:" + e.job_id, std::move(data), what::ends};
}

// One that had ended is only forgotten, or made again.
bool had_ended(const queue::job_event& e) {
  return e.detail == name_of(queue::job_state::completed) ||
         e.detail == name_of(queue::job_state::failed);
}

}  // namespace

std::optional<client_event> generation_event(const queue::job_event& e) {
  if (e.queue != generation_queue) return std::nullopt;
  switch (e.type) {
    case queue::event_type::added:
      return progress_of(e, "pending", "queued", what::begins);
    case queue::event_type::waiting:
      if (!had_ended(e)) return std::nullopt;
      return progress_of(e, "pending", "queued", what::begins);
    case queue::event_type::active:
      return progress_of(e, "processing", "started");
    case queue::event_type::progress:
      return progress_of(e, "processing", e.progress.message);
    case queue::event_type::delayed:
      return progress_of(e, "pending", "waiting for another try");
    case queue::event_type::stalled:
      return progress_of(e, "pending", "waiting for another start");
    case queue::event_type::completed:
      return complete_of(e);
    case queue::event_type::failed:
      return error_of(e, "failed", "FAILED");
    case queue::event_type::removed:
      if (had_ended(e)) return std::nullopt;
      [[fallthrough]];
    case queue::event_type::cancelled:
      return error_of(e, "cancelled", "CANCELLED");
    default:
      return std::nullopt;
  }
}

}  // namespace son1k::api
