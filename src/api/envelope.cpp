#include "api/envelope.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "base/clock.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

constexpr std::array<error_row, 20> rows{{
    {errc::validation, 422, "VALIDATION"},
    {errc::malformed, 400, "VALIDATION"},
    {errc::unauthenticated, 401, "AUTHENTICATION"},
    {errc::token_expired, 401, "TOKEN_EXPIRED"},
    {errc::forbidden, 403, "AUTHORIZATION"},
    {errc::not_found, 404, "NOT_FOUND"},
    {errc::conflict, 409, "CONFLICT"},
    {errc::payload_too_large, 413, "PAYLOAD_TOO_LARGE"},
    {errc::unsupported_media, 415, "UNSUPPORTED_MEDIA_TYPE"},
    {errc::range_invalid, 416, "RANGE_INVALID"},
    {errc::rate_limited, 429, "RATE_LIMITED"},
    {errc::quota_exceeded, 429, "QUOTA_EXCEEDED"},
    {errc::lease_lost, 409, "CONFLICT"},
    {errc::cancelled, 409, "CONFLICT"},
    {errc::timeout, 504, "TIMEOUT"},
    {errc::unavailable, 503, "SERVICE_UNAVAILABLE"},
    {errc::storage_full, 507, "STORAGE_FULL"},
    {errc::storage_corrupt, 503, "SERVICE_UNAVAILABLE"},
    {errc::schema_newer, 503, "SERVICE_UNAVAILABLE"},
    {errc::internal, 500, "INTERNAL"},
}};

// Codes that follow from HTTP's own statuses, where no errc says it more exactly.
std::string_view code_of_status(int status, std::string_view otherwise) {
  switch (status) {
    case 405:
      return "METHOD_NOT_ALLOWED";
    case 408:
      return "REQUEST_TIMEOUT";
    case 414:
      return "URI_TOO_LONG";
    case 417:
      return "EXPECTATION_FAILED";
    case 421:
      return "MISDIRECTED_REQUEST";
    case 431:
      return "HEADERS_TOO_LARGE";
    case 505:
      return "HTTP_VERSION";
    default:
      return otherwise;
  }
}

// The quality of one language range's entry ("es-CL;q=0.8"), 1 where none is given.
double quality_of(std::string_view entry) {
  const auto at = entry.find("q=");
  if (at == std::string_view::npos) return 1.0;
  double q = 0.0;
  std::from_chars(entry.data() + at + 2, entry.data() + entry.size(), q);
  return q;
}

}  // namespace

const error_row& row_of(errc code) {
  for (const auto& row : rows) {
    if (row.code == code) return row;
  }
  return rows.back();
}

errc code_of(int status, std::string_view public_code) {
  for (const auto& row : rows) {
    if (row.status == status && row.public_code == public_code) return row.code;
  }
  return errc::internal;
}

net::http_response reply_serialized(int status, std::string_view data) {
  std::string body;
  body.reserve(data.size() + 32);
  body.append(R"({"success":true,"data":)").append(data).push_back('}');
  return net::json_response(status, std::move(body));
}

net::http_response reply(int status, const json::value& data) {
  return reply_serialized(status, json::serialize(data));
}

net::http_response reply_page(const json::value& data, const json::object& pagination) {
  return net::json_response(
      200, json::value{{"success", true}, {"data", data}, {"pagination", pagination}});
}

net::http_response refuse(const error& fault, const net::http_request& request) {
  return refuse(fault, row_of(fault.code).status, request);
}

net::http_response refuse(const error& fault, int status, const net::http_request& request) {
  const bool spanish = prefers_spanish(request.header("accept-language"));
  json::object body;
  body["code"] = code_of_status(status, row_of(fault.code).public_code);
  const auto& sentence = fault.message.in(spanish);
  body["message"] = fault.field.empty() ? sentence : fault.field + ": " + sentence;
  json::object details = fault.details;
  const auto* wait = details.if_contains("retryAfterSeconds");
  const auto seconds = wait != nullptr && wait->is_int64() ? wait->get_int64() : 0;
  if (!fault.field.empty()) details["field"] = fault.field;
  if (!details.empty()) body["details"] = std::move(details);
  body["requestId"] = request.request_id;
  body["timestamp"] = iso_time(system_clock().now_ms()).chars;
  auto out =
      net::json_response(status, json::value{{"success", false}, {"error", std::move(body)}});
  out.headers.add("Content-Language", spanish ? "es" : "en");
  if (seconds > 0) out.headers.add("Retry-After", std::to_string(seconds));
  return out;
}

bool prefers_spanish(std::string_view accept_language) {
  double spanish = 0.0;
  double english = 0.0;
  while (!accept_language.empty()) {
    const auto comma = accept_language.find(',');
    auto entry = accept_language.substr(0, comma);
    while (!entry.empty() && (entry.front() == ' ' || entry.front() == '\t'))
      entry.remove_prefix(1);
    const auto tag = entry.substr(0, 2);
    if (net::same_name(tag, "es")) spanish = std::max(spanish, quality_of(entry));
    if (net::same_name(tag, "en")) english = std::max(english, quality_of(entry));
    if (comma == std::string_view::npos) break;
    accept_language.remove_prefix(comma + 1);
  }
  return spanish > english;
}

}  // namespace son1k::api
