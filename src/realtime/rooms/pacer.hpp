// Holds back what comes too often: of each key one message a period, the latest. Pure; the caller
// says what time it is. Not thread-safe.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace son1k::realtime {

template <class Message>
class pacer {
 public:
  pacer(std::int64_t period_ms, std::size_t keys_max) : period_ms_(period_ms), most_(keys_max) {}

  // The message, if it may go now; else it is kept in place of the one before it.
  std::optional<Message> offer(const std::string& key, Message message, std::int64_t now_ms) {
    forget(now_ms);
    auto& own = lanes_[key];
    if (own.next_ms > now_ms) {
      own.held = std::move(message);
      return std::nullopt;
    }
    begin(key, own, now_ms);
    own.held.reset();
    return message;
  }

  // What was kept of the key, which is as new afterwards.
  std::optional<Message> take(const std::string& key) {
    const auto found = lanes_.find(key);
    if (found == lanes_.end()) return std::nullopt;
    auto out = std::move(found->second.held);
    lanes_.erase(found);
    return out;
  }

  // What is kept and chosen by `wanted`, before its time; what comes next still waits for it.
  template <class Wanted>
  std::vector<Message> take_early(Wanted wanted) {
    std::vector<Message> out;
    for (auto& [key, own] : lanes_) {
      if (!own.held || !wanted(*own.held)) continue;
      out.push_back(std::move(*own.held));
      own.held.reset();
    }
    return out;
  }

  // What may go by now, in the order of its time.
  std::vector<Message> due(std::int64_t now_ms) {
    std::vector<Message> out;
    while (!turns_.empty() && turns_.front().first <= now_ms) {
      const auto [at, key] = std::move(turns_.front());
      turns_.pop_front();
      const auto found = lanes_.find(key);
      if (found == lanes_.end() || found->second.next_ms != at) continue;
      if (!found->second.held) {
        lanes_.erase(found);
        continue;
      }
      out.push_back(std::move(*found->second.held));
      found->second.held.reset();
      begin(key, found->second, now_ms);
    }
    return out;
  }

  // When due() may have something; nothing: not before the next offer.
  std::optional<std::int64_t> next_ms() const {
    return turns_.empty() ? std::nullopt : std::optional(turns_.front().first);
  }
  std::size_t keys() const { return lanes_.size(); }

 private:
  struct lane {
    std::int64_t next_ms = 0;
    std::optional<Message> held;
  };

  void begin(const std::string& key, lane& l, std::int64_t now_ms) {
    l.next_ms = now_ms + period_ms_;
    turns_.emplace_back(l.next_ms, key);
  }

  // With too many keys the one that waits longest is as new again: it may then speak too soon.
  void forget(std::int64_t now_ms) {
    while (lanes_.size() >= most_ && !turns_.empty()) {
      const auto [at, key] = std::move(turns_.front());
      turns_.pop_front();
      const auto found = lanes_.find(key);
      if (found != lanes_.end() && found->second.next_ms == at) lanes_.erase(found);
    }
    while (!turns_.empty() && turns_.front().first + period_ms_ <= now_ms) {
      const auto found = lanes_.find(turns_.front().second);
      if (found != lanes_.end() && found->second.held) break;
      if (found != lanes_.end() && found->second.next_ms == turns_.front().first)
        lanes_.erase(found);
      turns_.pop_front();
    }
  }

  const std::int64_t period_ms_;
  const std::size_t most_;
  std::unordered_map<std::string, lane> lanes_;
  std::deque<std::pair<std::int64_t, std::string>> turns_;  // by time, for the period is one
};

}  // namespace son1k::realtime
