// The field of an HTTP request that one server of the installation passes on to another: who sent
// it to whom, when, for which client, with a proof over that and over the request. Pure functions.
//
//   Son1k-Forwarded: at=<ms>; hop=1; from=<node>; to=<node>; client=<IP>; proof=<64 hexadecimal>
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "realtime/forward/node_book.hpp"

namespace son1k::realtime {

inline constexpr std::string_view forward_field = "Son1k-Forwarded";
inline constexpr std::int64_t forward_ms_max = 30'000;  // a proof is good for, in either direction

struct forward_mark {
  std::int64_t at_ms = 0;
  std::string_view from;
  std::string_view to;
  std::string_view client;
};

// What of the request the proof covers.
struct forward_cover {
  std::string_view method;
  std::string_view target;
  std::string_view origin;
  std::string_view content_type;
  std::string_view body;
};

// HMAC-SHA-256 with keys.now, which is not empty.
std::string write_forward_mark(const node_keys& keys, const forward_mark& mark,
                               const forward_cover& cover);
// Views into `value`. Nothing: not of this installation, too old, altered, or passed on before.
std::optional<forward_mark> read_forward_mark(const node_keys& keys, std::string_view value,
                                              const forward_cover& cover, std::int64_t now_ms);

}  // namespace son1k::realtime
