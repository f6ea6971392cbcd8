#include "store/sqlite/sqlite_checkpointer.hpp"

#include <sqlite3.h>

#include "base/log.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace son1k::store {
namespace {

// A run repeats while the writer adds more than that during a pass: each pass is shorter.
constexpr int small_rest_pages = 512;
constexpr int passes_max = 4;

}  // namespace

checkpoint_pass run_checkpoint(sqlite_connection& c) {
  checkpoint_pass pass;
  pass.code = sqlite3_wal_checkpoint_v2(c.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                        &pass.logged, &pass.copied);
  if (pass.code != SQLITE_OK && pass.code != SQLITE_BUSY) {
    log::warn("store.checkpoint_failed", {{"why", c.last_error().what()}});
  }
  return pass;
}

sqlite_checkpointer::sqlite_checkpointer(std::unique_ptr<sqlite_connection> connection)
    : connection_(std::move(connection)), thread_([this] { run(); }) {}

sqlite_checkpointer::~sqlite_checkpointer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void sqlite_checkpointer::request() {
  {
    std::lock_guard lock(mutex_);
    running_.store(true, std::memory_order_relaxed);
  }
  wake_.notify_one();
}

void sqlite_checkpointer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || running_.load(std::memory_order_relaxed); });
    if (stopping_) return;
    lock.unlock();
    copy_log();
    lock.lock();
    running_.store(false, std::memory_order_release);
  }
}

void sqlite_checkpointer::copy_log() {
  int copied_before = 0;
  for (int i = 0; i < passes_max; ++i) {
    checkpoint_pass pass = run_checkpoint(*connection_);
    if (is_lost_fsync(pass.code)) lost_fsync_.store(true, std::memory_order_relaxed);
    if (!pass.complete() || pass.copied - copied_before < small_rest_pages) return;
    copied_before = pass.copied;
  }
}

}  // namespace son1k::store
