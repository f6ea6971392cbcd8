// What the nodes of one process share: what was said, in its order, and what is kept of sockets
// that may come back. Internal to the local cluster. Thread-safe.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "realtime/bus/bus.hpp"
#include "realtime/socketio/encode.hpp"
#include "realtime/socketio/local/local_cluster.hpp"
#include "realtime/socketio/offset.hpp"

namespace son1k::realtime {

// A node's place among the others; a call of its peer is under way while `busy` is held.
struct local_seat {
  std::recursive_mutex busy;
  cluster_peer* peer = nullptr;
};

class local_place {
 public:
  local_place(const clock_port& clock, local_cluster_settings settings)
      : clock_(clock), settings_(settings), era_(static_cast<std::uint64_t>(clock.now_ms())) {}

  const clock_port& clock() const { return clock_; }

  void join(const std::shared_ptr<local_seat>& seat) {
    const std::lock_guard lock(mutex_);
    seats_.push_back(seat);
  }

  void leave(const std::shared_ptr<local_seat>& seat) {
    const std::lock_guard lock(mutex_);
    std::erase(seats_, seat);
  }

  std::vector<std::shared_ptr<local_seat>> others(const local_seat* self) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<local_seat>> out;
    for (const auto& each : seats_)
      if (each.get() != self) out.push_back(each);
    return out;
  }

  std::optional<std::string> keep_alone(const io_broadcast& message) {
    const std::lock_guard lock(mutex_);
    if (seats_.size() > 1) return std::nullopt;
    return keep(message);
  }

  template <class Told>
  std::string keep_and_tell(io_broadcast message, const local_seat* self, const io_turn& deliver,
                            Told tell) {
    const std::lock_guard in_order(telling_);
    std::unique_lock lock(mutex_);
    message.offset = keep(message);
    lock.unlock();
    for (const auto& each : others(self)) tell(*each, message);
    if (deliver) deliver(message.offset);
    return message.offset;
  }

  std::string last_offset() const {
    const std::lock_guard lock(mutex_);
    return offset_of(last_);
  }

  result<std::vector<io_broadcast>> since(const std::string& space,
                                          const std::string& offset) const {
    const std::lock_guard lock(mutex_);
    const auto at = read_offset(offset);
    const auto first = last_ - kept_.size();
    if (!at || at->high != era_ || at->low < first || at->low > last_) return no_such_offset();
    std::vector<io_broadcast> out;
    for (auto i = at->low - first; i < kept_.size() && out.size() < bus_page_max; ++i)
      if (kept_[i].space == space) out.push_back(kept_[i]);
    return out;
  }

  result<void> keep_session(kept_session session, std::int64_t ms) {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.steady_ms();
    if (sessions_.size() >= settings_.sessions_max) {
      std::erase_if(sessions_, [now](const auto& each) { return each.second.until <= now; });
      if (sessions_.size() >= settings_.sessions_max)
        return error(errc::unavailable,
                     {"too many sessions are kept already", "ya se guardan demasiadas sesiones"});
    }
    sessions_.insert_or_assign(session.pid, row{session, now + ms});
    return {};
  }

  result<kept_session> take_session(const std::string& pid) {
    const std::lock_guard lock(mutex_);
    auto found = sessions_.extract(pid);
    if (found.empty() || found.mapped().until <= clock_.steady_ms()) return no_such_session();
    return std::move(found.mapped().session);
  }

 private:
  struct row {
    kept_session session;
    std::int64_t until = 0;  // steady ms
  };

  std::string offset_of(std::uint64_t number) const { return fmt::format("{}-{}", era_, number); }

  std::string keep(const io_broadcast& message) {
    if (message.flags.is_volatile) return {};
    auto offset = offset_of(++last_);
    kept_.push_back(message);
    kept_.back().offset = offset;
    bytes_ += sizeof message + bytes_of(message.event);
    while (kept_.size() > settings_.messages_max || bytes_ > settings_.message_bytes_max) {
      bytes_ -= sizeof message + bytes_of(kept_.front().event);
      kept_.pop_front();
    }
    return offset;
  }

  const clock_port& clock_;
  const local_cluster_settings settings_;
  const std::uint64_t era_;  // offsets of another life of the process are none of ours

  std::recursive_mutex telling_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<local_seat>> seats_;  // of nodes that are attached
  std::deque<io_broadcast> kept_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
  std::unordered_map<std::string, row> sessions_;
};

}  // namespace son1k::realtime
