#include "store/group_writer.hpp"

#include <algorithm>

#include "base/thread_name.hpp"

namespace son1k::store {
namespace {

constexpr int careful_groups_after_failure = 16;
constexpr int holds_in_vain_max = 6;  // then one in 64 is tried

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
  tell_written(refused);
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
    if (batch.empty()) give_up_holding();
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
  for (const entry& e : written.entries) tell_written(e);
  if (held_) return follow_held(std::move(written));
  if (!more) {
    const std::lock_guard lock(mutex_);
    more = !pending_.empty();
  }
  const bool idle = teller_->idle();
  if (more && idle && worth_holding(written)) {
    held_ = std::move(written);
    held_until_ = std::chrono::steady_clock::now() + bounds_.hold_for;
    return;
  }
  // A second thread has to be woken: worth it only when this one has something to do meanwhile.
  if (more || !idle) return teller_->hand_over(std::move(written));
  std::vector<committed_group> one;
  one.push_back(std::move(written));
  teller_->tell(std::move(one));
}

// A group of one: where more come at once, the next group has work for the second thread.
bool group_writer::worth_holding(const committed_group& written) {
  if (bounds_.hold_for.count() == 0 || !written.for_power || written.entries.size() != 1)
    return false;
  const transaction& tx = written.entries.front().tx;
  if (tx.early_hooks().empty() || !tx.hooks().empty()) return false;
  if (holds_left_out_ == 0) return true;
  --holds_left_out_;
  return false;
}

void group_writer::follow_held(committed_group written) {
  const bool answers = written.for_power;
  std::vector<committed_group> now;
  if (answers) now.push_back(*std::exchange(held_, std::nullopt));
  now.push_back(std::move(written));
  teller_->tell(std::move(now));
  if (answers) holds_in_vain_ = holds_left_out_ = 0;
  if (held_ && std::chrono::steady_clock::now() > held_until_) give_up_holding();
}

void group_writer::give_up_holding() {
  std::vector<committed_group> now;
  now.push_back(*std::exchange(held_, std::nullopt));
  holds_in_vain_ = std::min(holds_in_vain_ + 1, holds_in_vain_max);
  holds_left_out_ = (1 << holds_in_vain_) - 1;
  teller_->tell(std::move(now));
}

std::optional<std::chrono::microseconds> group_writer::waits_for() const {
  if (!held_) return rests_after();
  const auto left = held_until_ - std::chrono::steady_clock::now();
  return std::max(std::chrono::microseconds(1),
                  std::chrono::duration_cast<std::chrono::microseconds>(left));
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

// Waits for work; false when there is none left and none will come. Nothing in `batch`: what is
// held has been held long enough.
bool group_writer::take(std::vector<entry>& batch) {
  std::unique_lock lock(mutex_);
  while (pending_.empty() && !stopping_) {
    asleep_ = true;
    const auto quiet = waits_for();
    if (!quiet) {
      wake_.wait(lock);
    } else if (wake_.wait_for(lock, *quiet) == std::cv_status::timeout && pending_.empty()) {
      asleep_ = false;
      if (held_) return true;
      rest();
    }
    asleep_ = false;
  }
  batch.swap(pending_);
  return !batch.empty() || held_;
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
