// A client of Engine.IO that does anything, in any order: the input is a list of steps. The session
// must neither hang on to sockets and polls that are over nor tell its client anything after the
// end.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "realtime/engine/session.hpp"
#include "support/engine_world.hpp"

namespace {

using namespace son1k::test;

class wild_client {
 public:
  explicit wild_client(bool websocket) {
    world_.echoes = true;
    world_.open(websocket ? &sockets_[0] : nullptr);
    world_.turn();
  }

  void step(std::uint8_t what, std::string_view text) {
    auto& socket = sockets_[(what >> 4) % 2];
    const bool open = !world_.gone() && !socket.over();
    auto* session = world_.session();
    switch (what % 10) {
      case 0:
        world_.post(text, (what & 64) != 0);
        break;
      case 1:
        if (session != nullptr) last_poll_ = world_.poll();
        break;
      case 2:
        if (session != nullptr && last_poll_) session->on_poll_gone(last_poll_.get());
        break;
      case 3:
        if (open) session->begin_upgrade(socket);
        break;
      case 4:
        if (open) session->on_socket_text(socket, text);
        break;
      case 5:
        if (open) session->on_socket_binary(socket, text);
        break;
      case 6:
        if (open) session->on_socket_gone(socket, close_reason::transport_close);
        break;
      case 7:
        world_.pass(std::chrono::milliseconds(what * 200));
        break;
      case 8:
        socket.blocked_now = !socket.blocked_now;
        if (open && !socket.blocked_now) session->on_socket_writable(socket);
        break;
      default:
        if (session != nullptr) session->close(close_reason::forced);
    }
    world_.turn();
    check();
  }

 private:
  void check() {
    std::size_t ends = 0;
    for (const auto& one : world_.told) {
      for (const auto why :
           {close_reason::transport_close, close_reason::ping_timeout, close_reason::forced,
            close_reason::parse_error, close_reason::transport_error, close_reason::too_slow}) {
        if (one == name_of(why)) ++ends;
      }
    }
    if (world_.gone() && last_poll_ && !last_poll_->reply) std::abort();
    if (world_.gone() && ends == 0) std::abort();
    const auto open = world_.counts().polling.get() + world_.counts().websocket.get();
    if (open > 1 || (world_.gone() && open != 0)) std::abort();
  }

  pretended_socket sockets_[2];
  engine_world world_;
  std::shared_ptr<pretended_poll> last_poll_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  wild_client client((rest.front() & 1) != 0);
  rest.remove_prefix(1);
  // Lines: a byte that says what to do, and its text.
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!line.empty()) client.step(static_cast<std::uint8_t>(line.front()), line.substr(1));
  }
  return 0;
}
