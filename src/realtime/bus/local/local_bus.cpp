#include "realtime/bus/local/local_bus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "realtime/bus/bus_listeners.hpp"

namespace son1k::realtime {

class local_exchange {
 public:
  local_exchange(const clock_port& clock, local_bus_settings settings)
      : clock_(clock), settings_(settings), era_(clock.now_ms()) {}

  void join(const std::shared_ptr<bus_listeners>& node) {
    const std::lock_guard lock(mutex_);
    std::erase_if(nodes_, [](const auto& each) { return each.expired(); });
    nodes_.push_back(node);
  }

  std::string publish(bus_message message, const bus_listeners* from) {
    std::unique_lock lock(mutex_);
    const bool within_a_call = telling_ == std::this_thread::get_id();
    if (!within_a_call) room_.wait(lock, [this] { return untold_.size() < untold_max; });
    message.offset = fmt::format("{}-{}", era_, ++last_);
    keep(message);
    const auto offset = message.offset;
    untold_.push_back({std::move(message), from});
    if (telling_ == std::thread::id()) tell_all(lock);
    return offset;
  }

  result<std::vector<bus_message>> since(const std::string& offset) const {
    const std::lock_guard lock(mutex_);
    const auto number = number_of(offset);
    const auto first = last_ - static_cast<std::int64_t>(kept_.size()) + 1;
    if (!number || *number < first || *number > last_) return no_such_offset();
    const auto begin = kept_.begin() + (*number - first + 1);
    const auto size = std::min<std::ptrdiff_t>(kept_.end() - begin, bus_page_max);
    return std::vector<bus_message>(begin, begin + size);
  }

  result<void> keep_session(std::string pid, std::string state, std::int64_t ms) {
    const std::lock_guard lock(mutex_);
    if (sessions_.size() >= settings_.sessions_max) {
      const auto now = clock_.steady_ms();
      std::erase_if(sessions_, [now](const auto& row) { return row.second.until <= now; });
      if (sessions_.size() >= settings_.sessions_max)
        return error(errc::unavailable,
                     {"too many sessions are kept already", "ya se guardan demasiadas sesiones"});
    }
    sessions_.insert_or_assign(std::move(pid), session{std::move(state), clock_.steady_ms() + ms});
    return {};
  }

  result<std::string> take_session(const std::string& pid) {
    const std::lock_guard lock(mutex_);
    auto row = sessions_.extract(pid);
    if (row.empty() || row.mapped().until <= clock_.steady_ms()) return no_such_session();
    return std::move(row.mapped().state);
  }

 private:
  struct session {
    std::string state;
    std::int64_t until = 0;  // steady ms
  };
  struct untold {
    bus_message message;
    const bus_listeners* from;
  };
  // More wait for the thread that tells, unless it is the one that publishes.
  static constexpr std::size_t untold_max = 1'000;

  void keep(const bus_message& message) {
    kept_bytes_ += message.data.size();
    kept_.push_back(message);
    while (kept_.size() > settings_.messages_max || kept_bytes_ > settings_.message_bytes_max) {
      kept_bytes_ -= kept_.front().data.size();
      kept_.pop_front();
    }
  }

  // One thread tells for all, so that every node hears one order.
  void tell_all(std::unique_lock<std::mutex>& lock) {
    telling_ = std::this_thread::get_id();
    while (!untold_.empty()) {
      const bus_message message = std::move(untold_.front().message);
      const auto* from = untold_.front().from;
      untold_.pop_front();
      std::vector<std::shared_ptr<bus_listeners>> all;
      for (const auto& each : nodes_)
        if (auto node = each.lock(); node) all.push_back(std::move(node));
      lock.unlock();
      room_.notify_one();
      for (const auto& node : all)
        if (node.get() == from)
          node->tell_own(message);
        else
          node->tell(message);
      all.clear();
      lock.lock();
    }
    telling_ = std::thread::id();
  }

  // Offsets of another life of the process are none of ours.
  std::optional<std::int64_t> number_of(std::string_view offset) const {
    const auto prefix = fmt::format("{}-", era_);
    if (!offset.starts_with(prefix)) return std::nullopt;
    offset.remove_prefix(prefix.size());
    std::int64_t number = 0;
    const auto [end, bad] = std::from_chars(offset.data(), offset.data() + offset.size(), number);
    if (bad != std::errc() || end != offset.data() + offset.size()) return std::nullopt;
    return number;
  }

  const clock_port& clock_;
  const local_bus_settings settings_;
  const std::int64_t era_;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::deque<untold> untold_;
  std::thread::id telling_;
  std::vector<std::weak_ptr<bus_listeners>> nodes_;
  std::deque<bus_message> kept_;
  std::size_t kept_bytes_ = 0;
  std::int64_t last_ = 0;
  std::unordered_map<std::string, session> sessions_;
};

namespace {

using boost::asio::awaitable;

class local_bus final : public bus {
 public:
  explicit local_bus(std::shared_ptr<local_exchange> shared) : shared_(std::move(shared)) {
    shared_->join(listeners_);
  }

  const std::string& node() const override { return node_; }

  awaitable<result<std::string>> publish(bus_message message) override {
    if (auto ok = check(message); !ok) co_return ok.error();
    message.node = node_;
    co_return shared_->publish(std::move(message), listeners_.get());
  }

  bus_listening listen(bus_listener listener) override {
    return listeners_->add(std::move(listener));
  }

  awaitable<result<std::vector<bus_message>>> since(std::string offset) override {
    co_return shared_->since(offset);
  }

  awaitable<result<void>> keep_session(std::string pid, std::string state,
                                       std::int64_t ms) override {
    if (auto ok = check_session(pid, state, ms); !ok) co_return ok;
    co_return shared_->keep_session(std::move(pid), std::move(state), ms);
  }

  awaitable<result<std::string>> take_session(std::string pid) override {
    co_return shared_->take_session(pid);
  }

 private:
  const std::shared_ptr<local_exchange> shared_;
  const std::shared_ptr<bus_listeners> listeners_ = std::make_shared<bus_listeners>();
  const std::string node_ = new_node_name();
};

}  // namespace

std::shared_ptr<local_exchange> make_local_exchange(const clock_port& clock,
                                                    local_bus_settings settings) {
  return std::make_shared<local_exchange>(clock, settings);
}

std::unique_ptr<bus> make_local_bus(std::shared_ptr<local_exchange> shared) {
  return std::make_unique<local_bus>(std::move(shared));
}

}  // namespace son1k::realtime
