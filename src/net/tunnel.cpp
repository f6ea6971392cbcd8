#include "net/tunnel.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

namespace son1k::net {
namespace {

constexpr std::size_t piece_bytes = 16 * 1024;
constexpr int pieces_a_turn = 8;
// What the system holds of a side that reads slowly, so that its own server notices that it does.
constexpr int held_bytes_max = 128 * 1024;
constexpr std::chrono::seconds farewell_time{5};

bool moves_later(int code) {
  return code == EAGAIN || code == EWOULDBLOCK;
}

void bound_buffers(boost::asio::ip::tcp::socket& side) {
  const int handle = side.native_handle();
  (void)::setsockopt(handle, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &held_bytes_max,
                     sizeof held_bytes_max);
  (void)::setsockopt(handle, SOL_SOCKET, SO_RCVBUF, &held_bytes_max, sizeof held_bytes_max);
}

}  // namespace

tunnel::tunnel(socket near_side, socket far_side, std::function<void()> ended)
    : near_(std::move(near_side)),
      far_(std::move(far_side)),
      farewell_(near_.get_executor()),
      ended_(std::move(ended)) {
  for (auto* side : {&near_, &far_}) {
    boost::system::error_code ec;
    side->native_non_blocking(true, ec);
    side->set_option(boost::asio::ip::tcp::no_delay(true), ec);
    bound_buffers(*side);
  }
}

void tunnel::start(std::string from_near, std::string from_far) {
  there_.pending = std::move(from_near);
  back_.pending = std::move(from_far);
  pump(there_);
  pump(back_);
}

void tunnel::pump(way& one) {
  for (int turns = 0; turns < pieces_a_turn; ++turns) {
    if (one.over || !push(one) || !pull(one)) return;
  }
  // Others on the reactor get their turn.
  boost::asio::post(near_.get_executor(), [self = shared_from_this(), &one] { self->pump(one); });
}

bool tunnel::push(way& one) {
  while (!one.pending.empty()) {
    const auto sent = ::send(one.to.native_handle(), one.pending.data(), one.pending.size(),
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && moves_later(errno)) return wait(one, true), false;
    if (sent < 0) return cut(), false;
    one.pending.erase(0, static_cast<std::size_t>(sent));
  }
  return true;
}

bool tunnel::pull(way& one) {
  std::array<char, piece_bytes> bytes;
  const auto got = ::recv(one.from.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got > 0) {
    one.pending.assign(bytes.data(), static_cast<std::size_t>(got));
    if (!push(one)) return false;
    // Given back while nothing moves.
    std::string().swap(one.pending);
    return true;
  }
  if (got < 0 && errno == EINTR) return true;
  if (got < 0 && moves_later(errno)) return wait(one, false), false;
  got == 0 ? on_end(one) : cut();
  return false;
}

void tunnel::wait(way& one, bool for_room) {
  auto go_on = [self = shared_from_this(), &one](boost::system::error_code ec) {
    if (!ec) self->pump(one);
  };
  for_room ? one.to.async_wait(socket::wait_write, std::move(go_on))
           : one.from.async_wait(socket::wait_read, std::move(go_on));
}

// The other side may still have something to say, for a moment.
void tunnel::on_end(way& one) {
  one.over = true;
  if (there_.over && back_.over) return cut();
  boost::system::error_code ec;
  one.to.shutdown(socket::shutdown_send, ec);
  farewell_.expires_after(farewell_time);
  farewell_.async_wait([self = shared_from_this()](boost::system::error_code failed) {
    if (!failed) self->cut();
  });
}

void tunnel::cut() {
  there_.over = back_.over = true;
  farewell_.cancel();
  boost::system::error_code ec;
  near_.close(ec);
  far_.close(ec);
  if (const auto ended = std::exchange(ended_, nullptr)) ended();
}

}  // namespace son1k::net
