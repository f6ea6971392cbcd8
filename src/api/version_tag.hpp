// The version of a thing as its ETag (RFC 9110 section 8.8.3): "3", in quotes. Pure; thread-safe.
#pragma once
#include <cstdint>
#include <optional>

#include "base/error.hpp"
#include "net/http_message.hpp"

namespace son1k::api {

inline constexpr int precondition_failed = 412;

void add_version_tag(net::http_response& to, std::int64_t version);
// The version that If-Match asks for; nothing without it, and for "*". validation, field
// "If-Match".
result<std::optional<std::int64_t>> wanted_version(const net::http_request& request);

}  // namespace son1k::api
