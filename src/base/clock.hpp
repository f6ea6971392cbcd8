// Time behind a port, so that leases, backoff and timeouts are tested without waiting.
// Thread-safe. Wall time is UTC milliseconds since 1970; steady time never goes back.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace son1k {

class clock_port {
 public:
  virtual ~clock_port() = default;
  virtual std::int64_t now_ms() const = 0;     // UTC, may jump with the system's clock
  virtual std::int64_t steady_ms() const = 0;  // monotonic, from an arbitrary start
};

// The machine's own clock; a singleton without state.
const clock_port& system_clock();

// "2026-11-22T04:05:06.789Z", for replies and logs.
struct timestamp_text {
  char chars[25];
};
timestamp_text iso_time(std::int64_t epoch_ms);
// The other way round: "2026-11-22", "2026-11-22T04:05", "…:06", "….789", with or without the Z;
// always UTC. Nothing for any other text, and before 1970.
std::optional<std::int64_t> parse_iso_time(std::string_view text);

}  // namespace son1k
