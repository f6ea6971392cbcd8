// What an Engine.IO server is told, and what it can say about itself. Plain values.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace son1k::realtime {

struct engine_settings {
  std::string path = "/socket.io/";
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds ping_timeout{20'000};
  std::chrono::milliseconds upgrade_timeout{10'000};
  // How long a peer may take to answer a close, or to fetch the last packets by a poll.
  std::chrono::milliseconds close_timeout{5'000};
  std::size_t payload_bytes_max = 1'000'000;   // of a message, and of a POST
  std::size_t queued_bytes_max = 1024 * 1024;  // a session; more ends it
  std::size_t sessions_max = 100'000;          // more get 503
  bool polling = true;
  bool websocket = true;
  // Origins that may call from other sites; "*" is any. Empty: none may read a reply, and
  // WebSockets are not asked where they come from.
  std::vector<std::string> cors_origins;
  std::string node;  // this server's name among those that share clients; [A-Za-z0-9_-]*
};

struct engine_figures {
  std::size_t polling = 0;  // sessions by transport
  std::size_t websocket = 0;
  std::uint64_t opened = 0;  // sessions since the start
  std::uint64_t upgraded = 0;
  std::uint64_t packets_in = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t bytes_in = 0;  // of bodies and sockets
  std::uint64_t bytes_out = 0;
  std::uint64_t dropped = 0;    // volatile and replaced messages
  std::uint64_t cut = 0;        // sessions that did not read
  std::uint64_t timed_out = 0;  // sessions that did not answer a ping
};

}  // namespace son1k::realtime
