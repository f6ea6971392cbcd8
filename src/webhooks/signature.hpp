// Signatures of Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks, "spec"):
// HMAC-SHA-256 over "id.timestamp.body" under a secret that is told as "whsec_" and base64. Pure
// but for the system's random numbers; thread-safe.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace son1k::webhooks {

inline constexpr std::string_view secret_prefix = "whsec_";

// 256 random bits, in the form that is shown.
std::string new_secret();

// "v1,…" in base64. internal: the secret is none.
result<std::string> sign(std::string_view secret, std::string_view message_id,
                         std::int64_t timestamp_s, std::string_view body);

}  // namespace son1k::webhooks
