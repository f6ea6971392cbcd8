// What webhooks are told of a piece that has ended. Little: who wants more asks for the piece, and
// gets what it is by then. Pure functions.
#pragma once
#include <cstdint>
#include <string>

#include "webhooks/deliveries.hpp"

namespace son1k::webhooks {

// `told` is a UUIDv7, made before the unit of work.
announcement completed_piece(std::string owner, const std::string& id, std::int64_t now_ms,
                             std::string told);
announcement cancelled_piece(std::string owner, const std::string& id, std::int64_t now_ms,
                             std::string told);
announcement failed_piece(std::string owner, const std::string& id, const std::string& code,
                          const std::string& message, std::int64_t now_ms, std::string told);

}  // namespace son1k::webhooks
