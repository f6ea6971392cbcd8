// What is said of people in rooms, for the parts of room_talk. Pure; thread-safe.
#pragma once
#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "accounts/identity/identity.hpp"

namespace son1k::api::rooms {

inline constexpr std::string_view room_prefix = "room:";

inline std::string room_of(std::string_view id) {
  return std::string(room_prefix) + std::string(id);
}

inline boost::json::object person(const accounts::identity& who) {
  return {{"userId", who.user}, {"username", who.name}};
}

inline boost::json::object about(const std::string& id, const accounts::identity& who) {
  return {{"roomId", id}, {"userId", who.user}, {"username", who.name}};
}

// Null: it is no JSON.
inline boost::json::value parsed(const std::string& text) {
  boost::system::error_code ec;
  auto out = boost::json::parse(text, ec);
  return ec ? boost::json::value() : out;
}

}  // namespace son1k::api::rooms
