#include "support/faulty_database.hpp"

#include <algorithm>
#include <optional>

namespace son1k::test {
namespace {

template <class Fault>
std::optional<Fault> take_fault(std::vector<std::pair<int, Fault>>& faults, int number) {
  auto found = std::ranges::find(faults, number, &std::pair<int, Fault>::first);
  if (found == faults.end()) return std::nullopt;
  Fault taken = std::move(found->second);
  faults.erase(found);
  return taken;
}

}  // namespace

void faulty_database::plan(int nth, fault f) {
  std::lock_guard lock(mutex_);
  commit_faults_.emplace_back(commits_ + nth, std::move(f));
}

void faulty_database::fail_read(int nth, error why) {
  std::lock_guard lock(mutex_);
  read_faults_.emplace_back(reads_ + nth, std::move(why));
}

int faulty_database::commits() const {
  std::lock_guard lock(mutex_);
  return commits_;
}

void faulty_database::hold_commits() {
  std::lock_guard lock(mutex_);
  holding_ = true;
}

void faulty_database::release_commits() {
  std::unique_lock lock(mutex_);
  // What comes meanwhile joins the end, so that the order stays.
  while (!held_.empty()) {
    held next = std::move(held_.front());
    held_.pop_front();
    lock.unlock();
    pass(std::move(next.tx), std::move(next.done));
    lock.lock();
  }
  holding_ = false;
}

void faulty_database::commit(store::transaction tx, commit_handler done) {
  {
    std::lock_guard lock(mutex_);
    if (holding_) {
      held_.push_back({std::move(tx), std::move(done)});
      return;
    }
  }
  pass(std::move(tx), std::move(done));
}

void faulty_database::pass(store::transaction tx, commit_handler done) {
  std::optional<fault> planned;
  {
    std::lock_guard lock(mutex_);
    planned = take_fault(commit_faults_, ++commits_);
  }
  if (!planned) return real_->commit(std::move(tx), std::move(done));
  if (planned->takes_effect) {
    return real_->commit(std::move(tx), [why = planned->why, done](result<void> outcome) {
      done(outcome ? result<void>(why) : std::move(outcome));
    });
  }
  // Through the real one, so that outcomes stay in order and on the writer's thread.
  tx.stage([why = planned->why](store::connection&) -> result<void> { return why; });
  real_->commit(std::move(tx), std::move(done));
}

result<void> faulty_database::read(read_work work) {
  {
    std::lock_guard lock(mutex_);
    if (auto planned = take_fault(read_faults_, ++reads_)) return *planned;
  }
  return real_->read(std::move(work));
}

void faulty_database::stop() {
  release_commits();
  real_->stop();
}

}  // namespace son1k::test
