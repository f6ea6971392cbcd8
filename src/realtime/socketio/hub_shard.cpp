#include <boost/asio/post.hpp>

#include "base/log.hpp"
#include "realtime/socketio/hub.hpp"

namespace son1k::realtime {
namespace {

constexpr std::size_t events_waiting_max = 100'000;

}  // namespace

hub_shard::hub_shard(io_server::state& h, boost::asio::any_io_executor e)
    : hub(h), executor(std::move(e)), timer_(executor) {}

void hub_shard::post() {
  boost::asio::post(executor, [this, alive = hub.shared_from_this()] { drain(); });
}

void hub_shard::give(order what) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(what));
    if (posted_.exchange(true)) return;
  }
  post();
}

void hub_shard::give_event(order what) {
  {
    const std::lock_guard lock(mutex_);
    if (++events_waiting_ > events_waiting_max + 1) return;
    if (events_waiting_ <= events_waiting_max)
      inbox_.push_back(std::move(what));
    else
      inbox_.push_back([](hub_shard& here) { here.cut_all(); });
    if (posted_.exchange(true)) return;
  }
  post();
}

void hub_shard::cut_all() {
  log::warn("socketio.overflow", {});
  for (const auto& each : connections()) each->close(close_reason::too_slow);
  hub.cut.fetch_add(connections_.size(), std::memory_order_relaxed);
}

void hub_shard::drain() {
  // An order that comes here again finds the others under way, in their order.
  if (draining_ || !posted_.load(std::memory_order_acquire)) return;
  std::vector<order> now;
  {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    events_waiting_ = 0;
    now.swap(inbox_);
  }
  if (now.empty()) return;
  const on_shard here(*this);
  draining_ = true;
  for (auto& each : now) {
    try {
      each(*this);
    } catch (const std::exception& fault) {
      log::error("socketio.order.escaped", {{"what", fault.what()}});
    }
  }
  draining_ = false;
}

room_table& hub_shard::table(const hub_space& space) {
  if (tables_.size() <= space.index) tables_.resize(space.index + 1);
  auto& at = tables_[space.index];
  if (!at) at = std::make_unique<room_table>();
  return *at;
}

void hub_shard::add(hub_connection& connection) {
  connection.index_ = static_cast<std::uint32_t>(connections_.size());
  connections_.push_back(&connection);
  hub.connections.fetch_add(1, std::memory_order_relaxed);
}

void hub_shard::remove(hub_connection& connection) {
  connections_.back()->index_ = connection.index_;
  connections_[connection.index_] = connections_.back();
  connections_.pop_back();
  hub.connections.fetch_sub(1, std::memory_order_relaxed);
}

std::vector<std::shared_ptr<hub_connection>> hub_shard::connections() const {
  std::vector<std::shared_ptr<hub_connection>> out;
  out.reserve(connections_.size());
  for (auto* each : connections_) out.push_back(each->shared_from_this());
  return out;
}

void hub_shard::after(std::int64_t ms, std::function<void()> what) {
  later_.emplace(hub.clock.steady_ms() + ms, std::move(what));
  arm();
}

void hub_shard::arm() {
  if (later_.empty() || hub.stopped || !timer_) return;
  const auto first = later_.begin()->first;
  if (armed_for_ != 0 && armed_for_ <= first) return;
  armed_for_ = first;
  timer_->expires_after(
      std::chrono::milliseconds(std::max<std::int64_t>(0, first - hub.clock.steady_ms())));
  timer_->async_wait([this, weak = hub.weak_from_this()](boost::system::error_code cut) {
    if (cut) return;
    const auto alive = weak.lock();
    if (!alive || alive->stopped) return;
    armed_for_ = 0;
    tick();
  });
}

void hub_shard::tick() {
  const on_shard here(*this);
  const auto now = hub.clock.steady_ms();
  while (!later_.empty() && later_.begin()->first <= now) {
    const auto what = std::move(later_.begin()->second);
    later_.erase(later_.begin());
    what();
  }
  arm();
}

void hub_shard::watch_connects() {
  if (watching_) return;
  watching_ = true;
  const auto step = std::clamp<std::int64_t>(hub.settings.connect_ms_max / 20, 10, 1'000);
  after(step, [this] {
    watching_ = false;
    const auto now = hub.clock.steady_ms();
    bool more = false;
    for (auto* each : connections_) {
      each->look_at(now);
      more = more || each->waits_for_connect();
    }
    if (more) watch_connects();
  });
}

void hub_shard::stop() {
  timer_.reset();
  for (const auto& each : connections()) each->close(close_reason::server_stops);
}

}  // namespace son1k::realtime
