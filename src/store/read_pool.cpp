#include "store/read_pool.hpp"

#include <algorithm>

#include "base/completion.hpp"
#include "base/thread_name.hpp"

namespace son1k::store {
namespace {

// Reads that share a snapshot: few, because the last waits for the first.
constexpr std::size_t batch_max = 32;

}  // namespace

read_pool::read_pool(std::vector<std::unique_ptr<reader>> readers, settings s) : settings_(s) {
  for (auto& one : readers) workers_.emplace_back().own = std::move(one);
  for (worker& w : workers_) {
    w.thread = std::thread([this, &w] {
      name_thread(settings_.thread_name);
      run(w);
    });
  }
}

read_pool::~read_pool() {
  stop();
}

result<void> read_pool::submit(database::read_work work) {
  std::unique_lock lock(mutex_);
  if (stopping_) {
    return error(errc::unavailable,
                 text("The database is being closed.", "La base de datos se está cerrando."));
  }
  if (pending_.size() >= settings_.queued_max) {
    return error(errc::unavailable, text("Too many reads are waiting; try again.",
                                         "Hay demasiadas lecturas en espera; reintenta."));
  }
  pending_.push_back(std::move(work));
  if (asleep_.empty()) return {};
  worker& next = *asleep_.back();
  asleep_.pop_back();
  next.asleep = false;
  lock.unlock();
  next.wake.notify_one();
  return {};
}

void read_pool::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (worker* w : asleep_) w->asleep = false;
    asleep_.clear();
  }
  for (worker& w : workers_) w.wake.notify_one();
  std::call_once(joined_, [this] {
    for (worker& w : workers_) w.thread.join();
  });
}

// Until somebody wakes it; a rest in between ends the sleep too.
void read_pool::sleep(worker& w, std::unique_lock<std::mutex>& lock) {
  w.asleep = true;
  asleep_.push_back(&w);
  auto woken = [&w] { return !w.asleep; };
  if (!settings_.rest_after || w.rested) return w.wake.wait(lock, woken);
  if (w.wake.wait_for(lock, *settings_.rest_after, woken)) return;
  std::erase(asleep_, &w);
  w.asleep = false;
  w.rested = true;
  lock.unlock();
  w.own->rest();
  lock.lock();
}

bool read_pool::take(worker& w, batch& out) {
  std::unique_lock lock(mutex_);
  while (pending_.empty() && !stopping_) sleep(w, lock);
  std::size_t share = (pending_.size() + workers_.size() - 1) / workers_.size();
  for (std::size_t n = std::min(share, batch_max); n > 0; --n) {
    out.push_back(std::move(pending_.front()));
    pending_.pop_front();
  }
  return !out.empty();
}

void read_pool::run(worker& w) {
  batch works;
  while (take(w, works)) {
    completion_batch gathered;
    w.rested = false;
    w.own->serve(works);
    works.clear();
  }
}

}  // namespace son1k::store
