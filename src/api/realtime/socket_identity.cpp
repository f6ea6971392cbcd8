#include "api/realtime/socket_identity.hpp"

#include <boost/json.hpp>
#include <charconv>

namespace son1k::api {
namespace json = boost::json;
namespace {

std::string text_at(const json::value& data, std::string_view name) {
  const auto* object = data.if_object();
  const auto* found = object == nullptr ? nullptr : object->if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

}  // namespace

json::object to_json(const accounts::identity& who) {
  json::array roles(who.roles.begin(), who.roles.end());
  return {{"user", who.user},
          {"name", who.name},
          {"roles", std::move(roles)},
          {"session", who.session},
          {"expiresAt", who.expires_at_ms}};
}

accounts::identity identity_of(const json::value& data) {
  accounts::identity out;
  out.user = text_at(data, "user");
  out.name = text_at(data, "name");
  out.session = text_at(data, "session");
  const auto* object = data.if_object();
  if (object == nullptr) return out;
  if (const auto* roles = object->if_contains("roles"); roles != nullptr && roles->is_array()) {
    for (const auto& one : roles->get_array())
      if (one.is_string()) out.roles.emplace_back(one.get_string());
  }
  if (const auto* until = object->if_contains("expiresAt"); until != nullptr && until->is_int64())
    out.expires_at_ms = until->get_int64();
  return out;
}

void keep_mark(json::value& data, const news_mark& mark) {
  auto* object = data.if_object();
  if (object == nullptr) return;
  json::array told;
  for (const auto id : mark) told.emplace_back(std::to_string(id));
  (*object)["told"] = std::move(told);
}

news_mark mark_of(const json::value& data) {
  news_mark out;
  const auto* object = data.if_object();
  const auto* told = object == nullptr ? nullptr : object->if_contains("told");
  if (told == nullptr || !told->is_array()) return out;
  for (const auto& one : told->get_array()) {
    std::uint64_t id = 0;
    if (const auto* text = one.if_string())
      std::from_chars(text->data(), text->data() + text->size(), id);
    out.push_back(id);
  }
  return out;
}

result<std::string> token_of(const json::value& auth) {
  const auto* object = auth.if_object();
  const auto* token = object == nullptr ? nullptr : object->if_contains("token");
  if (token == nullptr || token->is_null()) return std::string();
  if (!token->is_string() || token->get_string().size() > accounts::token_bytes_max) {
    return error(
        errc::validation, "token",
        text("must be a text of up to 8192 bytes", "debe ser un texto de hasta 8192 bytes"));
  }
  return std::string(token->get_string());
}

bool is_topic(const std::vector<news_source>& sources, std::string_view room) {
  for (const auto& one : sources)
    if (room.size() > one.topic.size() && room.starts_with(one.topic) &&
        room[one.topic.size()] == ':')
      return true;
  return false;
}

realtime::io_payload payload_of(const news_item& item) {
  realtime::io_payload out;
  out.json = "[" + json::serialize(item.name) + "," + item.data + ",{\"eventId\":\"" +
             std::to_string(item.id) + "\"}]";
  return out;
}

}  // namespace son1k::api
