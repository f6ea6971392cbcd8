#include "store/group_writer.hpp"

#include <algorithm>

#include "base/thread_name.hpp"
#include "store/completion.hpp"

namespace son1k::store {
namespace {

constexpr int careful_groups_after_failure = 16;

}  // namespace

void group_writer::start() {
  thread_ = std::thread([this] {
    name_thread(thread_name_);
    run();
  });
}

void group_writer::submit(transaction tx, database::commit_handler done) {
  std::unique_lock lock(mutex_);
  if (!stopping_ && unfinished_ < bounds_.queued_max) {
    pending_.emplace_back(std::move(tx), std::move(done));
    ++unfinished_;
    bool wake = std::exchange(asleep_, false);
    lock.unlock();
    if (wake) wake_.notify_one();
    return;
  }
  entry refused(std::move(tx), std::move(done));
  refused.verdict =
      stopping_ ? error(errc::unavailable,
                        text("The database is being closed.", "La base de datos se está cerrando."))
                : error(errc::unavailable, text("Too many writes are waiting; try again.",
                                                "Hay demasiadas escrituras en espera; reintenta."));
  lock.unlock();
  acknowledge(refused);
}

void group_writer::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  std::call_once(joined_, [this] {
    if (thread_.joinable()) thread_.join();
  });
}

void group_writer::run() {
  std::vector<entry> batch;
  auto staged = [](const entry& e) { return !e.tx.empty(); };
  while (take(batch)) {
    group rest(batch);
    while (!rest.empty()) {
      group now = rest.first(std::min(rest.size(), std::max<std::size_t>(1, bounds_.group_max)));
      rest = rest.subspan(now.size());
      if (std::ranges::any_of(now, staged)) commit_group(now);
      {
        completion_batch gathered;
        for (entry& e : now) acknowledge(e);
      }
      {
        std::lock_guard lock(mutex_);
        unfinished_ -= now.size();
      }
      after_group();
    }
    batch.clear();
  }
}

// Waits for work; false when there is none left and none will come.
bool group_writer::take(std::vector<entry>& batch) {
  std::unique_lock lock(mutex_);
  while (pending_.empty() && !stopping_) {
    asleep_ = true;
    const auto quiet = rests_after();
    if (!quiet) {
      wake_.wait(lock);
    } else if (wake_.wait_for(lock, *quiet) == std::cv_status::timeout && pending_.empty()) {
      rest();
    }
    asleep_ = false;
  }
  batch.swap(pending_);
  return !batch.empty();
}

void group_writer::acknowledge(entry& e) {
  for (const auto& hook : e.tx.hooks()) hook(e.verdict.has_value());
  if (e.done) e.done(std::move(e.verdict));
}

void group_writer::refuse(group g, const error& why) {
  for (entry& e : g) e.verdict = why;
}

void group_writer::refuse_rest(group g, const error& why) {
  for (entry& e : g)
    if (e.verdict) e.verdict = why;
}

result<void> group_writer::run_steps(const entry& e, connection& c) {
  for (const auto& step : e.tx.steps())
    if (auto ran = step(c); !ran) return ran;
  return {};
}

durability group_writer::promise_of(group g) {
  auto wants_power = [](const entry& e) { return e.tx.promise() == durability::power; };
  return std::ranges::any_of(g, wants_power) ? durability::power : durability::process;
}

void group_writer::be_careful() {
  careful_groups_ = careful_groups_after_failure;
}

}  // namespace son1k::store
