#include <sys/socket.h>

#include <cerrno>

#include "net/http_session.hpp"

namespace son1k::net {

void http_session::on_gone(std::function<void()> gone) {
  if (!alive()) return gone();
  gone_ = std::move(gone);
  if (!silence_watched_) watch_silence();
}

// One wait serves all requests of the connection: it ends when the next one comes.
void http_session::watch_silence() {
  silence_watched_ = true;
  auto self = shared_from_this();
  auto on_bytes = [self](boost::system::error_code ec) {
    self->silence_watched_ = false;
    if (!ec && self->gone_) self->look_at_silence();
  };
  socket_.async_wait(boost::asio::ip::tcp::socket::wait_read, std::move(on_bytes));
}

// Bytes of a next request stay where they are, and the client behind them counts as present.
void http_session::look_at_silence() {
  char byte = 0;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got > 0) return;
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return watch_silence();
  tell_gone();
}

void http_session::tell_gone() {
  if (const auto gone = std::exchange(gone_, nullptr)) gone();
}

boost::asio::awaitable<void> http_session::hand_over() {
  begin_reply();
  const bool flushed = co_await flush();
  if (!flushed) {
    close_socket();
    co_return;
  }
  const auto takeover = std::move(response_.takeover);
  end_request();
  taken_socket taken(std::move(socket_), std::string(unread()), core_.hold_connection());
  ended_ = true;
  takeover(std::move(taken));
}

}  // namespace son1k::net
