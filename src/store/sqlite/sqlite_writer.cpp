#include "store/sqlite/sqlite_writer.hpp"

#include <sqlite3.h>

#include "base/log.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace son1k::store {
namespace {

const statement sql_begin{"BEGIN IMMEDIATE"};
const statement sql_commit{"COMMIT"};
const statement sql_rollback{"ROLLBACK"};
const statement sql_savepoint{"SAVEPOINT apart"};
const statement sql_release{"RELEASE apart"};
const statement sql_undo{"ROLLBACK TO apart"};

// The log is copied into the database at a quiet moment above the first bound, and waiting for
// readers above the second. Pages of 4 KiB.
constexpr int quiet_pages = 1'024;
constexpr int urgent_pages = 65'536;
constexpr int readers_wait_ms = 100;
// A claim, an empty run and its end take about this long.
constexpr auto hold_for = std::chrono::microseconds(100);
constexpr auto quiet_after = std::chrono::milliseconds(50);

int note_wal_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

sqlite_writer::sqlite_writer(std::unique_ptr<sqlite_connection> connection,
                             std::unique_ptr<sqlite_connection> aside, limits l, std::string file)
    : group_writer({l.queued_max, l.group_max, l.commit_seconds, hold_for}, "sqlite-writer"),
      connection_(std::move(connection)),
      limits_(l),
      file_(std::move(file)),
      checkpoint_at_(limits_.log_pages_max),
      checkpointer_(std::move(aside)) {
  sqlite3_wal_hook(connection_->handle(), note_wal_pages, &wal_pages_);
  sqlite3_file_control(connection_->handle(), nullptr, SQLITE_FCNTL_JOURNAL_POINTER, &log_);
  start();
}

sqlite_writer::~sqlite_writer() {
  stop();
}

std::optional<std::chrono::milliseconds> sqlite_writer::rests_after() const {
  if (wal_pages_ < quiet_pages || !disk_) return std::nullopt;
  return quiet_after;
}

void sqlite_writer::rest() {
  checkpointer_.request();
  wal_pages_ = 0;  // until the next commit tells: once asked is enough
  copying_ = false;
}

void sqlite_writer::commit_group(group g) {
  if (lost_fsync_ || checkpointer_.lost_fsync()) distrust_disk();
  if (!disk_) return refuse(g, disk_.error());
  if (!hopeful() || !run_together(g)) run_apart(g);
}

// Commits are written without an fsync (synchronous=NORMAL); this one is of the log file, so it
// covers every group before it. The file stays open as long as the connection.
result<void> sqlite_writer::make_durable() {
  const bool open = log_ != nullptr && log_->pMethods != nullptr;
  const int code = open ? log_->pMethods->xSync(log_, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY)
                        : SQLITE_IOERR_FSYNC;
  if (code == SQLITE_OK) return {};
  lost_fsync_ = true;
  return unconfirmed();
}

// Without savepoints, in the hope that nothing fails; false: rolled back, to be run apart.
bool sqlite_writer::run_together(group g) {
  if (!begin(g)) return true;
  connection_->begin_joining(true);
  for (entry& e : g) {
    result<void> ran = run_steps(e, *connection_);
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
    be_careful();
    return false;
  }
  if (auto wrote = connection_->write_joined(); !wrote) {
    if (connection_->in_transaction()) connection_->run(sql_rollback);
    be_careful();
    return false;
  }
  end(g);
  return true;
}

// Each transaction under a savepoint, so that only those that fail are undone.
void sqlite_writer::run_apart(group g) {
  if (!begin(g)) return;
  connection_->begin_joining(false);
  for (entry& e : g) {
    if (e.tx.empty()) continue;
    connection_->run(sql_savepoint);
    e.verdict = run_steps(e, *connection_);
    if (!connection_->in_transaction()) {
      // A disk error makes SQLite roll back everything, also those that had succeeded.
      refuse(g, e.verdict ? connection_->last_error() : error(e.verdict.error()));
      return;
    }
    if (!e.verdict) {
      connection_->run(sql_undo);
      be_careful();
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
  refuse_rest(g, why);
}

// Between two groups: begins a run of the checkpointer when the log is long, and copies the rest
// itself when the run has ended.
void sqlite_writer::after_group() {
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
error sqlite_writer::unconfirmed() const {
  return {errc::unavailable, file_,
          text("The disk did not confirm a write. Nothing more is written until the program is "
               "restarted; check the disk first.",
               "El disco no confirmó una escritura. No se escribe nada más hasta reiniciar el "
               "programa; revisa antes el disco.")};
}

void sqlite_writer::distrust_disk() {
  if (!disk_) return;
  disk_ = unconfirmed();
  log::error("store.fsync_failed", {{"file", file_}});
}

}  // namespace son1k::store
