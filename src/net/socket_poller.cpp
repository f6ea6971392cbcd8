#include "net/socket_poller.hpp"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace son1k::net {
namespace {

constexpr int events_a_turn_max = 256;

int new_epoll() {
  const int made = ::epoll_create1(EPOLL_CLOEXEC);
  if (made < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
  return made;
}

}  // namespace

socket_poller::socket_poller(boost::asio::io_context& loop, std::function<void()> after_turn)
    : events_(loop.get_executor(), new_epoll()), after_turn_(std::move(after_turn)) {}

void socket_poller::start() {
  wait();
}

void socket_poller::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  events_.cancel(ignored);
}

bool socket_poller::add(int descriptor, ready_socket& socket) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &socket;
  return ::epoll_ctl(events_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void socket_poller::remove(int descriptor) {
  epoll_event unused{};
  ::epoll_ctl(events_.native_handle(), EPOLL_CTL_DEL, descriptor, &unused);
}

void socket_poller::wait() {
  auto on_events = [self = shared_from_this()](boost::system::error_code ec) {
    if (ec || self->stopped_) return;
    self->turn();
    self->wait();
  };
  events_.async_wait(boost::asio::posix::stream_descriptor::wait_read, std::move(on_events));
}

void socket_poller::turn() {
  std::array<epoll_event, events_a_turn_max> ready;
  const int count = ::epoll_wait(events_.native_handle(), ready.data(), events_a_turn_max, 0);
  in_turn_ = true;
  for (int n = 0; n < count; ++n) {
    const auto& event = ready[static_cast<std::size_t>(n)];
    static_cast<ready_socket*>(event.data.ptr)
        ->on_ready((event.events & EPOLLIN) != 0, (event.events & EPOLLOUT) != 0,
                   (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
  }
  in_turn_ = false;
  after_turn_();
}

}  // namespace son1k::net
