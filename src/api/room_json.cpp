#include "api/room_json.hpp"

#include "accounts/users/account_records.hpp"
#include "api/parameters.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"

namespace son1k::api {
namespace json = boost::json;
using net::http_request;
using realtime::room_role;
namespace {

constexpr std::size_t email_points_max = 320;
constexpr std::size_t user_id_points_max = 80;

json::value text_or_null(std::string_view text) {
  return text.empty() ? json::value() : json::value(text);
}

std::string time_of(std::int64_t ms) {
  return iso_time(ms).chars;
}

json::value name_or_null(const std::optional<room_role>& role) {
  return role ? json::value(realtime::name_of(*role)) : json::value();
}

result<json::value> body_of(const http_request& request) {
  if (auto ok = no_parameters(request); !ok) return ok.error();
  return parse_json(request.body);
}

}  // namespace

json::object to_json(const realtime::seen_room& one) {
  const auto& row = one.row;
  return {{"id", row.id},
          {"name", row.name},
          {"description", row.description},
          {"isPublic", row.is_public},
          {"ownerId", row.owner},
          {"role", name_or_null(one.role)},
          {"invitedAs", one.role ? json::value() : name_or_null(one.invited)},
          {"memberCount", row.members},
          {"version", row.version},
          {"createdAt", time_of(row.created_at_ms)},
          {"updatedAt", time_of(row.updated_at_ms)}};
}

json::object to_json(const realtime::room_member& one) {
  return {{"userId", one.user},
          {"username", one.name},
          {"role", realtime::name_of(one.role)},
          {"joinedAt", time_of(one.joined_at_ms)}};
}

json::object to_json(const realtime::room_invitation& one) {
  return {{"id", one.id},
          {"roomId", one.room},
          {"roomName", one.room_name},
          {"userId", text_or_null(one.user)},
          {"email", text_or_null(one.login)},
          {"role", realtime::name_of(one.role)},
          {"invitedBy", {{"userId", one.invited_by}, {"username", one.inviter_name}}},
          {"createdAt", time_of(one.created_at_ms)},
          {"expiresAt", time_of(one.expires_at_ms)}};
}

json::object to_json(const realtime::room_message& one) {
  return {{"id", one.id},
          {"roomId", one.room},
          {"userId", one.user},
          {"username", one.name},
          {"message", one.body},
          {"type", one.type},
          {"timestamp", time_of(one.at_ms)}};
}

result<realtime::new_room> read_new_room(const http_request& request) {
  const auto body = body_of(request);
  if (!body) return body.error();
  object_reader fields(*body);
  realtime::new_room out;
  fields.require("name");
  out.name = fields.utf8("name", {1, realtime::room_name_points_max, false}).value_or("");
  out.description =
      fields.utf8("description", {0, realtime::room_description_points_max, true}).value_or("");
  out.is_public = fields.boolean("isPublic").value_or(false);
  if (auto ok = fields.finish(); !ok) return ok.error();
  return out;
}

result<realtime::room_edit> read_room_edit(const http_request& request) {
  const auto body = body_of(request);
  if (!body) return body.error();
  object_reader fields(*body);
  realtime::room_edit out;
  out.name = fields.utf8("name", {1, realtime::room_name_points_max, false});
  out.description = fields.utf8("description", {0, realtime::room_description_points_max, true});
  out.is_public = fields.boolean("isPublic");
  if (auto ok = fields.finish(); !ok) return ok.error();
  return out;
}

result<room_role> read_role(const http_request& request) {
  const auto body = body_of(request);
  if (!body) return body.error();
  object_reader fields(*body);
  fields.require("role");
  const auto role = fields.choice("role", realtime::room_role_names).value_or(0);
  if (auto ok = fields.finish(); !ok) return ok.error();
  return static_cast<room_role>(role);
}

result<realtime::new_invitation> read_invitation(const http_request& request) {
  const auto body = body_of(request);
  if (!body) return body.error();
  object_reader fields(*body);
  realtime::new_invitation out;
  const auto email = fields.utf8("email", {1, email_points_max, false});
  out.user = fields.utf8("userId", {1, user_id_points_max, false}).value_or("");
  constexpr std::span<const std::string_view> given(realtime::room_role_names, 2);
  if (const auto role = fields.choice("role", given)) out.role = static_cast<room_role>(*role);
  if (email.has_value() == !out.user.empty()) {
    fields.fail(email ? "userId" : "email",
                {"name either email or userId", "indique o bien email o bien userId"});
  }
  if (auto ok = fields.finish(); !ok) return ok.error();
  if (!email) return out;
  if (auto ok = accounts::check_email("email", *email); !ok) return ok.error();
  out.login = accounts::login_of(*email);
  return out;
}

result<realtime::new_room_message> read_room_message(const http_request& request) {
  const auto body = body_of(request);
  if (!body) return body.error();
  object_reader fields(*body);
  realtime::new_room_message out;
  fields.require("message");
  out.body = fields.utf8("message", {1, realtime::room_message_points_max, false}).value_or("");
  const auto type = fields.choice("type", realtime::room_message_types).value_or(0);
  out.type = realtime::room_message_types[type];
  if (auto ok = fields.finish(); !ok) return ok.error();
  return out;
}

result<void> read_nothing(const http_request& request) {
  if (auto ok = no_parameters(request); !ok) return ok;
  if (request.body.empty()) return {};
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader fields(*body);
  return fields.finish();
}

}  // namespace son1k::api
