#include "api/collaboration.hpp"

#include <boost/json.hpp>

#include "api/envelope.hpp"
#include "api/idempotency.hpp"
#include "api/parameters.hpp"
#include "api/room_json.hpp"
#include "api/version_tag.hpp"
#include "base/utf8.hpp"
#include "base/uuid.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
using realtime::room_role;
namespace {

http_response render(const realtime::seen_room& one) {
  auto out = reply(200, json::value(to_json(one)));
  add_version_tag(out, one.row.version);
  return out;
}

result<realtime::room_query> read_query(const http_request& request) {
  parameters in(request);
  realtime::room_query out;
  out.user = caller_of(request).user;
  const auto scope = in.text("scope").value_or("all");
  out.search = in.text("search").value_or("");
  out.before = in.text("cursor").value_or("");
  out.limit = in.integer("limit", 1, room_page_max).value_or(50);
  if (auto ok = in.finish(); !ok) return ok.error();
  if (scope == "mine") out.scope = realtime::room_scope::mine;
  if (scope == "public") out.scope = realtime::room_scope::open;
  if (scope != "all" && scope != "mine" && scope != "public") {
    return error(errc::validation, "scope",
                 text("must be all, mine or public", "debe ser all, mine o public"));
  }
  const auto points = count_code_points(out.search);
  if (!points || *points > room_search_points_max) {
    return error(errc::validation, "search",
                 text("must have up to 100 characters", "debe tener hasta 100 caracteres"));
  }
  if (!out.before.empty() && !is_uuid(out.before)) {
    return error(errc::validation, "cursor",
                 text("is not a cursor of this list", "no es un cursor de esta lista"));
  }
  return out;
}

awaitable<http_response> list(collaboration_ptr self, http_request& request) {
  auto query = read_query(request);
  if (!query) co_return refuse(query.error(), request);
  const auto limit = query->limit;
  auto asked = self->rooms.list(std::move(*query));
  const auto rows = co_await std::move(asked);
  if (!rows) co_return refuse(rows.error(), request);
  json::array items;
  for (const auto& one : *rows) items.emplace_back(to_json(one));
  const bool full = rows->size() == static_cast<std::size_t>(limit);
  json::object pagination{{"limit", limit}};
  pagination["nextCursor"] = full ? json::value(rows->back().row.id) : json::value();
  co_return reply_page(std::move(items), pagination);
}

awaitable<http_response> create(collaboration_ptr self, http_request& request) {
  auto keyed = co_await read_keyed(self->with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
  auto wanted = read_new_room(request);
  if (!wanted) co_return refuse(wanted.error(), request);
  wanted->owner = caller_of(request).user;
  store::transaction tx;
  realtime::seen_room made;
  made.row = self->rooms.stage_new(tx, std::move(*wanted));
  made.role = room_role::owner;
  auto data = json::serialize(to_json(made));
  auto done = commit_and_reply(self->with, std::move(tx), std::move(keyed.key), 201,
                               std::move(data), request);
  auto out = co_await std::move(done);
  const bool replayed = !out.headers.get("Idempotent-Replayed").empty();
  if (out.status != 201 || replayed) co_return out;
  out.headers.add("Location", "/api/collaboration/rooms/" + made.row.id);
  add_version_tag(out, made.row.version);
  co_return out;
}

awaitable<http_response> show(collaboration_ptr self, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto id = room_id_of(request);
  if (!id) co_return refuse(id.error(), request);
  auto asked = self->rooms.find(caller_of(request).user, std::move(*id));
  const auto one = co_await std::move(asked);
  if (!one) co_return refuse(one.error(), request);
  co_return render(*one);
}

awaitable<http_response> edit(collaboration_ptr self, http_request& request) {
  const auto tag = wanted_version(request);
  if (!tag) co_return refuse(tag.error(), request);
  auto id = room_id_of(request);
  if (!id) co_return refuse(id.error(), request);
  auto to = read_room_edit(request);
  if (!to) co_return refuse(to.error(), request);
  to->version = *tag;
  auto asked = self->rooms.change(caller_of(request).user, std::move(*id), std::move(*to));
  const auto one = co_await std::move(asked);
  if (one) co_return render(*one);
  const auto fault = one.error();
  const bool other = fault.code == errc::conflict && fault.field == "version";
  if (other) co_return refuse(fault, precondition_failed, request);
  co_return refuse(fault, request);
}

awaitable<http_response> remove(collaboration_ptr self, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto id = room_id_of(request);
  if (!id) co_return refuse(id.error(), request);
  auto asked = self->rooms.remove(caller_of(request).user, *id);
  const auto done = co_await std::move(asked);
  if (!done) co_return refuse(done.error(), request);
  self->bell->changed(*id);
  co_return reply(200, json::value{{"id", *id}, {"deleted", true}});
}

awaitable<http_response> join(collaboration_ptr self, http_request& request) {
  if (auto ok = read_nothing(request); !ok) co_return refuse(ok.error(), request);
  const auto id = room_id_of(request);
  if (!id) co_return refuse(id.error(), request);
  auto asked = self->rooms.join(caller_of(request).user, *id);
  const auto role = co_await std::move(asked);
  if (!role) co_return refuse(role.error(), request);
  co_return reply(200, json::value{{"roomId", *id}, {"role", realtime::name_of(*role)}});
}

awaitable<http_response> leave(collaboration_ptr self, http_request& request) {
  if (auto ok = read_nothing(request); !ok) co_return refuse(ok.error(), request);
  const auto id = room_id_of(request);
  if (!id) co_return refuse(id.error(), request);
  auto asked = self->rooms.leave(caller_of(request).user, *id);
  const auto done = co_await std::move(asked);
  if (!done) co_return refuse(done.error(), request);
  self->bell->changed(*id);
  co_return reply(200, json::value{{"roomId", *id}, {"left", true}});
}

}  // namespace

result<std::string> room_id_of(const http_request& request) {
  std::string id(request.param("id"));
  if (!is_uuid(id)) return realtime::no_room();
  return id;
}

void bind_collaboration(endpoint_table& routes, const services& with,
                        std::shared_ptr<room_bell> bell) {
  const auto self = std::make_shared<collaboration>(with, std::move(bell));
  const auto bound = bound_to(self);
  const auto small = json_body_of(room_body_bytes_max);
  const std::string rooms = "/api/collaboration/rooms", one = rooms + "/:id";
  routes.add_all({{http_method::get, rooms, bound(list), reads_own},
                  {http_method::post, rooms, bound(create), manages_own, small},
                  {http_method::get, one, bound(show), reads_own},
                  {http_method::put, one, bound(edit), manages_own, small},
                  {http_method::remove, one, bound(remove), manages_own},
                  {http_method::post, one + "/join", bound(join), manages_own, small},
                  {http_method::post, one + "/leave", bound(leave), manages_own, small}});
  bind_room_people(routes, self);
  bind_room_messages(routes, self);
}

}  // namespace son1k::api
