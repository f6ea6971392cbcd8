// The realtime server as `serve` runs it, alone, for outside load clients, to compare with a Node
// server of the same behaviour: sockets connect at /socket.io/ and all are in room r,
// `GET /emit?n=N&burst=B[&pad=BYTES]` broadcasts N `generation:progress` events, B a turn of the
// loop, `GET /stat` tells what the process has used.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/error.hpp"

namespace son1k::ops {

struct realtime_bench_settings {
  std::uint16_t port = 0;
  std::size_t reactors = 1;  // as many cores as a Node process uses
};

// Prints "listening on PORT" and serves until `wait` returns.
result<void> serve_realtime_bench(const realtime_bench_settings& settings,
                                  const std::function<void()>& wait);

}  // namespace son1k::ops
