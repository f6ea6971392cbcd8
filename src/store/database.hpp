// The `database` port: one SQL text for SQLite and PostgreSQL, reads on a pool, writes gathered
// into groups that share one commit.
//
// Threads: every method of `database` may be called from any thread. A `connection` belongs to the
// database's own threads: it is only ever seen inside a staged step or a read, and must not be
// kept.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace son1k::store {

struct blob {
  std::string_view bytes;
};
// A bound parameter. Views must live until the call returns.
using value = std::variant<std::monostate, std::int64_t, double, std::string_view, blob>;

// An SQL text with an identity, so that a connection prepares it once. Make it a static constant: a
// text is kept for the life of the program (equal texts share one identity), so values belong into
// the parameters. Parameters are $1, $2, … ; the common subset of both databases serves unless it
// cannot. Thread-safe.
class statement {
 public:
  explicit statement(std::string_view sql);
  std::string_view sql() const { return sql_; }
  std::size_t id() const { return id_; }

 private:
  std::string_view sql_;
  std::size_t id_ = 0;  // dense, in order of first construction
};

// One row of a reply; valid during the callback only. Columns count from 0.
class row {
 public:
  virtual ~row() = default;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;   // 0 for NULL
  virtual double real(int column) const = 0;            // 0 for NULL
  virtual std::string_view text(int column) const = 0;  // also blobs; "" for NULL
};

class connection;

// What several transactions of a group write as one, behind their steps. It belongs to one attempt
// to run the group: when that is begun again, so is this.
class joint_write {
 public:
  virtual ~joint_write() = default;
  virtual result<void> write(connection& db) = 0;
};

class connection {
 public:
  virtual ~connection() = default;
  // Runs a statement; the number of rows it changed.
  // conflict: a unique or check constraint · storage_full · storage_corrupt · unavailable: locked
  // or gone · internal: the SQL is wrong.
  virtual result<std::int64_t> execute(const statement& sql, std::span<const value> params) = 0;
  // Runs a statement whose reply nobody waits for. Its failure may be told by a later call or only
  // when the steps are done, and always rolls this transaction back, only this. Errors as for
  // execute().
  virtual result<void> send(const statement& sql, std::span<const value> params) {
    auto ran = execute(sql, params);
    if (!ran) return ran.error();
    return {};
  }
  // Runs a query; calls `on_row` for each row in order until it returns false.
  virtual result<void> query(const statement& sql, std::span<const value> params,
                             const std::function<bool(const row&)>& on_row) = 0;
  // Runs every statement of a text without parameters (a migration). Errors as for execute().
  virtual result<void> run_script(std::string_view) {
    return error(errc::internal, text("This database runs no scripts."));
  }

  // Within a step: what an earlier step of this group has joined last under this key; null:
  // nothing.
  virtual joint_write* joined(const void* /*key*/) { return nullptr; }
  // Within a step: `what` is written when the steps of the group are done; all of it takes effect
  // or nothing. False: here each transaction stands alone, so the step writes for itself.
  virtual bool join(const void* /*key*/, std::shared_ptr<joint_write> /*what*/) { return false; }

  // Within a step: until this transaction is over no other one goes beyond its lock of this name,
  // in whichever process, and what is read from here on shows what those before it have written. A
  // database with one writer has nothing to do. Errors as for send().
  virtual result<void> lock(std::string_view /*name*/) { return {}; }

  result<std::int64_t> execute(const statement& sql, std::initializer_list<value> params) {
    return execute(sql, std::span<const value>(params.begin(), params.size()));
  }
  result<void> send(const statement& sql, std::initializer_list<value> params) {
    return send(sql, std::span<const value>(params.begin(), params.size()));
  }
  result<void> query(const statement& sql, std::initializer_list<value> params,
                     const std::function<bool(const row&)>& on_row) {
    return query(sql, std::span<const value>(params.begin(), params.size()), on_row);
  }
};

// What a commit promises before it is acknowledged.
enum class durability {
  process,  // written: survives the death of this program, not of the machine
  power,    // fsynced: survives a power cut
};

