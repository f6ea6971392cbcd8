#include "store/group_writer.hpp"

#include <algorithm>

#include "base/thread_name.hpp"

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
  teller_.emplace(outcome_teller::parts{[this] { return make_durable(); },
                                        [this](const committed_group& one) { told(one); }});
  std::vector<entry> batch;
  while (take(batch)) {
    for (std::size_t at = 0; at < batch.size();) {
      auto part = next_part(batch, at);
      commit(std::move(part), at < batch.size());
      after_group();
    }
    batch.clear();
  }
  teller_->stop();
}

std::vector<group_writer::entry> group_writer::next_part(std::vector<entry>& of, std::size_t& at) {
  const std::size_t most = std::max<std::size_t>(1, bounds_.group_max);
  if (of.size() <= most) return std::exchange(of, {});
  const auto begin = of.begin() + static_cast<std::ptrdiff_t>(at);
  const auto size = std::min(most, of.size() - at);
  at += size;
  return {std::move_iterator(begin), std::move_iterator(begin + static_cast<std::ptrdiff_t>(size))};
}

void group_writer::commit(std::vector<entry> entries, bool more) {
  const auto waits = [](const entry& e) { return e.tx.is_after_outcomes(); };
  if (std::ranges::any_of(entries, waits)) teller_->wait_idle();
  committed_group written;
  written.began = std::chrono::steady_clock::now();
  const auto staged = [](const entry& e) { return !e.tx.empty(); };
  written.changes = std::ranges::any_of(entries, staged);
  if (written.changes) commit_group(entries);
  written.for_power = std::ranges::any_of(entries, [&](const entry& e) {
    return staged(e) && e.tx.promise() == durability::power && e.verdict;
  });
  written.entries = std::move(entries);
  if (!more) {
    const std::lock_guard lock(mutex_);
    more = !pending_.empty();
  }
  // A second thread has to be woken: worth it only when this one has something to do meanwhile.
  if (more || !teller_->idle())
    teller_->hand_over(std::move(written));
  else
    teller_->tell(std::move(written));
}

void group_writer::told(const committed_group& written) {
  {
    const std::lock_guard lock(mutex_);
    unfinished_ -= written.entries.size();
  }
  if (bounds_.commit_seconds == nullptr || !written.changes) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - written.began;
  bounds_.commit_seconds->observe(took.count());
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

void group_writer::be_careful() {
  careful_groups_ = careful_groups_after_failure;
}

}  // namespace son1k::store
