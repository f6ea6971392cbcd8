// The `room_store` port: what a room shares while people are in it. A state has a version; who
// writes names the one it has seen, so that nobody overwrites what they do not know. Rooms that
// nobody touches for a day are forgotten.
//
// Threads: all methods may be called from any thread; coroutines resume on the executor they run
// on.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.hpp"

namespace son1k::realtime {

inline constexpr std::size_t room_state_bytes_max = 64 * 1'024;
inline constexpr std::int64_t room_idle_ms_max = 24LL * 3'600 * 1'000;

struct room_content {
  std::int64_t version = 0;  // 0: nothing was shared yet
  std::string state;         // JSON; empty with version 0
};

// `written`: the state is the caller's and has this version. Else the state that stands.
struct room_write {
  bool written = false;
  std::int64_t version = 0;
  std::string state;
};

class room_store {
 public:
  virtual ~room_store() = default;
  // Of a room that nobody wrote to: empty. unavailable.
  virtual boost::asio::awaitable<result<room_content>> read(std::string room) = 0;
  // Takes effect if the version that stands is `seen`. payload_too_large · unavailable.
  virtual boost::asio::awaitable<result<room_write>> write(std::string room, std::int64_t seen,
                                                           std::string state) = 0;
};

error room_state_too_large();

}  // namespace son1k::realtime
