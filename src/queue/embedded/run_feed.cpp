#include "queue/embedded/run_feed.hpp"

namespace son1k::queue::embedded {
namespace {

// Set while this thread is inside a listener: what happens there is delivered by the loop outside.
thread_local bool delivering_runs = false;

}  // namespace

void run_feed::append(run_record record) {
  std::lock_guard lock(mutex_);
  pending_.push_back(std::move(record));
}

std::vector<std::shared_ptr<run_feed::subscription>> run_feed::live() {
  std::vector<std::shared_ptr<subscription>> out;
  std::erase_if(listeners_, [](const auto& l) { return l.expired(); });
  for (const auto& l : listeners_)
    if (auto one = l.lock()) out.push_back(std::move(one));
  return out;
}

void run_feed::deliver() {
  if (delivering_runs || !wanted()) return;
  std::lock_guard order(delivery_);
  delivering_runs = true;
  for (;;) {
    std::vector<run_record> records;
    std::vector<std::shared_ptr<subscription>> to;
    {
      std::lock_guard lock(mutex_);
      records.swap(pending_);
      to = live();
    }
    if (records.empty()) break;
    for (const auto& l : to) {
      std::lock_guard busy(l->busy);
      if (!l->ended) l->who(records);
    }
  }
  delivering_runs = false;
}

std::shared_ptr<void> run_feed::subscribe(listener who) {
  auto one = std::make_shared<subscription>();
  one->who = std::move(who);
  {
    std::lock_guard lock(mutex_);
    listeners_.push_back(one);
    ++*listening_;
  }
  return std::shared_ptr<void>(one.get(), [count = listening_, one](void*) {
    std::lock_guard busy(one->busy);
    one->ended = true;
    --*count;
  });
}

}  // namespace son1k::queue::embedded
