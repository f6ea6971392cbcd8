#include "api/credentials.hpp"

#include "api/gate.hpp"

namespace son1k::api {
using net::http_method;
using net::http_request;
namespace {

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

error not_a_token() {
  return {errc::unauthenticated, "Authorization",
          text("must be Bearer and a token", "debe ser Bearer y un token")};
}

}  // namespace

result<shown_credential> credential_of(const http_request& request) {
  constexpr std::string_view scheme = "bearer ";
  if (request.has_header("authorization")) {
    const auto given = request.header("authorization");
    if (given.size() <= scheme.size() || !net::same_name(given.substr(0, scheme.size()), scheme))
      return not_a_token();
    const auto token = trimmed(given.substr(scheme.size()));
    if (token.empty()) return not_a_token();
    return shown_credential{std::string(token), false};
  }
  if (request.has_header("x-api-key")) {
    const auto token = trimmed(request.header("x-api-key"));
    if (token.empty()) return not_a_token();
    return shown_credential{std::string(token), false};
  }
  const auto cookie = cookie_of(request, access_cookie);
  return shown_credential{std::string(cookie), !cookie.empty()};
}

result<void> check_page(const http_request& request, const own_site& site) {
  const bool reads = request.method == http_method::get || request.method == http_method::head;
  return site.check_page(
      {request.header("host"), request.header("origin"), request.header("sec-fetch-site"), reads});
}

std::string_view cookie_of(const http_request& request, std::string_view name) {
  for (const auto& field : request.fields) {
    if (!net::same_name(field.name, "cookie")) continue;
    if (const auto found = cookie_in(field.value, name); !found.empty()) return found;
  }
  return {};
}

std::string_view cookie_in(std::string_view field, std::string_view name) {
  while (!field.empty()) {
    const auto end = field.find(';');
    const auto pair = trimmed(field.substr(0, end));
    const auto eq = pair.find('=');
    if (eq != std::string_view::npos && pair.substr(0, eq) == name) return pair.substr(eq + 1);
    if (end == std::string_view::npos) break;
    field.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace son1k::api
