// Members of rooms and invitations to them.
#include <boost/json.hpp>

#include "api/collaboration.hpp"
#include "api/envelope.hpp"
#include "api/idempotency.hpp"
#include "api/parameters.hpp"
#include "api/room_json.hpp"
#include "base/spawn.hpp"
#include "base/utf8.hpp"
#include "base/uuid.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

result<std::string> member_id_of(const http_request& request) {
  std::string id(request.param("userId"));
  if (!count_code_points(id)) return realtime::no_member();
  return id;
}

awaitable<http_response> list_members(collaboration_ptr self, http_request& request) {
  parameters in(request);
  auto after = in.text("cursor").value_or("");
  const auto limit = in.integer("limit", 1, room_page_max).value_or(room_page_max);
  if (auto ok = in.finish(); !ok) co_return refuse(ok.error(), request);
  if (!count_code_points(after)) after.clear();
  auto id = room_id_of(request);
  if (!id) co_return refuse(id.error(), request);
  auto asked =
      self->rooms.members(caller_of(request).user, std::move(*id), std::move(after), limit);
  const auto rows = co_await std::move(asked);
  if (!rows) co_return refuse(rows.error(), request);
  json::array items;
  for (const auto& one : *rows) items.emplace_back(to_json(one));
  const bool full = rows->size() == static_cast<std::size_t>(limit);
  json::object pagination{{"limit", limit}};
  pagination["nextCursor"] = full ? json::value(rows->back().user) : json::value();
  co_return reply_page(std::move(items), pagination);
}

awaitable<http_response> set_role(collaboration_ptr self, http_request& request) {
  const auto id = room_id_of(request);
  if (!id) co_return refuse(id.error(), request);
  auto member = member_id_of(request);
  if (!member) co_return refuse(member.error(), request);
  const auto role = read_role(request);
  if (!role) co_return refuse(role.error(), request);
  auto asked = self->rooms.set_role(caller_of(request).user, *id, std::move(*member), *role);
  const auto done = co_await std::move(asked);
  if (!done) co_return refuse(done.error(), request);
  self->bell->changed(*id);
  co_return reply(
      200, json::value{
               {"roomId", *id}, {"userId", done->user}, {"role", realtime::name_of(done->role)}});
}

awaitable<http_response> expel(collaboration_ptr self, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto id = room_id_of(request);
  if (!id) co_return refuse(id.error(), request);
  const auto member = member_id_of(request);
  if (!member) co_return refuse(member.error(), request);
  auto asked = self->rooms.expel(caller_of(request).user, *id, *member);
  const auto done = co_await std::move(asked);
  if (!done) co_return refuse(done.error(), request);
  self->bell->changed(*id);
  co_return reply(200, json::value{{"roomId", *id}, {"userId", *member}, {"removed", true}});
}

// Whoever is connected hears of it; nobody waits for that, or the time that it takes would tell
// whether an e-mail has an account.
awaitable<void> tell_invited(collaboration_ptr self, realtime::room_invitation invitation) {
  auto finding = self->rooms.find(invitation.invited_by, invitation.room);
  const auto room = co_await std::move(finding);
  if (!room) co_return;
  invitation.room_name = room->row.name;
  auto looking = self->rooms.account_of(invitation);
  const auto user = co_await std::move(looking);
  if (user && !user->empty()) self->bell->invited(*user, invitation);
}

awaitable<http_response> invite(collaboration_ptr self, http_request& request) {
  auto id = room_id_of(request);
  if (!id) co_return refuse(id.error(), request);
  auto keyed = co_await read_keyed(self->with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
  auto wanted = read_invitation(request);
  if (!wanted) co_return refuse(wanted.error(), request);
  wanted->room = std::move(*id);
  wanted->by = caller_of(request).user;
  store::transaction tx;
  auto made = self->rooms.stage_invitation(tx, std::move(*wanted));
  auto shown = to_json(made);
  shown.erase("roomName");
  shown.erase("invitedBy");
  auto data = json::serialize(shown);
  auto done = commit_and_reply(self->with, std::move(tx), std::move(keyed.key), 201,
                               std::move(data), request);
  auto out = co_await std::move(done);
  const bool replayed = !out.headers.get("Idempotent-Replayed").empty();
  if (out.status == 201 && !replayed)
    spawn(request.executor, "rooms.invited", tell_invited(self, std::move(made)));
  co_return out;
}

json::array shown(const std::vector<realtime::room_invitation>& rows) {
  json::array out;
  for (const auto& one : rows) out.emplace_back(to_json(one));
  return out;
}

awaitable<http_response> list_invited(collaboration_ptr self, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto id = room_id_of(request);
  if (!id) co_return refuse(id.error(), request);
  auto asked = self->rooms.invitations_of(caller_of(request).user, std::move(*id));
  const auto rows = co_await std::move(asked);
  if (!rows) co_return refuse(rows.error(), request);
  co_return reply(200, json::value(shown(*rows)));
}

awaitable<http_response> list_own(collaboration_ptr self, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto asked = self->rooms.invitations_to(caller_of(request).user);
  const auto rows = co_await std::move(asked);
  if (!rows) co_return refuse(rows.error(), request);
  co_return reply(200, json::value(shown(*rows)));
}

awaitable<http_response> withdraw(collaboration_ptr self, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const std::string id(request.param("id"));
  if (!is_uuid(id)) co_return refuse(realtime::no_invitation(), request);
  auto asked = self->rooms.withdraw(caller_of(request).user, id);
  const auto done = co_await std::move(asked);
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, json::value{{"id", id}, {"withdrawn", true}});
}

}  // namespace

void bind_room_people(endpoint_table& routes, const collaboration_ptr& with) {
  const auto bound = bound_to(with);
  const auto small = json_body_of(room_body_bytes_max);
  const std::string one = "/api/collaboration/rooms/:id", member = one + "/members/:userId";
  const std::string invitations = "/api/collaboration/invitations";
  routes.add_all({{http_method::get, one + "/members", bound(list_members), reads_own},
                  {http_method::put, member, bound(set_role), manages_own, small},
                  {http_method::remove, member, bound(expel), manages_own},
                  {http_method::post, one + "/invite", bound(invite), manages_own, small},
                  {http_method::get, one + "/invitations", bound(list_invited), reads_own},
                  {http_method::get, invitations, bound(list_own), reads_own},
                  {http_method::remove, invitations + "/:id", bound(withdraw), manages_own}});
}

}  // namespace son1k::api
