#include "realtime/cluster/redis/cluster_node.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"
#include "base/spawn.hpp"
#include "base/thread_name.hpp"

namespace son1k::realtime {

using boost::asio::awaitable;

namespace {
constexpr std::chrono::milliseconds beat{100};
constexpr std::int64_t complain_every_ms = 10'000;
}  // namespace

cluster_node::cluster_node(net::redis_client& redis, const clock_port& clock,
                           std::int64_t answer_ms)
    : redis_(redis),
      clock_(clock),
      requests_(clock),
      answer_ms_(answer_ms),
      work_(boost::asio::make_work_guard(loop_)),
      timer_(loop_) {}

cluster_node::~cluster_node() {
  stop();
}

void cluster_node::start() {
  spawn(loop_.get_executor(), "cluster.time", keep_time());
  thread_ = std::thread([this] {
    name_thread("cluster");
    loop_.run();
  });
}

void cluster_node::stop() {
  {
    const std::lock_guard lock(outlet_->mutex);
    outlet_->open = false;
  }
  attach(nullptr);
  requests_.stop();
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
}

void cluster_node::attach(cluster_peer* peer) {
  const std::lock_guard lock(peer_mutex_);
  peer_ = peer;
}

awaitable<void> cluster_node::keep_time() {
  for (;;) {
    timer_.expires_after(beat);
    boost::system::error_code ended;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ended));
    if (ended) co_return;
    requests_.on_time();
    if (lost_.exchange(false)) on_lost();
    tick();
  }
}

net::redis_subscription cluster_node::subscribe(std::string channel, net::redis_channel how,
                                                std::function<void()> live) {
  net::redis_listener listener;
  listener.message =
      while_here([this](std::string_view from, std::string_view bytes) { take_in(from, bytes); });
  listener.live = std::move(live);
  return redis_.subscribe(std::move(channel), std::move(listener), how);
}

void cluster_node::take_in(std::string_view channel, std::string_view bytes) {
  if (bytes.size() > wire_bytes_max) return refuse("too large", channel);
  const auto size = channel.size() + bytes.size();
  if (waiting_ >= waiting_max || waiting_bytes_ + size > waiting_bytes_max) {
    ++dropped_;
    lost_ = true;
    refuse("more arrives than is handled", channel);
    return;
  }
  ++waiting_;
  waiting_bytes_ += size;
  auto handle = [this, from = std::string(channel), what = std::string(bytes)] {
    --waiting_;
    waiting_bytes_ -= from.size() + what.size();
    try {
      hear(from, what);
    } catch (const std::exception& e) {
      refuse(e.what(), from);
    }
  };
  boost::asio::post(loop_, std::move(handle));
}

void cluster_node::refuse(std::string_view why, std::string_view from) {
  ++refused_;
  const auto now = clock_.steady_ms();
  auto last = complained_.load();
  if (last != 0 && now - last < complain_every_ms) return;
  if (!complained_.compare_exchange_strong(last, now)) return;
  log::warn("cluster.refused", {{"why", why},
                                {"from", from.substr(0, 100)},
                                {"refused", static_cast<std::int64_t>(refused_.load())}});
}

void cluster_node::publish(const std::string& channel, std::string_view bytes) {
  if (bytes.size() > wire_bytes_max) return refuse("an answer of ours is too large", channel);
  ++told_;
  // Nobody waits for it: a reply that is lost is one that the other side stops waiting for.
  (void)redis_.send(net::redis_command("PUBLISH", channel, bytes), [](net::redis_reply) {});
}

awaitable<result<void>> cluster_node::publish_and_wait(std::string channel, std::string bytes) {
  ++told_;
  net::redis_command command("PUBLISH", channel, bytes);
  auto done = co_await redis_.call(std::move(command));
  if (!done) co_return done.error();
  co_return result<void>();
}

void cluster_node::count_others(const std::vector<std::string>& spaces,
                                const std::function<std::string(const std::string&)>& channel_of) {
  constexpr std::int64_t every_ms = 1'000;
  const auto now = clock_.steady_ms();
  if (now - counted_ms_ < every_ms) return;
  counted_ms_ = now;
  for (const auto& space : spaces) {
    auto counted =
        while_here([this, space, first = space == spaces.front()](const net::redis_reply& got) {
          if (!got) return;
          const auto listeners = std::max<std::int64_t>(1, (*got)[1].number_or(1));
          if (first) others_ = static_cast<std::size_t>(listeners - 1);
          requests_.on_count(space, static_cast<std::size_t>(listeners - 1));
        });
    (void)redis_.send(net::redis_command("PUBSUB", "NUMSUB", channel_of(space)),
                      std::move(counted));
  }
}

awaitable<result<std::size_t>> cluster_node::listeners_of(std::string channel) {
  net::redis_command command("PUBSUB", "NUMSUB", channel);
  auto got = co_await redis_.call(std::move(command));
  if (!got) co_return got.error();
  co_return static_cast<std::size_t>(std::max<std::int64_t>(0, (*got)[1].number_or(0)));
}

void cluster_node::gather_figures(std::vector<metrics::family>& out) const {
  using metrics::family_type;
  const auto count = [&](const char* name, const char* help, const metrics::tally& figure) {
    metrics::add_figure(out, name, help, family_type::counter, static_cast<double>(figure.load()));
  };
  count("son1k_cluster_heard_total", "Messages of other Socket.IO servers", heard_);
  count("son1k_cluster_told_total", "Messages to channels of other Socket.IO servers", told_);
  count("son1k_cluster_refused_total", "Messages of others that could not be read", refused_);
  count("son1k_cluster_dropped_total", "Messages that arrived faster than they are handled",
        dropped_);
  metrics::add_figure(out, "son1k_cluster_servers", "Other Socket.IO servers that live",
                      family_type::gauge, static_cast<double>(servers()));
}

}  // namespace son1k::realtime
