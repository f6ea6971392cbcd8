#include "support/fault_proxy.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <future>

#include "base/spawn.hpp"
#include "support/child_process.hpp"

namespace son1k::test {
namespace asio = boost::asio;
using tcp = asio::ip::tcp;

struct fault_proxy::session {
  session(socket c, asio::io_context& loop) : client(std::move(c)), server(loop) {}
  void close() {
    boost::system::error_code ignored;
    client.close(ignored);
    server.close(ignored);
  }
  socket client;
  socket server;
};

fault_proxy::fault_proxy(std::uint16_t target)
    : acceptor_(loop_), thawed_(loop_), target_(target), port_(free_port()) {
  const tcp::endpoint at(asio::ip::address_v4::loopback(), port_);
  acceptor_.open(at.protocol());
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  acceptor_.bind(at);
  acceptor_.listen();
  thawed_.expires_at(asio::steady_timer::time_point::max());
  spawn(loop_.get_executor(), "fault_proxy", accept());
  thread_ = std::thread([this] { loop_.run(); });
}

fault_proxy::~fault_proxy() {
  loop_.stop();
  thread_.join();
}

template <class Change>
void fault_proxy::on_loop(Change change) {
  std::promise<void> done;
  asio::post(loop_, [&] {
    change();
    done.set_value();
  });
  done.get_future().wait();
}

void fault_proxy::delay(std::chrono::milliseconds by) {
  on_loop([&] { delay_ = by; });
}

void fault_proxy::slow(std::size_t bytes_per_second) {
  on_loop([&] { bytes_per_second_ = bytes_per_second; });
}

void fault_proxy::half_open(bool on) {
  on_loop([&] {
    half_open_ = on;
    thawed_.cancel();
  });
}

void fault_proxy::mute_server(bool on) {
  on_loop([&] {
    muted_ = on;
    thawed_.cancel();
  });
}

void fault_proxy::cut() {
  on_loop([&] {
    for (const auto& one : sessions_) {
      if (auto held = one.lock()) held->close();
    }
    sessions_.clear();
    thawed_.cancel();
  });
}

void fault_proxy::refuse(bool on) {
  on_loop([&] { refusing_ = on; });
}

asio::awaitable<void> fault_proxy::accept() {
  for (;;) {
    boost::system::error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    socket client = co_await acceptor_.async_accept(token);
    if (ec) co_return;
    ++accepted_;
    if (refusing_) continue;
    auto made = std::make_shared<session>(std::move(client), loop_);
    std::erase_if(sessions_, [](const auto& one) { return one.expired(); });
    sessions_.push_back(made);
    spawn(loop_.get_executor(), "fault_proxy", serve(made));
  }
}

asio::awaitable<void> fault_proxy::serve(std::shared_ptr<session> self) {
  boost::system::error_code ec;
  auto token = asio::redirect_error(asio::use_awaitable, ec);
  co_await self->server.async_connect({asio::ip::address_v4::loopback(), target_}, token);
  if (ec) {
    self->close();
    co_return;
  }
  self->client.set_option(tcp::no_delay(true), ec);
  self->server.set_option(tcp::no_delay(true), ec);
  spawn(loop_.get_executor(), "fault_proxy", forward(self, true));
  co_await forward(self, false);
}

asio::awaitable<void> fault_proxy::wait(std::chrono::microseconds time) {
  boost::system::error_code ec;
  auto token = asio::redirect_error(asio::use_awaitable, ec);
  asio::steady_timer timer(loop_, time);
  co_await timer.async_wait(token);
}

asio::awaitable<void> fault_proxy::forward(std::shared_ptr<session> self, bool from_server) {
  socket& from = from_server ? self->server : self->client;
  socket& to = from_server ? self->client : self->server;
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    boost::system::error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    const std::size_t rate = bytes_per_second_;
    const std::size_t most =
        rate == 0 ? buffer.size() : std::clamp<std::size_t>(rate / 50, 1, 4096);
    const auto n = co_await from.async_read_some(asio::buffer(buffer.data(), most), token);
    if (ec) break;
    while ((half_open_ || (muted_ && from_server)) && to.is_open()) {
      boost::system::error_code woken;
      auto until = asio::redirect_error(asio::use_awaitable, woken);
      co_await thawed_.async_wait(until);
    }
    if (delay_.count() > 0) co_await wait(delay_);
    if (rate > 0) co_await wait(std::chrono::microseconds(1'000'000 * n / rate));
    co_await asio::async_write(to, asio::buffer(buffer.data(), n), token);
    if (ec) break;
  }
  self->close();
}

}  // namespace son1k::test
