#include "api/generation_view.hpp"

#include <boost/json.hpp>

#include "api/generation.hpp"
#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;

result<void> check_piece_id(const net::http_request& request) {
  if (is_uuid(request.param("id"))) return {};
  return no_such_piece();
}

awaitable<result<generation_record>> find_piece_row(const services& with, std::string owner,
                                                    std::string id) {
  auto work = [owner, id](store::connection& db) { return find_generation(db, owner, id); };
  auto row = co_await store::async_read(with.database, std::move(work));
  co_return row;
}

awaitable<result<found_piece>> find_piece(const services& with, std::string owner, std::string id) {
  found_piece out;
  // A piece may end between the two looks; its row then tells more than it did, so look again.
  for (int looks = 0; looks < 2; ++looks) {
    auto row = co_await find_piece_row(with, owner, id);
    if (!row) co_return row.error();
    out.row = std::move(*row);
    if (out.row.ended()) break;
    auto job = co_await with.queue.glance(std::string(generation_queue), id);
    if (!job && job.error().code == errc::unavailable) break;  // the row says what is known
    if (!job) continue;
    out.live = std::move(*job);
    break;
  }
  co_return out;
}

json::value parsed_or_null(const std::string& text) {
  boost::system::error_code ec;
  auto v = json::parse(text, ec);
  return ec ? json::value() : v;
}

std::string etag_of(const generation_record& row) {
  return "\"" + std::to_string(row.version) + "\"";
}

json::object view_of(const generation_record& row, const queue::job_glance* live) {
  json::object out;
  out["generationId"] = row.id;
  const bool waiting = live != nullptr && live->state != queue::job_state::active;
  out["status"] = row.status == "processing" && waiting ? "pending" : row.status;
  out["progress"] = row.status == "completed" ? 100 : live != nullptr ? live->progress.percent : 0;
  if (live != nullptr && !live->progress.message.empty()) {
    out["message"] = live->progress.message;
  }
  out["prompt"] = row.prompt;
  if (!row.title.empty()) out["title"] = row.title;
  if (!row.style.empty()) out["style"] = row.style;
  out["tags"] = json::array(row.tags.begin(), row.tags.end());
  out["isFavourite"] = row.favourite;
  out["createdAt"] = iso_time(row.created_at_ms).chars;
  if (row.started_at_ms != 0) out["startedAt"] = iso_time(row.started_at_ms).chars;
  if (row.finished_at_ms != 0) out["finishedAt"] = iso_time(row.finished_at_ms).chars;
  if (!row.error_code.empty()) {
    out["error"] = {{"code", row.error_code}, {"message", row.error_message}};
  }
  if (row.status == "completed") {
    const std::string base = "/api/generation/" + row.id;
    out["audioUrl"] = base + "/audio";
    out["midiUrl"] = base + "/midi";
    out["peaksUrl"] = base + "/peaks";
    auto facts = parsed_or_null(row.result);
    if (facts.is_object()) facts.get_object().erase("files");
    out["metadata"] = std::move(facts);
  }
  return out;
}

}  // namespace son1k::api
