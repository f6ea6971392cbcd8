#include "net/redis/redis_connection.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "base/completion.hpp"
#include "base/log.hpp"
#include "base/spawn.hpp"

namespace son1k::net {
namespace asio = boost::asio;
using std::chrono::milliseconds;
namespace {

constexpr std::size_t write_bytes_max = 256 * 1024;
constexpr std::size_t read_bytes = 64 * 1024;
constexpr std::size_t kept_bytes_max = 4 * write_bytes_max;  // of a buffer that one call made large
// A link that lived this long, or answered a call, was a good one: the waits begin anew.
constexpr milliseconds sound_life{1'000};
constexpr int dials_between_logs = 15;

milliseconds with_jitter(milliseconds most) {
  thread_local std::minstd_rand dice{std::random_device{}()};
  return milliseconds(
      std::uniform_int_distribution<std::int64_t>(most.count() / 2, most.count())(dice));
}

bool needs_a_person(const error& e) {
  return e.code != errc::unavailable && e.code != errc::timeout;
}

error stopped() {
  return redis_error(errc::unavailable,
                     {"the Redis client was stopped", "el cliente de Redis se detuvo"},
                     call_outcome::not_sent);
}

}  // namespace

std::shared_ptr<redis_connection> redis_core::add(std::string name) {
  auto made = std::make_shared<redis_connection>(*this, std::move(name));
  const std::lock_guard hold(lock);
  if (stopped) made->close();
  std::erase_if(connections, [](const auto& one) { return one.expired(); });
  connections.push_back(made);
  return made;
}

std::vector<std::shared_ptr<redis_connection>> redis_core::take_connections() {
  std::vector<std::shared_ptr<redis_connection>> out;
  const std::lock_guard hold(lock);
  for (const auto& one : connections) {
    if (auto held = one.lock()) out.push_back(std::move(held));
  }
  connections.clear();
  return out;
}

struct redis_connection::turn final : waiting {
  turn(asio::any_io_executor e, std::shared_ptr<redis_connection> c)
      : waiting(std::move(e)), connection(std::move(c)) {}
  void resume() override { connection->take_inbox(); }
  std::shared_ptr<redis_connection> connection;
};

redis_connection::redis_connection(redis_core& core, std::string name, hooks h)
    : core_(core),
      hooks_(std::move(h)),
      dialler_(core.loop, core.settings, core.tls, std::move(name)),
      in_(read_bytes),
      pause_timer_(core.loop),
      write_timer_(core.loop),
      hold_timer_(core.loop),
      sweep_timer_(core.loop) {}

void redis_connection::start() {
  asio::any_io_executor loop = core_.loop.get_executor();
  spawn(loop, "redis.connection", run(shared_from_this()));
}

result<void> redis_connection::submit(redis_call call) {
  const auto& bounds = core_.settings;
  const std::size_t size = call.command.size();
  if (calls_.load(std::memory_order_relaxed) >= bounds.calls_max ||
      bytes_.load(std::memory_order_relaxed) + size > bounds.bytes_max) {
    return redis_error(errc::unavailable,
                       {"too many calls wait for Redis", "demasiadas llamadas esperan a Redis"},
                       call_outcome::not_sent);
  }
  bool wake = false;
  {
    const std::lock_guard hold(lock_);
    if (shut_) return stopped();
    calls_.fetch_add(1, std::memory_order_relaxed);
    bytes_.fetch_add(size, std::memory_order_relaxed);
    core_.figures.in_flight.fetch_add(1, std::memory_order_relaxed);
    inbox_.push_back(std::move(call));
    wake = !awake_;
    awake_ = true;
  }
  if (wake) {
    asio::any_io_executor loop = core_.loop.get_executor();
    resume_soon(std::make_shared<turn>(std::move(loop), shared_from_this()));
  }
  return {};
}

void redis_connection::tell(redis_command command) {
  if (closed_ || !up()) return;
  add_own(std::move(command), waiting_);
  pump();
}

void redis_connection::add_own(redis_command command, calls& to) {
  redis_call call;
  call.command = std::move(command);
  call.own = true;
  call.begun = clock::now();
  call.deadline = clock::time_point::max();
  to.push_back(std::move(call));
}

void redis_connection::take_inbox() {
  {
    const std::lock_guard hold(lock_);
    arriving_.swap(inbox_);
    awake_ = false;
  }
  for (auto& call : arriving_) {
    next_deadline_ = std::min(next_deadline_, call.deadline);
    waiting_.push_back(std::move(call));
  }
  arriving_.clear();
  arm(next_deadline_);
  pump();
}

// No fault may leave a connection that nobody drives: what escapes is one more reason to dial.
asio::awaitable<void> redis_connection::run(std::shared_ptr<redis_connection>) {
  auto backoff = core_.settings.backoff_min;
  while (!closed_) {
    const auto begun = clock::now();
    served_ = false;
    try {
      co_await dial_and_serve();
    } catch (const std::exception& fault) {
      log::error("redis.escaped", {{"what", fault.what()}});
    }
    if (closed_) break;
    const bool refused = std::exchange(refused_, false);
    if (!refused && (served_ || clock::now() - begun > sound_life + core_.settings.connect_time)) {
      backoff = core_.settings.backoff_min;
    }
    const auto wait = with_jitter(backoff);
    backoff = std::min(backoff * 2, core_.settings.backoff_max);
    co_await pause(wait);
  }
}

asio::awaitable<void> redis_connection::dial_and_serve() {
  auto dialled = co_await dialler_.dial();
  if (closed_) {
    if (dialled) dialled->stream->close();
    co_return;
  }
  if (dialled) {
    failures_ = 0;
    link_ = std::move(*dialled);
    co_await serve();
    co_return;
  }
  core_.figures.refused_dials.fetch_add(1, std::memory_order_relaxed);
  if (failures_++ % dials_between_logs == 0) {
    log::warn("redis.unreachable",
              {{"server", core_.settings.shown()}, {"why", dialled.error().message.en}});
  }
  if (needs_a_person(dialled.error())) fail_waiting(dialled.error());
  dial_error_ = dialled.error();
}

milliseconds redis_connection::away() const {
  const auto since = away_since_.load(std::memory_order_relaxed);
  if (since == 0) return milliseconds(0);
  return std::chrono::duration_cast<milliseconds>(clock::now().time_since_epoch() -
                                                  clock::duration(since));
}

asio::awaitable<void> redis_connection::serve() {
  link_up_.store(true, std::memory_order_relaxed);
  times_up_.fetch_add(1, std::memory_order_relaxed);
  core_.figures.connected.fetch_add(1, std::memory_order_relaxed);
  const std::int64_t away_ms = away().count();
  if (away_since_.exchange(0) != 0) {
    core_.figures.back.fetch_add(1, std::memory_order_relaxed);
    core_.figures.away_ms.fetch_add(static_cast<std::uint64_t>(away_ms), std::memory_order_relaxed);
  }
  log::info("redis.connected", {{"server", to_text(link_.at)}, {"away_ms", away_ms}});
  dial_error_.reset();
  sent_ = flushed_ = 0;
  heard_ = clock::now();
  loads_.clear();
  arm(heard_ + core_.settings.ping_every);
  auto why =
      redis_error(errc::internal, {"a fault of its own", "un fallo propio"}, call_outcome::unknown);
  try {
    if (hooks_.up) hooks_.up();
    pump();
    why = co_await listen();
  } catch (const std::exception& fault) {
    log::error("redis.escaped", {{"what", fault.what()}});
  }
  link_up_.store(false, std::memory_order_relaxed);
  core_.figures.connected.fetch_sub(1, std::memory_order_relaxed);
  link_.stream->close();
  // What left and what did not is known once the write has ended.
  while (writing_) {
    boost::system::error_code woken;
    auto token = asio::redirect_error(asio::use_awaitable, woken);
    write_timer_.expires_at(clock::time_point::max());
    co_await write_timer_.async_wait(token);
  }
  on_link_lost(why);
}

asio::awaitable<error> redis_connection::listen() {
  for (;;) {
    boost::system::error_code ec;
    const auto n = co_await link_.stream->read_some(asio::buffer(in_), ec);
    if (ec) co_return redis_error(errc::unavailable, {ec.message()}, call_outcome::unknown);
    heard_ = clock::now();
    link_.reader->feed({in_.data(), n});
    auto replies = take_replies();
    if (!replies) co_return replies.error();
    due_since_ = written_.empty() ? std::nullopt : std::optional(heard_);
    settle_refusals();
    pump();
  }
}

asio::awaitable<void> redis_connection::pause(milliseconds time) {
  boost::system::error_code woken;
  auto token = asio::redirect_error(asio::use_awaitable, woken);
  pause_timer_.expires_after(time);
  co_await pause_timer_.async_wait(token);
}

void redis_connection::pump() {
  if (writing_ || holding_ || closed_ || !up()) return;
  out_.clear();
  gather(again_);
  if (again_.empty()) gather(waiting_);
  if (out_.empty()) return;
  writing_ = true;
  sent_ += out_.size();
  if (!due_since_) {
    due_since_ = clock::now();
    arm(*due_since_ + core_.settings.silence_time);
  }
  auto done = [self = shared_from_this()](const boost::system::error_code& ec, std::size_t bytes) {
    self->on_written(ec, bytes);
  };
  link_.stream->write(asio::buffer(out_), std::move(done));
}

void redis_connection::gather(calls& from) {
  while (!from.empty() && out_.size() < write_bytes_max) {
    redis_call& next = from.front();
    next.command.write_to(out_);
    next.end = sent_ + out_.size();
    next.sequence = ++sequence_;
    if (!hooks_.push) written_.push_back(std::move(next));
    from.pop_front();
  }
}

void redis_connection::on_written(const boost::system::error_code& ec, std::size_t bytes) {
  writing_ = false;
  flushed_ += bytes;
  if (out_.capacity() > kept_bytes_max) out_ = std::string();
  if (ec || !up()) {
    link_.stream->close();
    write_timer_.cancel();
    return;
  }
  pump();
}

void redis_connection::close() {
  {
    const std::lock_guard hold(lock_);
    shut_ = true;
    arriving_.swap(inbox_);
  }
  for (auto& call : arriving_) waiting_.push_back(std::move(call));
  arriving_.clear();
  if (closed_) return;
  closed_ = true;
  dialler_.cancel();
  if (link_.stream) link_.stream->close();
  for (auto* timer : {&pause_timer_, &hold_timer_, &sweep_timer_}) timer->cancel();
  for (auto& call : written_) {
    if (call.ended || call.own) continue;
    end(call, redis_error(errc::cancelled, {"stopped while Redis was at it", "detenido a medias"},
                          call_outcome::unknown));
    call.ended = true;
  }
  fail_waiting(redis_error(errc::cancelled, {"stopped before it was sent", "detenido sin enviar"},
                           call_outcome::not_sent));
}

void redis_connection::interrupt() {
  auto cut = [self = shared_from_this()] {
    if (!self->link_.stream) return;
    self->interrupted_ = true;
    self->link_.stream->close();
  };
  asio::post(core_.loop, std::move(cut));
}

}  // namespace son1k::net
