// What was said in rooms: by whomever, over HTTP or Socket.IO.
#include <boost/json.hpp>
#include <charconv>

#include "api/collaboration.hpp"
#include "api/envelope.hpp"
#include "api/idempotency.hpp"
#include "api/parameters.hpp"
#include "api/room_json.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

result<std::int64_t> read_cursor(std::string_view given) {
  std::int64_t out = 0;
  if (given.empty()) return out;
  const auto read = std::from_chars(given.data(), given.data() + given.size(), out);
  if (read.ec == std::errc() && read.ptr == given.data() + given.size() && out > 0) return out;
  return error(errc::validation, "cursor",
               text("is not a cursor of this list", "no es un cursor de esta lista"));
}

awaitable<http_response> history(collaboration_ptr self, http_request& request) {
  parameters in(request);
  const auto cursor = in.text("cursor").value_or("");
  const auto limit = in.integer("limit", 1, room_page_max).value_or(50);
  if (auto ok = in.finish(); !ok) co_return refuse(ok.error(), request);
  const auto before = read_cursor(cursor);
  if (!before) co_return refuse(before.error(), request);
  auto id = room_id_of(request);
  if (!id) co_return refuse(id.error(), request);
  auto asked = self->rooms.history(caller_of(request).user, std::move(*id), *before, limit);
  const auto rows = co_await std::move(asked);
  if (!rows) co_return refuse(rows.error(), request);
  json::array items;
  for (const auto& one : *rows) items.emplace_back(to_json(one));
  const bool more = rows->size() == static_cast<std::size_t>(limit) && rows->back().number > 1;
  json::object pagination{{"limit", limit}};
  pagination["nextCursor"] =
      more ? json::value(std::to_string(rows->back().number)) : json::value();
  co_return reply_page(std::move(items), pagination);
}

awaitable<http_response> say(collaboration_ptr self, http_request& request) {
  auto id = room_id_of(request);
  if (!id) co_return refuse(id.error(), request);
  auto keyed = co_await read_keyed(self->with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
  auto wanted = read_room_message(request);
  if (!wanted) co_return refuse(wanted.error(), request);
  wanted->room = std::move(*id);
  wanted->user = caller_of(request).user;
  wanted->name = caller_of(request).name;
  store::transaction tx;
  const auto said = self->rooms.stage_message(tx, std::move(*wanted));
  auto data = json::serialize(to_json(said));
  auto done = commit_and_reply(self->with, std::move(tx), std::move(keyed.key), 201,
                               std::move(data), request);
  auto out = co_await std::move(done);
  const bool replayed = !out.headers.get("Idempotent-Replayed").empty();
  if (out.status == 201 && !replayed) self->bell->said(said);
  co_return out;
}

}  // namespace

void bind_room_messages(endpoint_table& routes, const collaboration_ptr& with) {
  const auto bound = bound_to(with);
  const auto small = json_body_of(room_body_bytes_max);
  const std::string messages = "/api/collaboration/rooms/:id/messages";
  routes.add_all({{http_method::get, messages, bound(history), reads_own},
                  {http_method::post, messages, bound(say), manages_own, small}});
}

}  // namespace son1k::api