// What a caller has an engine write in the engine's own transaction; it is told the id of what that
// is about. A step like any other; empty: nothing.
using beside_step = std::function<result<void>(connection&, std::string_view id)>;
// The same, where the caller has to see what is made; called once, before the commit.
template <class Made>
using beside_making = std::function<beside_step(const Made&)>;

// A unit of work: engines stage their parts, the caller commits once. All steps take effect or
// none. Move-only, owned by the caller until it is committed.
class transaction {
 public:
  // Runs on the writer's thread inside the group's transaction, steps in the order of staging. It
  // may be run again after a roll-back of the group, so it must change nothing but the database
  // (and what it may overwrite harmlessly). An error rolls back this whole transaction, only this.
  using step = std::function<result<void>(connection&)>;
  // Runs once on a thread of the database when the outcome is certain; `committed` says which.
  // Outcomes arrive in commit order, one at a time; steps of later transactions may run meanwhile.
  // Must be short and must not block or throw.
  using outcome_hook = std::function<void(bool committed)>;

  explicit transaction(durability d = durability::power) : durability_(d) {}
  transaction(transaction&&) = default;
  transaction& operator=(transaction&&) = default;

  void stage(step s) { steps_.push_back(std::move(s)); }
  void stage_beside(beside_step s, std::string id) {
    if (s) stage([s = std::move(s), id = std::move(id)](connection& db) { return s(db, id); });
  }
  void on_outcome(outcome_hook hook) { hooks_.push_back(std::move(hook)); }
  // Runs once as soon as it is decided whether the transaction is written, before its promise
  // holds: what follows from it may be done meanwhile, but not acknowledged. That the promise then
  // fails (a failed fsync) is told to `done` alone. On a thread of the database, in commit order
  // among its like; steps of later transactions find what it did.
  void on_written(outcome_hook hook) { early_hooks_.push_back(std::move(hook)); }
  // For steps that read what outcome hooks write: they run when the outcomes of all earlier groups
  // have been told. The hooks of their own group run after them.
  void set_after_outcomes() { after_outcomes_ = true; }
  bool is_after_outcomes() const { return after_outcomes_; }
  bool empty() const { return steps_.empty(); }
  durability promise() const { return durability_; }
  std::span<const step> steps() const { return steps_; }
  std::span<const outcome_hook> hooks() const { return hooks_; }
  std::span<const outcome_hook> early_hooks() const { return early_hooks_; }

 private:
  std::vector<step> steps_;
  std::vector<outcome_hook> hooks_, early_hooks_;
  durability durability_;
  bool after_outcomes_ = false;
};

struct migration_status {
  int version = 0;
  std::string name;
  bool applied = false;
  std::int64_t applied_at_ms = 0;
  std::string_view sql;  // of this program's copy; lives as long as the program
};

class database {
 public:
  using commit_handler = std::function<void(result<void>)>;
  using read_work = std::function<void(connection&)>;

  virtual ~database() = default;

  // Queues the transaction for the next group. Transactions take effect in the order in which
  // commit() was called. `done` runs after the hooks, once the promise of the transaction holds.
  // unavailable: more than the bound are queued, or the database is stopping; then the hooks and
  // `done` run on the caller's thread before commit() returns. The other errors are those of the
  // steps, and storage_full, storage_corrupt, forbidden and unavailable from the disk: nothing of
  // the transaction took effect, or (a failed fsync) it is not known to be safe.
  virtual void commit(transaction tx, commit_handler done) = 0;

  // Runs `work` on a reader's thread over a consistent snapshot that holds every transaction whose
  // `done` has run. unavailable (returned at once, `work` is not run): the queue of reads is full.
  virtual result<void> read(read_work work) = 0;

  // Forward-only, numbered migrations (src/store/migrations). Applied versions are never edited.
  virtual result<std::vector<migration_status>> migrations() = 0;
  // Applies what is missing, each in a transaction of its own; the versions that were applied.
  // schema_newer: the file was written by a newer program. Safe to call twice.
  virtual result<std::vector<migration_status>> migrate() = 0;

  // Finishes what was queued, then ends the threads. Repeatable.
  virtual void stop() = 0;
};

}  // namespace son1k::store
