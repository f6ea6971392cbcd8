#include "webhooks/generation_events.hpp"

#include "base/json.hpp"

namespace son1k::webhooks {
namespace {

announcement of_piece(std::string owner, const std::string& status, std::string data,
                      std::int64_t now_ms, std::string told) {
  return {std::move(owner), "generation." + status, std::move(data), now_ms, std::move(told)};
}

}  // namespace

announcement completed_piece(std::string owner, const std::string& id, std::int64_t now_ms,
                             std::string told) {
  json_writer data;
  data.text("generationId", id);
  data.text("status", "completed");
  data.text("statusUrl", "/api/generation/" + id + "/status");
  data.text("audioUrl", "/api/generation/" + id + "/audio");
  return of_piece(std::move(owner), "completed", data.finish(), now_ms, std::move(told));
}

announcement cancelled_piece(std::string owner, const std::string& id, std::int64_t now_ms,
                             std::string told) {
  json_writer data;
  data.text("generationId", id);
  data.text("status", "cancelled");
  return of_piece(std::move(owner), "cancelled", data.finish(), now_ms, std::move(told));
}

announcement failed_piece(std::string owner, const std::string& id, const std::string& code,
                          const std::string& message, std::int64_t now_ms, std::string told) {
  json_writer data;
  data.text("generationId", id);
  data.text("status", "failed");
  data.text("code", code);
  data.text("message", message);
  return of_piece(std::move(owner), "failed", data.finish(), now_ms, std::move(told));
}

}  // namespace son1k::webhooks
