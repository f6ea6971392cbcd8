#include "store/outcome_teller.hpp"

#include <algorithm>

#include "base/completion.hpp"
#include "base/thread_name.hpp"

namespace son1k::store {
namespace {

constexpr std::size_t groups_max = 2;

}  // namespace

void tell_written(const group_entry& e) {
  for (const auto& hook : e.tx.early_hooks()) hook(e.verdict.has_value());
}

void acknowledge(group_entry& e) {
  for (const auto& hook : e.tx.hooks()) hook(e.verdict.has_value());
  if (e.done) e.done(std::move(e.verdict));
}

outcome_teller::outcome_teller(parts p) : parts_(std::move(p)) {
  thread_ = std::thread([this] {
    name_thread(parts_.thread_name);
    run();
  });
}

outcome_teller::~outcome_teller() {
  stop();
}

bool outcome_teller::idle() {
  const std::lock_guard lock(mutex_);
  return handed_over_.empty() && !telling_;
}

void outcome_teller::wait_idle() {
  std::unique_lock lock(mutex_);
  progress_.wait(lock, [this] { return handed_over_.empty() && !telling_; });
}

void outcome_teller::tell(groups now) {
  tell_all(now);
}

void outcome_teller::hand_over(committed_group group) {
  std::unique_lock lock(mutex_);
  progress_.wait(lock, [this] { return handed_over_.size() < groups_max; });
  handed_over_.push_back(std::move(group));
  lock.unlock();
  wake_.notify_one();
}

void outcome_teller::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  std::call_once(joined_, [this] { thread_.join(); });
}

void outcome_teller::run() {
  groups now;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !handed_over_.empty(); });
    if (handed_over_.empty()) return;
    now.swap(handed_over_);
    telling_ = true;
    lock.unlock();
    progress_.notify_one();
    tell_all(now);
    now.clear();
    lock.lock();
    telling_ = false;
    progress_.notify_one();
  }
}

// One sync covers all that was written before it.
void outcome_teller::tell_all(groups& from) {
  if (std::ranges::any_of(from, &committed_group::for_power)) {
    if (const auto safe = parts_.make_durable(); !safe) {
      for (committed_group& group : from)
        for (group_entry& e : group.entries)
          if (e.verdict) e.verdict = safe.error();
    }
  }
  for (committed_group& group : from) {
    {
      completion_batch gathered;
      for (group_entry& e : group.entries) acknowledge(e);
    }
    parts_.told(group);
  }
}

}  // namespace son1k::store
