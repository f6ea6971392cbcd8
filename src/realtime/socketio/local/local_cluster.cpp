#include "realtime/socketio/local/local_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <mutex>

#include "realtime/socketio/encode.hpp"
#include "realtime/socketio/local/local_place.hpp"

namespace son1k::realtime {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

constexpr std::int64_t fetch_ms = 5'000;
constexpr std::chrono::milliseconds look_every{20};

template <class Call>
void call(local_seat& seat, Call what) {
  const std::lock_guard lock(seat.busy);
  if (seat.peer != nullptr) what(*seat.peer);
}

// Answers that are waited for, for a while. Callbacks come on any thread, also after the wait.
template <class Each>
struct replies : std::enable_shared_from_this<replies<Each>> {
  // The time runs from here on: the others may answer before anybody waits.
  replies(asio::any_io_executor e, std::size_t count, const clock_port& c, std::int64_t ms)
      : executor(std::move(e)),
        timer(executor),
        clock(c),
        until_ms(c.steady_ms() + ms),
        missing(count) {}

  void add(Each one) {
    std::unique_lock lock(mutex);
    if (over || missing == 0) return;
    all.push_back(std::move(one));
    if (--missing > 0) return;
    lock.unlock();
    ready();
  }
  void ready() {
    asio::post(executor, [self = this->shared_from_this()] { self->timer.cancel(); });
  }
  // False: not all came in time. The clock may be one that a test moves.
  static awaitable<bool> wait(std::shared_ptr<replies> self) {
    for (;;) {
      {
        const std::lock_guard lock(self->mutex);
        self->over = self->missing == 0 || self->clock.steady_ms() >= self->until_ms;
        if (self->over) co_return self->missing == 0;
      }
      self->timer.expires_after(look_every);
      boost::system::error_code cut;
      co_await self->timer.async_wait(asio::redirect_error(asio::use_awaitable, cut));
    }
  }

  const asio::any_io_executor executor;
  asio::steady_timer timer;
  const clock_port& clock;
  const std::int64_t until_ms;
  std::mutex mutex;
  std::size_t missing;
  bool over = false;
  std::vector<Each> all;
};

error too_late(std::size_t missing) {
  return {errc::timeout,
          "cluster",
          {fmt::format("{} of the other servers did not answer in time", missing),
           fmt::format("{} de los demás servidores no respondieron a tiempo", missing)}};
}

result<void> check(const io_payload& event) {
  const char* fault = fault_of(event);
  if (fault == nullptr) return {};
  const bool is_large = bytes_of(event) > io_event_bytes_max;
  return error(is_large ? errc::payload_too_large : errc::validation, "event",
               {fault, "no es un evento que se pueda enviar"});
}

// The formats that go over a wire carry the first argument of an answer.
io_payload first_of(io_payload answer) {
  boost::json::error_code broken;
  auto list = boost::json::parse(answer.json, broken);
  if (!broken && list.is_array() && list.get_array().size() > 1) {
    list.get_array().resize(1);
    answer.json = boost::json::serialize(list);
  }
  return answer;
}

// The acks of other nodes: how many are due is known when each has said how many it asked.
struct acks_elsewhere {
  std::mutex mutex;
  std::size_t nodes = 0;
  std::size_t due = 0;
  std::size_t came = 0;
  bool over = false;
  std::function<void(std::size_t)> asked;
  std::function<void(io_payload)> acked;
  std::shared_ptr<replies<bool>> done;

  void note(std::size_t sockets) {
    const std::lock_guard lock(mutex);
    if (over) return;
    --nodes;
    due += sockets;
    asked(sockets);
    look();
  }
  void note(io_payload answer) {
    const std::lock_guard lock(mutex);
    if (over) return;
    ++came;
    acked(std::move(answer));
    look();
  }
  void look() {
    if (nodes == 0 && came == due) done->add(true);
  }
};

class local_cluster final : public cluster {
 public:
  explicit local_cluster(std::shared_ptr<local_place> place) : place_(std::move(place)) {}
  ~local_cluster() override { place_->leave(seat_); }

  const std::string& node() const override { return node_; }

  void attach(cluster_peer* peer) override {
    place_->leave(seat_);
    {
      const std::lock_guard lock(seat_->busy);
      seat_->peer = peer;
    }
    if (peer != nullptr) place_->join(seat_);
  }

  awaitable<result<std::string>> broadcast(io_broadcast message, io_turn deliver) override {
    if (auto ok = check(message.event); !ok) co_return ok.error();
    const auto tell_others = [](auto& seat, auto& told) {
      call(seat, [&](cluster_peer& peer) { peer.on_broadcast(told); });
    };
    co_return place_->keep_and_tell(std::move(message), seat_.get(), deliver, tell_others);
  }

  std::optional<std::string> broadcast_at_once(const io_broadcast& message) override {
    return place_->keep_alone(message);
  }

