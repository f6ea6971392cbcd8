#include "realtime/rooms/local/local_room_store.hpp"

#include <mutex>
#include <unordered_map>

namespace son1k::realtime {
namespace {

class local_room_store final : public room_store {
 public:
  local_room_store(const clock_port& clock, local_room_settings s) : clock_(clock), settings_(s) {}

  boost::asio::awaitable<result<room_content>> read(std::string room) override {
    const std::scoped_lock hold(mutex_);
    room_content out;
    const auto found = rooms_.find(room);
    if (found != rooms_.end()) {
      out.version = found->second.version;
      out.state = found->second.state;
    }
    co_return out;
  }

  boost::asio::awaitable<result<room_write>> write(std::string room, std::int64_t seen,
                                                   std::string state) override {
    if (state.size() > room_state_bytes_max) co_return room_state_too_large();
    const std::scoped_lock hold(mutex_);
    auto* one = touch(room, state.size());
    if (one == nullptr) co_return full();
    room_write out;
    if (one->version == seen) {
      bytes_ += state.size() - one->state.size();
      one->state = state;
      ++one->version;
      out.written = true;
    }
    out.version = one->version;
    out.state = one->state;
    co_return out;
  }

 private:
  struct content {
    std::int64_t version = 0;
    std::string state;
    std::int64_t touched_ms = 0;
  };

  static error full() {
    return {errc::unavailable, text("too many rooms share something at the moment",
                                    "demasiadas salas comparten algo en este momento")};
  }

  content* touch(const std::string& room, std::size_t more) {
    const auto now = clock_.steady_ms();
    const bool fresh = !rooms_.contains(room);
    if ((fresh && rooms_.size() >= settings_.rooms_max) || bytes_ + more > settings_.bytes_max)
      forget(now);
    if ((fresh && rooms_.size() >= settings_.rooms_max) || bytes_ + more > settings_.bytes_max)
      return nullptr;
    auto& out = rooms_[room];
    out.touched_ms = now;
    return &out;
  }

  void forget(std::int64_t now) {
    for (auto at = rooms_.begin(); at != rooms_.end();) {
      if (at->second.touched_ms + room_idle_ms_max > now) {
        ++at;
        continue;
      }
      bytes_ -= at->second.state.size();
      at = rooms_.erase(at);
    }
  }

  const clock_port& clock_;
  const local_room_settings settings_;
  std::mutex mutex_;
  std::unordered_map<std::string, content> rooms_;
  std::size_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<room_store> make_local_room_store(const clock_port& clock,
                                                  local_room_settings settings) {
  return std::make_unique<local_room_store>(clock, settings);
}

error room_state_too_large() {
  return {errc::payload_too_large, "state",
          text("must not be larger than 64 KiB", "no debe superar los 64 KiB")};
}

}  // namespace son1k::realtime
