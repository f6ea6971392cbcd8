#include "api/account_json.hpp"

#include <boost/json/array.hpp>

#include "base/clock.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

json::value time_or_null(std::int64_t ms) {
  return ms == 0 ? json::value() : json::value(iso_time(ms).chars);
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value() : json::value(text);
}

}  // namespace

json::object to_json(const accounts::account& row) {
  return {{"id", row.id},
          {"email", text_or_null(row.email)},
          {"name", row.name},
          {"role", row.role},
          {"tier", row.tier},
          {"external", !row.external_id.empty()},
          {"hasPassword", row.has_password},
          {"disabledAt", time_or_null(row.disabled_at_ms)},
          {"createdAt", time_or_null(row.created_at_ms)},
          {"updatedAt", time_or_null(row.updated_at_ms)}};
}

json::object to_json(const accounts::session& row, std::string_view current) {
  return {{"id", row.id},
          {"device", row.device},
          {"address", row.address},
          {"current", row.id == current},
          {"createdAt", time_or_null(row.created_at_ms)},
          {"usedAt", time_or_null(row.used_at_ms)},
          {"expiresAt", time_or_null(row.expires_at_ms)}};
}

json::object to_json(const accounts::api_key& row) {
  json::array scopes;
  for (const auto& one : row.scopes) scopes.emplace_back(one);
  return {{"id", row.id},
          {"name", row.name},
          {"lastFour", row.ending},
          {"scopes", std::move(scopes)},
          {"createdAt", time_or_null(row.created_at_ms)},
          {"expiresAt", time_or_null(row.expires_at_ms)},
          {"lastUsedAt", time_or_null(row.used_at_ms)}};
}

}  // namespace son1k::api
