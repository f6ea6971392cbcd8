#include "store/sqlite/sqlite_readers.hpp"

#include <algorithm>

#include "base/thread_name.hpp"
#include "store/completion.hpp"

namespace son1k::store {
namespace {

const statement sql_begin{"BEGIN"};
const statement sql_end{"ROLLBACK"};

// Reads that share a snapshot: few, because the last waits for the first.
constexpr std::size_t batch_max = 32;

}  // namespace

sqlite_readers::sqlite_readers(connections c, std::size_t queued_max)
    : queued_max_(queued_max), connections_(std::move(c)) {
  for (auto& connection : connections_)
    threads_.emplace_back([this, &own = *connection] {
      name_thread("sqlite-reader");
      run(own);
    });
}

sqlite_readers::~sqlite_readers() {
  stop();
}

result<void> sqlite_readers::submit(database::read_work work) {
  std::unique_lock lock(mutex_);
  if (stopping_) {
    return error(errc::unavailable,
                 text("The database is being closed.", "La base de datos se está cerrando."));
  }
  if (pending_.size() >= queued_max_) {
    return error(errc::unavailable, text("Too many reads are waiting; try again.",
                                         "Hay demasiadas lecturas en espera; reintenta."));
  }
  pending_.push_back(std::move(work));
  bool wake = asleep_ > 0;
  lock.unlock();
  if (wake) wake_.notify_one();
  return {};
}

void sqlite_readers::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  std::call_once(joined_, [this] {
    for (auto& thread : threads_) thread.join();
  });
}

bool sqlite_readers::take(batch& out) {
  std::unique_lock lock(mutex_);
  while (pending_.empty() && !stopping_) {
    ++asleep_;
    wake_.wait(lock);
    --asleep_;
  }
  std::size_t share =
      (pending_.size() + threads_.size() - 1) / std::max<std::size_t>(1, threads_.size());
  for (std::size_t n = std::min(share, batch_max); n > 0; --n) {
    out.push_back(std::move(pending_.front()));
    pending_.pop_front();
  }
  return !out.empty();
}

void sqlite_readers::run(sqlite_connection& own) {
  batch works;
  while (take(works)) {
    completion_batch gathered;
    // One snapshot for all of them: it is taken after the youngest was asked for.
    own.run(sql_begin);
    for (auto& work : works) work(own);
    own.run(sql_end);
    works.clear();
  }
}

}  // namespace son1k::store
