#include "queue/redis/bell.hpp"

#include <chrono>
#include <future>

namespace son1k::queue::redis {
namespace {

constexpr std::chrono::milliseconds block{1'000};
constexpr std::chrono::milliseconds away_pause{250};  // while Redis is away

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t n = 0; n < bytes.size(); n += 3) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 3; ++i)
      word = word << 8 | (n + i < bytes.size() ? static_cast<unsigned char>(bytes[n + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i)
      out += n + i <= bytes.size() ? digits[word >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

}  // namespace

bell::bell(std::shared_ptr<link> to, std::function<std::vector<std::string>()> waiting,
           std::function<bool(const std::string&)> ring)
    : link_(std::move(to)), waiting_(std::move(waiting)), ring_(std::move(ring)) {}

void bell::look() {
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  if (some_) return;
  some_ = true;
  changed_.notify_all();
}

void bell::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return some_ || stopped_; });
      if (stopped_) return;
      some_ = false;
    }
    for (auto queues = waiting_(); !queues.empty(); queues = waiting_()) {
      if (!connect(queues.front())) return;
      net::redis_command pop("BZPOPMIN");
      for (const auto& queue : queues) pop.add(link_->base() + queue + ":marker");
      pop.add("1");
      net::redis_call_options options;
      options.block = block;
      const bool answered = listen(std::move(pop), options);
      std::unique_lock lock(mutex_);
      if (!stopped_ && !answered) changed_.wait_for(lock, away_pause, [this] { return stopped_; });
      if (stopped_) return;
    }
  }
}

// It rings on the client's thread: a job would start later by as much as the bell's takes to wake.
bool bell::listen(net::redis_command pop, net::redis_call_options options) {
  auto ended = std::make_shared<std::promise<bool>>();
  auto end = ended->get_future();
  const auto begun = wire_->send(
      std::move(pop),
      [this, ended](const net::redis_reply& got) {
        if (got && got->size() == 3) heard(*got);
        ended->set_value(got.has_value());
      },
      options);
  return begun && end.get();
}

// Clients of BullMQ list the workers of a queue by the names of their connections; a connection has
// one name, so that of a worker of several queues stands with the first of them.
bool bell::connect(const std::string& queue) {
  std::lock_guard lock(mutex_);
  if (stopped_) return false;
  if (!wire_) wire_ = link_->dedicated(link_->base() + base64(queue) + ":w:son1k");
  return true;
}

void bell::heard(const net::redis_value& popped) {
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
  }
  // Member 1 says when a delayed job is due: waiting claims look by then anyway.
  if (popped[1].bytes() != "0") return;
  const auto key = popped[0].bytes();
  const auto frame = link_->base().size() + std::string_view(":marker").size();
  if (key.size() <= frame) return;
  if (ring_(std::string(key.substr(link_->base().size(), key.size() - frame)))) return;
  link_->send(net::redis_command("ZADD").add(key).add("0").add("0"));  // for somebody else
}

void bell::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    if (wire_) wire_->interrupt();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace son1k::queue::redis
