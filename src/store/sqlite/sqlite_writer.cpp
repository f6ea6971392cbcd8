#include "store/sqlite/sqlite_writer.hpp"

#include <sqlite3.h>

#include "base/log.hpp"
#include "base/thread_name.hpp"
#include "store/completion.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace son1k::store {
namespace {

const statement sql_begin{"BEGIN IMMEDIATE"};
const statement sql_commit{"COMMIT"};
const statement sql_rollback{"ROLLBACK"};
const statement sql_savepoint{"SAVEPOINT apart"};
const statement sql_release{"RELEASE apart"};
const statement sql_undo{"ROLLBACK TO apart"};

// One failure makes another likely (a burst of duplicates): savepoints for the next groups cost
// less than running each of them twice.
constexpr int careful_groups_after_failure = 16;

// The log is copied into the database at a quiet moment above the first bound, and waiting for
// readers above the second. Pages of 4 KiB.
constexpr int quiet_pages = 1'024;
constexpr int urgent_pages = 65'536;
constexpr int readers_wait_ms = 100;
constexpr auto quiet_after = std::chrono::milliseconds(50);

int note_wal_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

sqlite_writer::sqlite_writer(std::unique_ptr<sqlite_connection> connection,
                             std::unique_ptr<sqlite_connection> aside, limits l, std::string file)
    : connection_(std::move(connection)),
      limits_(l),
      file_(std::move(file)),
      checkpoint_at_(limits_.log_pages_max),
      checkpointer_(std::move(aside)) {
  sqlite3_wal_hook(connection_->handle(), note_wal_pages, &wal_pages_);
  thread_ = std::thread([this] {
    name_thread("sqlite-writer");
    run();
  });
}

sqlite_writer::~sqlite_writer() {
  stop();
}

void sqlite_writer::submit(transaction tx, database::commit_handler done) {
  std::unique_lock lock(mutex_);
  if (!stopping_ && unfinished_ < limits_.queued_max) {
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

void sqlite_writer::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  std::call_once(joined_, [this] { thread_.join(); });
}

void sqlite_writer::run() {
  std::vector<entry> batch;
  while (take(batch)) {
    group rest(batch);
    while (!rest.empty()) {
      group now = rest.first(std::min(rest.size(), limits_.group_max));
      rest = rest.subspan(now.size());
      commit_group(now);
      {
        completion_batch gathered;
        for (entry& e : now) acknowledge(e);
      }
      {
        std::lock_guard lock(mutex_);
        unfinished_ -= now.size();
      }
      tend_log();
    }
    batch.clear();
  }
}

// Waits for work; false when there is none left and none will come.
bool sqlite_writer::take(std::vector<entry>& batch) {
  std::unique_lock lock(mutex_);
  while (pending_.empty() && !stopping_) {
    asleep_ = true;
    if (wal_pages_ < quiet_pages || !disk_) {
      wake_.wait(lock);
    } else if (wake_.wait_for(lock, quiet_after) == std::cv_status::timeout && pending_.empty()) {
      checkpointer_.request();
      wal_pages_ = 0;  // until the next commit tells: once asked is enough
      copying_ = false;
    }
    asleep_ = false;
  }
  batch.swap(pending_);
  return !batch.empty();
}

void sqlite_writer::commit_group(group g) {
  bool nothing_staged = std::all_of(g.begin(), g.end(), [](auto& e) { return e.tx.empty(); });
  if (nothing_staged) return;
  if (checkpointer_.lost_fsync()) distrust_disk();
  if (!disk_) return refuse(g, disk_.error());
  use_durability(g);
  const auto began = std::chrono::steady_clock::now();
  const bool hopeful = careful_groups_ == 0;
  if (!hopeful) --careful_groups_;
  if (!hopeful || !run_together(g)) run_apart(g);
  if (limits_.commit_seconds == nullptr) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  limits_.commit_seconds->observe(took.count());
}

// Without savepoints, in the hope that nothing fails; false: rolled back, to be run apart.
bool sqlite_writer::run_together(group g) {
  if (!begin(g)) return true;
  for (entry& e : g) {
    result<void> ran = run_steps(e);
    if (!connection_->in_transaction()) {
      refuse(g, ran ? connection_->last_error() : ran.error());
      return true;
    }
    if (ran) continue;
    connection_->run(sql_rollback);
    if (g.size() == 1) {
      refuse(g, ran.error());
      return true;
    }
    careful_groups_ = careful_groups_after_failure;
    return false;
  }
  end(g);
  return true;
}

// Each transaction under a savepoint, so that only those that fail are undone.
void sqlite_writer::run_apart(group g) {
  if (!begin(g)) return;
  for (entry& e : g) {
    if (e.tx.empty()) continue;
    connection_->run(sql_savepoint);
    e.verdict = run_steps(e);
    if (!connection_->in_transaction()) {
      // A disk error makes SQLite roll back everything, also those that had succeeded.
      refuse(g, e.verdict ? connection_->last_error() : error(e.verdict.error()));
      return;
    }
    if (!e.verdict) {
      connection_->run(sql_undo);
      careful_groups_ = careful_groups_after_failure;
    }
    connection_->run(sql_release);
  }
  end(g);
}

bool sqlite_writer::begin(group g) {
  if (connection_->run(sql_begin) == SQLITE_OK) return true;
  refuse(g, connection_->last_error());
  return false;
}

void sqlite_writer::end(group g) {
  int code = connection_->run(sql_commit);
  if (code == SQLITE_OK) return;
  error why = connection_->last_error();
  if (connection_->in_transaction()) connection_->run(sql_rollback);
  if (is_lost_fsync(code)) distrust_disk();
  for (entry& e : g)
    if (e.verdict) e.verdict = why;
}

void sqlite_writer::refuse(group g, const error& why) {
  for (entry& e : g) e.verdict = why;
}

result<void> sqlite_writer::run_steps(entry& e) {
  for (const auto& step : e.tx.steps())
    if (auto ran = step(*connection_); !ran) return ran;
  return {};
}

void sqlite_writer::acknowledge(entry& e) {
  for (const auto& hook : e.tx.hooks()) hook(e.verdict.has_value());
  if (e.done) e.done(std::move(e.verdict));
}

// A group with one promise against power cuts is fsynced as a whole. SQLite's fsync is of the log
// file, so it also covers what earlier groups wrote without one.
void sqlite_writer::use_durability(group g) {
  auto wants_power = [](const entry& e) { return e.tx.promise() == durability::power; };
  durability wanted =
      std::any_of(g.begin(), g.end(), wants_power) ? durability::power : durability::process;
  if (wanted == synchronous_) return;
  const char* pragma =
      wanted == durability::power ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL";
  if (sqlite3_exec(connection_->handle(), pragma, nullptr, nullptr, nullptr) == SQLITE_OK) {
    synchronous_ = wanted;
  } else if (wanted == durability::power) {
    refuse(g, connection_->last_error());
  }
}

// Between two groups: begins a run of the checkpointer when the log is long, and copies the rest
// itself when the run has ended.
void sqlite_writer::tend_log() {
  if (wal_pages_ < checkpoint_at_ || !disk_) return;
  if (!copying_) {
    copying_ = true;
    checkpointer_.request();
  } else if (!checkpointer_.running()) {
    copying_ = false;
    finish_checkpoint();
  }
}

void sqlite_writer::finish_checkpoint() {
  checkpoint_pass pass = run_checkpoint(*connection_);
  if (is_lost_fsync(pass.code)) distrust_disk();
  if (pass.complete() || wait_for_readers()) {
    wal_pages_ = 0;  // the next commit begins the log anew
    checkpoint_at_ = limits_.log_pages_max;
  } else {
    checkpoint_at_ = wal_pages_ + quiet_pages;
  }
}

// A reader with an old snapshot keeps the log from beginning anew; only a very long one is worth
// that the writer waits.
bool sqlite_writer::wait_for_readers() {
  if (wal_pages_ < urgent_pages || !disk_) return false;
  sqlite3* handle = connection_->handle();
  sqlite3_busy_timeout(handle, readers_wait_ms);
  int code =
      sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
  sqlite3_busy_timeout(handle, limits_.busy_ms);
  if (is_lost_fsync(code)) distrust_disk();
  return code == SQLITE_OK;
}

// The system may have dropped the pages it could not write and report success next time, so no
// later fsync of this run can be believed.
void sqlite_writer::distrust_disk() {
  disk_ = error(errc::unavailable, file_,
                text("The disk did not confirm a write. Nothing more is written until the program "
                     "is restarted; check the disk first.",
                     "El disco no confirmó una escritura. No se escribe nada más hasta reiniciar "
                     "el programa; revisa antes el disco."));
  log::error("store.fsync_failed", {{"file", file_}});
}

}  // namespace son1k::store
