#include "queue/schedules/due_runs.hpp"

#include <atomic>

#include "base/log.hpp"
#include "store/async.hpp"

namespace son1k::queue {
using boost::asio::awaitable;
namespace {

// When a schedule is looked at again that was valid when it was stored and is not any more (its
// time zone is gone from the machine's tables, say).
constexpr std::int64_t broken_retry_ms = 3'600'000;

void tell(const schedule_advance& what, const error& why) {
  log::warn("schedule.failed",
            {{"schedule", what.id}, {"code", name_of(why.code)}, {"reason", why.what()}});
}

}  // namespace

awaitable<result<due_report>> due_runs::run(const leader& under, std::int64_t limit) {
  const auto now = clock_.now_ms();
  auto work = [now, limit](store::connection& db) { return due_schedules(db, now, limit); };
  auto due = co_await store::async_read(db_, std::move(work));
  if (!due) co_return due.error();
  due_report out;
  out.found = due->size();
  std::vector<planned> all;
  for (auto& one : *due) {
    const schedule_advance about{one.spec.id, one.version, 0, 0, {}, false};
    auto next = co_await plan(std::move(one), under);
    if (next) {
      all.push_back(std::move(*next));
    } else {
      ++out.failed;
      tell(about, next.error());
    }
  }
  const auto done = co_await commit_all(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (done[i]) {
      out.runs += all[i].what.job ? 1 : 0;
      out.skipped += all[i].what.skipped ? 1 : 0;
      out.missed += static_cast<std::size_t>(all[i].missed);
    } else if (done[i].error().code == errc::lease_lost) {
      out.lost = true;
    } else if (done[i].error().code != errc::conflict) {
      ++out.failed;
      tell(all[i].what, done[i].error());
    }
  }
  co_return out;
}

awaitable<result<due_runs::planned>> due_runs::plan(schedule due, const leader& under) {
  planned out;
  auto& what = out.what;
  what.id = due.spec.id;
  what.version = due.version;
  what.due_ms = due.next_run_ms;
  under.stage_fence(out.tx);
  const auto when = check(due.spec);
  if (!when) {
    tell(what, when.error());
    what.next_run_ms = clock_.now_ms() + broken_retry_ms;
    out.tx.stage([what](store::connection& db) { return advance_schedule(db, what); });
    co_return std::move(out);
  }
  const auto step = step_of(due, *when, clock_.now_ms());
  out.missed = step.missed;
  bool overlaps = false;
  if (step.run && due.spec.overlap != overlap_rule::queue) {
    auto found = co_await still_runs(due);
    if (!found) co_return found.error();
    overlaps = *found;
  }
  what.skipped = overlaps && due.spec.overlap == overlap_rule::skip;
  const bool runs = step.run && !what.skipped;
  if (runs && overlaps) {
    auto asked = queue_.stage_cancel(out.tx, due.last_job->queue, due.last_job->id, settle_);
    if (!asked && asked.error().code != errc::not_found) co_return asked.error();
  }
  if (runs) {
    auto added = queue_.stage(out.tx, job_of(due.spec, due.next_run_ms));
    if (!added) co_return added.error();
    what.job = job_ref{due.spec.queue, std::move(added->id)};
  }
  what.next_run_ms = run_after(due.spec, *when, step.after_ms, due.runs + (runs ? 1 : 0));
  out.tx.stage([what](store::connection& db) { return advance_schedule(db, what); });
  co_return std::move(out);
}

awaitable<result<bool>> due_runs::still_runs(const schedule& due) {
  if (!due.last_job) co_return false;
  auto found = co_await queue_.glance(due.last_job->queue, due.last_job->id);
  if (found) co_return true;
  if (found.error().code == errc::not_found) co_return false;
  co_return found.error();
}

awaitable<std::vector<result<void>>> due_runs::commit_all(std::vector<planned>& all) {
  auto results = std::make_shared<std::vector<result<void>>>(all.size());
  if (all.empty()) co_return *results;
  auto start = [this, &all, results](std::shared_ptr<waiting> waiter) {
    auto left = std::make_shared<std::atomic<std::size_t>>(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      db_.commit(std::move(all[i].tx), [results, left, waiter, i](result<void> done) {
        (*results)[i] = std::move(done);
        if (--*left == 0) resume_soon(waiter);
      });
    }
  };
  co_await suspend_until_resumed(std::move(start));
  co_return *results;
}

}  // namespace son1k::queue
