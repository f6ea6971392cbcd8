#include "net/http_lane.hpp"

#include <fcntl.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"
#include "base/spawn.hpp"
#include "net/byte_range.hpp"
#include "net/http_session.hpp"

namespace son1k::net {
namespace {

constexpr std::chrono::milliseconds accept_pause{100};
// Those who keep coming while the server ends must not keep it from ending.
constexpr int last_accepts_max = 512;

// Counts a connection that left HTTP.
class counted_hold final : public connection_hold {
 public:
  explicit counted_hold(std::shared_ptr<server_core> core) : core_(std::move(core)) {
    core_->connection_opened();
  }
  ~counted_hold() override {
    {
      const std::scoped_lock lock(core_->mutex);
      core_->taken.erase(this);
    }
    core_->connection_closed();
  }
  counted_hold(const counted_hold&) = delete;
  counted_hold& operator=(const counted_hold&) = delete;

  void on_stop(std::function<void(bool)> act) override {
    const std::scoped_lock lock(core_->mutex);
    core_->taken[this] = std::move(act);
  }

 private:
  const std::shared_ptr<server_core> core_;
};

http_response plain_error(const error& fault, int status, const http_request&) {
  return text_response(status, fault.what() + "\n");
}

}  // namespace

server_core::server_core(const router& r, http_server_settings s, error_renderer e,
                         request_observer o)
    : routes(r),
      settings(std::move(s)),
      renderer(e ? std::move(e) : error_renderer(plain_error)),
      observer(std::move(o)),
      connections_max(settings.connections_max) {}

void server_core::connection_closed() {
  if (open.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const std::scoped_lock lock(mutex);
  emptied.notify_all();
}

bool server_core::wait_empty(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex);
  return emptied.wait_for(lock, limit, [this] { return open.load() == 0; });
}

std::shared_ptr<connection_hold> server_core::hold_connection() {
  return std::make_shared<counted_hold>(shared_from_this());
}

void server_core::stop_taken(bool at_once) {
  std::vector<std::function<void(bool)>> acts;
  {
    const std::scoped_lock lock(mutex);
    for (const auto& [hold, act] : taken) acts.push_back(act);
  }
  for (const auto& act : acts) act(at_once);
}

http_lane::http_lane(std::shared_ptr<server_core> core, boost::asio::io_context& context,
                     boost::asio::ip::tcp::acceptor acceptor)
    : core_(std::move(core)),
      context_(context),
      acceptor_(std::move(acceptor)),
      pause_(context.get_executor()),
      sweep_timer_(context.get_executor()) {}

void http_lane::start() {
  boost::asio::post(context_, [self = shared_from_this()] {
    self->refresh_date();
    spawn(self->executor(), "http.accept", self->accept_loop(self));
    spawn(self->executor(), "http.sweep", self->sweep_loop(self));
  });
}

void http_lane::join(http_session& session) {
  session.slot = sessions_.size();
  sessions_.push_back(&session);
  core_->connection_opened();
}

void http_lane::leave(http_session& session) {
  sessions_[session.slot] = sessions_.back();
  sessions_[session.slot]->slot = session.slot;
  sessions_.pop_back();
  core_->connection_closed();
}

void http_lane::refresh_date() {
  const auto now_s = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
  if (now_s != date_s_) {
    date_s_ = now_s;
    date_ = http_date(now_s);
  }
}

boost::asio::awaitable<void> http_lane::accept_loop(
    [[maybe_unused]] std::shared_ptr<http_lane> self) {
  while (!draining_) {
    boost::system::error_code ec;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ec);
    auto socket = co_await acceptor_.async_accept(token);
    if (!ec) {
      admit(std::move(socket));
      continue;
    }
    if (draining_ || ec == boost::asio::error::operation_aborted) co_return;
    if (ec == boost::asio::error::connection_aborted) continue;
    // Out of descriptors or memory: those who are connected come first.
    log::warn("http.accept_failed", {{"what", ec.message()}});
    boost::system::error_code ignored;
    auto wait_token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
    pause_.expires_after(accept_pause);
    co_await pause_.async_wait(wait_token);
  }
}

void http_lane::admit(boost::asio::ip::tcp::socket socket) {
  boost::system::error_code ec;
  const auto peer = socket.remote_endpoint(ec);
  if (ec) return;
  socket.set_option(boost::asio::ip::tcp::no_delay(true), ec);
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  auto session = std::make_shared<http_session>(shared_from_this(), std::move(socket),
                                                peer.address().to_string());
  if (core_->open.load(std::memory_order_relaxed) > core_->connections_max) {
    session->refuse_overload();
  }
  spawn(executor(), "http.session", session->run(session));
}

boost::asio::awaitable<void> http_lane::sweep_loop(
    [[maybe_unused]] std::shared_ptr<http_lane> self) {
  while (!stopped_) {
    boost::system::error_code ignored;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
    sweep_timer_.expires_after(core_->settings.sweep_time);
    co_await sweep_timer_.async_wait(token);
    sweep();
  }
}

// A session may leave while it is looked at, which moves the last one into its place.
void http_lane::sweep() {
  now_ = coarse_clock::now();
  refresh_date();
  for (std::size_t i = sessions_.size(); i-- > 0;) {
    if (i < sessions_.size()) sessions_[i]->on_sweep(now_);
  }
}

void http_lane::drain() {
  if (draining_) return;
  boost::system::error_code ec;
  // Who is connected already is served once more: closing now would reset them.
  acceptor_.non_blocking(true, ec);
  for (int i = 0; i < last_accepts_max && !ec; ++i) {
    boost::asio::ip::tcp::socket socket(context_.get_executor());
    acceptor_.accept(socket, ec);
    if (!ec) admit(std::move(socket));
  }
  draining_ = true;
  acceptor_.close(ec);
  pause_.cancel();
  for (std::size_t i = sessions_.size(); i-- > 0;) {
    if (i < sessions_.size()) sessions_[i]->on_drain();
  }
}

void http_lane::cut() {
  drain();
  stopped_ = true;
  sweep_timer_.cancel();
  for (std::size_t i = sessions_.size(); i-- > 0;) {
    if (i < sessions_.size()) sessions_[i]->cut();
  }
}

}  // namespace son1k::net