  std::string last_offset() const override { return place_->last_offset(); }

  awaitable<result<void>> broadcast_with_ack(io_broadcast message,
                                             std::function<void(std::size_t)> asked,
                                             std::function<void(io_payload)> acked,
                                             std::int64_t ms) override {
    const auto others = place_->others(seat_.get());
    if (others.empty()) co_return result<void>();
    auto executor = co_await asio::this_coro::executor;
    auto wait = std::make_shared<acks_elsewhere>();
    wait->nodes = others.size();
    wait->asked = std::move(asked);
    wait->acked = std::move(acked);
    wait->done = std::make_shared<replies<bool>>(executor, 1, place_->clock(), ms);
    const auto ask = [&](cluster_peer& peer) {
      peer.on_broadcast_with_ack(
          message, [wait](std::size_t n) { wait->note(n); },
          [wait](io_payload answer) { wait->note(first_of(std::move(answer))); });
    };
    for (const auto& each : others) call(*each, ask);
    co_await replies<bool>::wait(wait->done);
    const std::lock_guard lock(wait->mutex);
    wait->over = true;
    co_return result<void>();
  }

  awaitable<result<void>> join(std::string space, room_selection whom,
                               std::vector<std::string> rooms) override {
    tell([&](cluster_peer& peer) { peer.on_join(space, whom, rooms); });
    co_return result<void>();
  }

  awaitable<result<void>> leave(std::string space, room_selection whom,
                                std::vector<std::string> rooms) override {
    tell([&](cluster_peer& peer) { peer.on_leave(space, whom, rooms); });
    co_return result<void>();
  }

  awaitable<result<void>> disconnect(std::string space, room_selection whom, bool close) override {
    tell([&](cluster_peer& peer) { peer.on_disconnect(space, whom, close); });
    co_return result<void>();
  }

  awaitable<result<std::vector<remote_socket>>> fetch(std::string space,
                                                      room_selection whom) override {
    using sockets = std::vector<remote_socket>;
    const auto others = place_->others(seat_.get());
    sockets out;
    if (others.empty()) co_return out;
    auto executor = co_await asio::this_coro::executor;
    auto all =
        std::make_shared<replies<sockets>>(executor, others.size(), place_->clock(), fetch_ms);
    const auto ask = [&](cluster_peer& peer) {
      peer.on_fetch(space, whom, [all](sockets some) { all->add(std::move(some)); });
    };
    for (const auto& each : others) call(*each, ask);
    const bool complete = co_await replies<sockets>::wait(all);
    const std::lock_guard lock(all->mutex);
    if (!complete) co_return too_late(all->missing);
    for (auto& some : all->all) std::ranges::move(some, std::back_inserter(out));
    co_return out;
  }

  awaitable<result<std::vector<io_payload>>> server_emit(std::string space, io_payload event,
                                                         std::int64_t ms) override {
    if (ms <= 0) {
      tell([&](cluster_peer& peer) { peer.on_server_emit(space, event, {}); });
      co_return std::vector<io_payload>();
    }
    const auto others = place_->others(seat_.get());
    if (others.empty()) co_return std::vector<io_payload>();
    auto executor = co_await asio::this_coro::executor;
    auto all = std::make_shared<replies<io_payload>>(executor, others.size(), place_->clock(), ms);
    const auto ask = [&](cluster_peer& peer) {
      peer.on_server_emit(space, event,
                          [all](io_payload one) { all->add(first_of(std::move(one))); });
    };
    for (const auto& each : others) call(*each, ask);
    const bool complete = co_await replies<io_payload>::wait(all);
    const std::lock_guard lock(all->mutex);
    if (!complete) co_return too_late(all->missing);
    co_return std::move(all->all);
  }

  std::size_t servers() const override { return place_->others(seat_.get()).size(); }

  awaitable<result<void>> keep_session(kept_session session, std::int64_t ms) override {
    co_return place_->keep_session(std::move(session), ms);
  }

  awaitable<result<kept_session>> take_session(std::string pid) override {
    co_return place_->take_session(pid);
  }

  awaitable<result<std::vector<io_broadcast>>> since(std::string space,
                                                     std::string offset) override {
    co_return place_->since(space, offset);
  }

 private:
  template <class Call>
  void tell(Call what) {
    for (const auto& each : place_->others(seat_.get())) call(*each, what);
  }

  const std::shared_ptr<local_place> place_;
  const std::shared_ptr<local_seat> seat_ = std::make_shared<local_seat>();
  const std::string node_ = new_node_name();
};

}  // namespace

std::shared_ptr<local_place> make_local_place(const clock_port& clock,
                                              local_cluster_settings settings) {
  return std::make_shared<local_place>(clock, settings);
}

std::unique_ptr<cluster> make_local_cluster(std::shared_ptr<local_place> place) {
  return std::make_unique<local_cluster>(std::move(place));
}

}  // namespace son1k::realtime
