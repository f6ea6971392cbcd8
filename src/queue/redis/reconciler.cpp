#include "queue/redis/reconciler.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <thread>

#include "base/log.hpp"
#include "base/spawn.hpp"
#include "base/thread_name.hpp"
#include "base/uuid.hpp"
#include "queue/redis/rebuild.hpp"
#include "queue/schedules/leader.hpp"

namespace son1k::queue {
namespace asio = boost::asio;
using asio::awaitable;
namespace {

// So many times as long as a comparison took nobody compares, so that millions of rows cost little.
constexpr std::int64_t rest = 20;

// The line "run_id:…" of INFO: another one after each start of the server.
std::string run_id_of(std::string_view info) {
  constexpr std::string_view name = "run_id:";
  const auto at = info.find(name);
  if (at == info.npos) return {};
  info.remove_prefix(at + name.size());
  return std::string(info.substr(0, info.find_first_of("\r\n")));
}

}  // namespace

struct reconciler::state {
  state(net::redis_client& redis, store::database& db, queue_port& with_queue,
        const redis_queue_settings& how, std::vector<std::shared_ptr<job_kind>> with_kinds,
        const clock_port& with_clock, reconciler_settings with)
      : queue(with_queue),
        kinds(std::move(with_kinds)),
        clock(with_clock),
        settings(with),
        wire(std::make_shared<redis::link>(redis, how, with_clock)),
        repair(db, wire, with.slice),
        office(db, with_clock, "reconciler", uuid_v7(), with.lease_ms) {}

  awaitable<bool> pass();
  awaitable<bool> keep_office();
  awaitable<void> look_at_redis();
  awaitable<void> compare();
  awaitable<bool> compare_kind(std::shared_ptr<job_kind> kind);
  awaitable<void> recover_all();
  awaitable<void> loop();

  queue_port& queue;
  const std::vector<std::shared_ptr<job_kind>> kinds;
  const clock_port& clock;
  const reconciler_settings settings;
  const std::shared_ptr<redis::link> wire;
  redis::rebuild repair;
  leader office;
  std::int64_t beat_at_ms = 0;     // steady; when the lease is looked at again
  std::int64_t compare_at_ms = 0;  // steady; when rows and jobs are compared again
  std::string mark, run_id;        // of Redis as it was seen last
  redis::rebuild_tally found;      // of the comparison that is under way
  bool away = false;
  std::atomic<bool> leads{false};
  std::atomic<std::uint64_t> lost_redis{0}, compared{0}, rebuilt{0}, settled{0}, recovered{0};

