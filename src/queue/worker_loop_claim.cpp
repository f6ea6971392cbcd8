// How the worker's loop comes by jobs: how many it wants, the claims, what becomes of a claimed
// job, and the sweeps for jobs that others lost.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "base/log.hpp"
#include "queue/worker_loop.hpp"

namespace son1k::queue {
namespace asio = boost::asio;

namespace {

constexpr std::int64_t claim_wait_ms = 5'000;
constexpr std::int64_t claim_retry_ms_first = 50;
constexpr std::int64_t claim_retry_ms_max = 2'000;
constexpr std::int64_t room_poll_ms = 1'000;
constexpr std::int64_t tend_every_ms = 250;
// Ends that wait for the disk; beyond it no job is claimed.
constexpr std::size_t pending_max = 16'384;

std::int64_t steady_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

std::size_t worker_loop::claim_ahead() {
  if (settings_.claim_ahead_ms <= 0) return 0;
  const std::int64_t now = steady_us();
  const std::int64_t elapsed_us = now - paced_at_us_;
  // A shorter look would take a few long runs that end together for a fast pace.
  if (elapsed_us >= settings_.claim_ahead_ms * 1'000) {
    const double pace =
        static_cast<double>(runs_over_ - paced_runs_) * 1'000.0 / static_cast<double>(elapsed_us);
    pace_per_ms_ = (pace_per_ms_ + pace) / 2;
    paced_at_us_ = now;
    paced_runs_ = runs_over_;
  }
  const double ahead = pace_per_ms_ * static_cast<double>(settings_.claim_ahead_ms);
  // Fewer than one run a slot: runs outlast the window, and a job claimed ahead would sit there
  // with a start on record while nothing runs it.
  if (ahead < static_cast<double>(settings_.concurrency)) return 0;
  return std::min(static_cast<std::size_t>(ahead), settings_.claim_ahead_max);
}

std::size_t worker_loop::wanted() {
  if (paused_ || finish_.pending() >= pending_max) return 0;
  const std::size_t ahead = claim_ahead();
  const std::size_t target = settings_.concurrency + ahead;
  const std::size_t held = running_.load(std::memory_order_relaxed) + ready_.size() + reserved_;
  if (held >= target) return 0;
  std::size_t room = target - held;
  // A claim costs the same for one job as for a thousand: at a fast pace they are taken in bulk.
  if (ahead > settings_.concurrency && room < target / 4) return 0;
  // Where claims ride on ends two calls are under way: one is worked on here, one there.
  if (rides_ && ahead > settings_.concurrency) room = std::min(room, (target + 1) / 2);
  if (limiter_) {
    const std::size_t allowed = limiter_->available(clock_.steady_ms());
    const std::size_t spoken_for = ready_.size() + reserved_;
    room = std::min(room, allowed > spoken_for ? allowed - spoken_for : 0);
  }
  return room;
}

std::int64_t worker_loop::room_wait_ms() const {
  if (!limiter_) return room_poll_ms;
  const std::int64_t now = clock_.steady_ms();
  // The limiter may have let go since it was asked.
  if (limiter_->available(now) > ready_.size() + reserved_) return 1;
  const std::int64_t wait = limiter_->wait_ms(now);
  return wait > 0 ? std::min(wait, room_poll_ms) : room_poll_ms;
}

claim_request worker_loop::request_of(std::size_t queue_index, std::size_t most) const {
  claim_request request;
  request.queue = settings_.queues[queue_index];
  request.worker = settings_.name;
  request.max = most;
  request.lease_ms = settings_.lease_ms;
  return request;
}

finish_batcher::rider worker_loop::rider() {
  if (!rides_) return {};
  auto next = [this]() -> std::optional<claim_request> {
    const std::size_t want = draining_ ? 0 : wanted();
    if (want == 0) return std::nullopt;
    reserved_ += want;
    return request_of(0, want);
  };
  auto claimed = [this](std::size_t asked, result<std::vector<claimed_job>> got) {
    reserved_ -= asked;
    // After an error the loop that waits for jobs asks again, and says what is wrong.
    if (got && !got->empty()) accept(0, std::move(*got));
    wake_claims();
  };
  return {std::move(next), std::move(claimed)};
}

asio::awaitable<void> worker_loop::claim_loop(std::size_t queue_index) {
  const bool alone = settings_.queues.size() == 1;
  asio::steady_timer& room = *rooms_[queue_index];
  std::int64_t retry_ms = claim_retry_ms_first;
  bool look_first = !alone;  // with several queues, a waiting claim must not hold all free slots
  while (!draining_) {
    const std::size_t want = wanted();
    if (want == 0) {
      ++waiting_claims_;
      co_await nap(room, room_wait_ms());
      --waiting_claims_;
      continue;
    }
    claim_request request = request_of(queue_index, alone || look_first ? want : 1);
    request.wait_ms = look_first ? 0 : claim_wait_ms;
    const std::size_t reserved = look_first || rides_ ? want : 0;
    reserved_ += reserved;
    auto got = co_await world_.queue.claim(std::move(request));
    reserved_ -= reserved;
    if (!got) {
      if (draining_) break;
      log::warn("worker.claim_failed", {{"queue", settings_.queues[queue_index]},
                                        {"code", name_of(got.error().code)},
                                        {"error", got.error().what()},
                                        {"again_in_ms", retry_ms}});
      co_await nap(room, retry_ms);
      retry_ms = std::min(retry_ms * 2, claim_retry_ms_max);
      continue;
    }
    retry_ms = claim_retry_ms_first;
    if (!alone) look_first = !look_first || !got->empty();
    // Slots that were kept for this claim and not used are the other queues' at once.
    if (got->size() < reserved) wake_claims();
    if (!got->empty()) accept(queue_index, std::move(*got));
  }
}

void worker_loop::accept(std::size_t queue_index, std::vector<claimed_job> jobs) {
  const std::int64_t now = steady_us() / 1'000;
  std::vector<run_ptr> runs;
  runs.reserve(jobs.size());
  for (claimed_job& job : jobs) {
    const auto found = kind_by_name_.find(job.kind);
    job_kind* kind = found == kind_by_name_.end() ? nullptr : found->second;
    runs.push_back(std::make_shared<job_run>(world_, std::move(job), kind));
    runs.back()->queue_index = queue_index;
    runs.back()->claimed_at_ms = now;
  }
  watch_.add(runs);
  for (run_ptr& run : runs) {
    if (draining_ || paused_) {
      end(std::move(run), outcome::release());
    } else if (run->job().verdict) {
      job_error verdict = *run->job().verdict;
      verdict.retryable = false;
      const bool cancelled = verdict.code == "cancelled";
      end(std::move(run), cancelled ? outcome::cancel() : outcome::fail(std::move(verdict)));
    } else if (run->kind() == nullptr) {
      log::warn("worker.unknown_kind", {{"kind", run->job().kind}, {"job", run->job().held.id}});
      job_error why{"unknown_kind",
                    fmt::format("no worker here knows the kind \"{}\"", run->job().kind), false};
      end(std::move(run), outcome::fail(std::move(why)));
    } else {
      ready_.push_back(std::move(run));
    }
  }
  wake_slot();
}

void worker_loop::wake_claims() {
  if (waiting_claims_ == 0) return;
  // Under a limiter a claim that waits must learn when the next start is allowed.
  if (!draining_ && !limiter_ && wanted() == 0) return;
  for (auto& room : rooms_) room->cancel();
}

asio::awaitable<void> worker_loop::recover_loop(std::size_t queue_index) {
  naps_.push_back(std::make_unique<asio::steady_timer>(context_));
  asio::steady_timer& timer = *naps_.back();
  while (!draining_) {
    std::string queue = settings_.queues[queue_index];
    auto recovered = co_await world_.queue.recover_stalled(std::move(queue));
    if (!recovered) {
      log::warn("worker.recover_failed",
                {{"queue", settings_.queues[queue_index]}, {"error", recovered.error().what()}});
    } else if (*recovered > 0) {
      log::warn("worker.recovered",
                {{"queue", settings_.queues[queue_index]}, {"jobs", *recovered}});
    }
    if (!draining_) co_await nap(timer, settings_.recover_every_ms);
  }
}

asio::awaitable<void> worker_loop::tend_loop() {
  naps_.push_back(std::make_unique<asio::steady_timer>(context_));
  asio::steady_timer& timer = *naps_.back();
  const std::int64_t kept_ms = std::max(tend_every_ms, settings_.claim_ahead_ms * 10);
  while (!draining_) {
    co_await nap(timer, tend_every_ms);
    // Jobs claimed ahead whose slots are taken by long ones: another worker may have room.
    const std::int64_t edge = steady_us() / 1'000 - kept_ms;
    while (!ready_.empty() && ready_.front()->claimed_at_ms < edge) {
      run_ptr run = std::move(ready_.front());
      ready_.pop_front();
      end(std::move(run), outcome::release());
    }
  }
}

}  // namespace son1k::queue
