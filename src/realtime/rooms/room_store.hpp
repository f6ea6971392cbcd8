// The `room_store` port: what a room shares and what was said in it lately. A state has a version;
// who writes names the one it has seen, so that nobody overwrites what they do not know. Rooms that
// nobody touches for a day are forgotten.
//
// Threads: all methods may be called from any thread; coroutines resume on the executor they run
// on.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace son1k::realtime {

inline constexpr std::size_t room_state_bytes_max = 64 * 1'024;
inline constexpr std::size_t room_messages_max = 100;
inline constexpr std::int64_t room_idle_ms_max = 24LL * 3'600 * 1'000;

struct room_content {
  std::int64_t version = 0;           // 0: nothing was shared yet
  std::string state;                  // JSON; empty with version 0
  std::vector<std::string> messages;  // JSON, the oldest first, at most room_messages_max
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
  // unavailable: it is not kept.
  virtual boost::asio::awaitable<result<void>> keep(std::string room, std::string message) = 0;
};

error room_state_too_large();

}  // namespace son1k::realtime