  std::mutex mutex;  // of start and stop
  asio::io_context loop_context;
  asio::steady_timer timer{loop_context};
  std::atomic<bool> stopping{false};
  bool stopped = false;
  std::thread thread;
};

// Looks for the lease, or renews it when it is time.
awaitable<bool> reconciler::state::keep_office() {
  if (clock.steady_ms() < beat_at_ms) co_return office.leads();
  const bool led = office.leads();
  auto held = co_await office.beat();
  if (!held) {
    log::warn("reconciler.no_lease", {{"reason", held.error().what()}});
    co_return false;
  }
  beat_at_ms = clock.steady_ms() + settings.lease_ms / 3;
  leads = *held;
  if (led != *held) log::info("reconciler.leader", {{"leads", *held}});
  if (!led && *held) {
    mark.clear();
    compare_at_ms = 0;
  }
  co_return *held;
}

awaitable<bool> reconciler::state::pass() {
  const bool ours = co_await keep_office();
  if (!ours) co_return false;
  co_await look_at_redis();
  if (!away && clock.steady_ms() >= compare_at_ms) co_await compare();
  if (!away && office.leads()) co_await recover_all();
  leads = office.leads();
  co_return office.leads();
}

// Redis carries a mark of ours. Without it, or under another, it is not the Redis that it was;
// after a start of its own it may have forgotten what it had not written yet.
awaitable<void> reconciler::state::look_at_redis() {
  const auto key = wire->base() + std::string(redis::epoch_key);
  net::redis_command get("GET", key), ask("INFO", "server");
  auto got = co_await wire->call(std::move(get));
  auto info = co_await wire->call(std::move(ask));
  if (!got || !info) {
    if (!away) log::error("reconciler.redis_away", {{"why", (got ? info : got).error().what()}});
    away = true;
    co_return;
  }
  if (away) log::info("reconciler.redis_is_back");
  away = false;
  const std::string there(got->bytes());
  const auto run = run_id_of(info->bytes());
  if (!there.empty() && there == mark && run == run_id) co_return;
  if (!mark.empty()) {
    ++lost_redis;
    const char* what = there.empty() ? "emptied" : there != mark ? "replaced" : "started anew";
    log::error("reconciler.redis_lost", {{"redis", what}});
  }
  const auto next = there.empty() ? uuid_v7() : there;
  if (there.empty()) {
    net::redis_command set("SET", key, next);
    auto done = co_await wire->call(std::move(set));
    if (!done) co_return;
  }
  mark = next;
  run_id = run;
  compare_at_ms = 0;
}

awaitable<void> reconciler::state::compare() {
  const auto began = clock.steady_ms();
  found = {};
  for (const auto& kind : kinds) {
    const bool whole = co_await compare_kind(kind);
    if (!whole || stopping) co_return;
  }
  ++compared;
  if (found.added + found.settled > 0)
    log::warn("reconciler.rebuilt", {{"rows", found.looked},
                                     {"added", found.added},
                                     {"settled", found.settled},
                                     {"put_off", found.put_off},
                                     {"ms", clock.steady_ms() - began}});
  const auto now = clock.steady_ms();
  if (found.put_off == 0) compare_at_ms = now + std::max(settings.compare_ms, rest * (now - began));
}

// False: not to the end, it has to be done again.
awaitable<bool> reconciler::state::compare_kind(std::shared_ptr<job_kind> kind) {
  std::string after;
  do {
    const bool ours = co_await keep_office();
    if (!ours || stopping) co_return false;
    const auto before = found;
    auto next = co_await repair.next(office, kind, after, found);
    rebuilt += found.added - before.added;
    settled += found.settled - before.settled;
    if (!next) {
      if (next.error().code == errc::lease_lost) {
        office.lost();
        log::info("reconciler.leader", {{"leads", false}});
      } else {
        log::warn("reconciler.stuck", {{"kind", kind->name()}, {"why", next.error().what()}});
      }
      co_return false;
    }
    after = std::move(*next);
  } while (!after.empty());
  co_return true;
}

awaitable<void> reconciler::state::recover_all() {
  net::redis_command ask("SMEMBERS", wire->base() + "s1k:queues");
  auto names = co_await wire->call(std::move(ask));
  if (!names) co_return;
  for (const auto& name : names->items()) {
    if (stopping) co_return;
    std::string one(name.bytes());
    auto count = co_await queue.recover_stalled(std::move(one));
    if (count) recovered += *count;
  }
}

awaitable<void> reconciler::state::loop() {
  while (!stopping) {
    co_await pass();
    if (stopping) break;
    timer.expires_after(std::chrono::milliseconds(settings.look_ms));
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_await office.give_up();
  leads = false;
}

reconciler::reconciler(net::redis_client& redis, store::database& db, queue_port& queue,
                       redis_queue_settings how, std::vector<std::shared_ptr<job_kind>> kinds,
                       const clock_port& clock, reconciler_settings settings)
    : state_(std::make_shared<state>(redis, db, queue, how, std::move(kinds), clock, settings)) {}

reconciler::~reconciler() {
  stop();
}

void reconciler::start() {
  const std::lock_guard lock(state_->mutex);
  if (state_->thread.joinable() || state_->stopped) return;
  auto* self = state_.get();
  spawn(self->loop_context.get_executor(), "reconciler.loop", self->loop());
  self->thread = std::thread([self] {
    name_thread("reconciler");
    self->loop_context.run();
  });
}

void reconciler::stop() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  if (!state_->thread.joinable()) return;
  state_->stopping = true;
  asio::post(state_->loop_context, [self = state_.get()] { self->timer.cancel(); });
  state_->thread.join();
}

reconciler_stats reconciler::stats() const {
  return {state_->leads,   state_->lost_redis, state_->compared,
          state_->rebuilt, state_->settled,    state_->recovered};
}

void reconciler::collect_figures(std::vector<metrics::family>& out) const {
  using metrics::family_type;
  const auto now = stats();
  const auto total = [&out](const char* name, const char* help, std::uint64_t value) {
    metrics::add_figure(out, name, help, family_type::counter, static_cast<double>(value));
  };
  metrics::add_figure(out, "son1k_reconciler_leads", "1 while this process keeps the queue whole.",
                      family_type::gauge, now.leads ? 1.0 : 0.0);
  total("son1k_reconciler_redis_lost_total",
        "Times that Redis was found emptied, replaced or started anew.", now.lost_redis);
  total("son1k_reconciler_comparisons_total", "Whole comparisons of rows and jobs.", now.compared);
  total("son1k_reconciler_jobs_rebuilt_total", "Jobs made again from the rows that wait for them.",
        now.rebuilt);
  total("son1k_reconciler_rows_settled_total",
        "Rows ended because their jobs had vanished and could not be made again.", now.settled);
  total("son1k_reconciler_jobs_recovered_total", "Jobs of dead workers that wait again.",
        now.recovered);
}

awaitable<bool> reconciler::pass() {
  co_return co_await state_->pass();
}

}  // namespace son1k::queue
