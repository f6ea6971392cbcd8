// If-Match (RFC 9110 §13.1.1) of requests that change a thing whose versions are counted.
#pragma once
#include <cstdint>

#include "base/error.hpp"
#include "net/http_message.hpp"

namespace son1k::api {

// The version that the request expects; 0: whichever (no such field, or "*"). validation, field
// "If-Match": it is none of ours.
result<std::int64_t> expected_version(const net::http_request& request);

// As refuse(), but 412 for a conflict whose field is If-Match.
net::http_response refuse_edit(const error& fault, const net::http_request& request);

}  // namespace son1k::api
