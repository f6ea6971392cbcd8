#include "api/generation_events.hpp"

#include <boost/json.hpp>

#include "api/generation.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

client_event progress_of(const queue::job_event& e, std::string_view status,
                         std::string_view message) {
  json::object data{{"generationId", e.job_id},
                    {"progress", e.progress.percent},
                    {"status", status},
                    {"message", message}};
  return {"generation:progress", "generation:" + e.job_id, json::serialize(data)};
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
  return {"generation:complete", "generation:" + e.job_id, json::serialize(data)};
}

client_event error_of(const queue::job_event& e, std::string_view status, std::string_view code) {
  json::object data{{"generationId", e.job_id},
                    {"status", status},
                    {"error", {{"code", code}, {"message", e.detail}}}};
  return {"generation:error", "generation:" + e.job_id, json::serialize(data)};
}

}  // namespace

std::optional<client_event> generation_event(const queue::job_event& e) {
  if (e.queue != generation_queue) return std::nullopt;
  switch (e.type) {
    case queue::event_type::added:
      return progress_of(e, "pending", "queued");
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
    case queue::event_type::cancelled:
    case queue::event_type::removed:
      return error_of(e, "cancelled", "CANCELLED");
    default:
      return std::nullopt;
  }
}

}  // namespace son1k::api
