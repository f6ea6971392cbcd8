#include "integration/simulation/simulated_database.hpp"

#include <stdexcept>

#include "store/migrator.hpp"

namespace son1k::simulation {
namespace {

const store::statement sql_begin{"BEGIN"};
const store::statement sql_commit{"COMMIT"};
const store::statement sql_rollback{"ROLLBACK"};
const store::statement sql_savepoint{"SAVEPOINT one"};
const store::statement sql_release{"RELEASE one"};
const store::statement sql_undo{"ROLLBACK TO one"};

}  // namespace

disk::disk() {
  auto opened =
      store::sqlite_connection::open(":memory:", store::sqlite_connection::mode::read_write, 0, {});
  if (!opened) throw std::runtime_error(opened.error().what());
  connection_ = std::move(*opened);
  connection_->run(sql_begin);
}

result<void> disk::apply(const store::transaction& tx) {
  if (full_) return error(errc::storage_full, {"the simulated disk is full", "disco lleno"});
  connection_->run(sql_savepoint);
  result<void> ok;
  for (const auto& step : tx.steps())
    if (ok = step(*connection_); !ok) break;
  if (!ok) connection_->run(sql_undo);
  connection_->run(sql_release);
  if (ok && tx.promise() == store::durability::power) {
    connection_->run(sql_commit);
    connection_->run(sql_begin);
  }
  return ok;
}

void disk::power_cut() {
  connection_->run(sql_rollback);
  connection_->run(sql_begin);
}

void simulated_database::commit(store::transaction tx, commit_handler done) {
  entry e{std::move(tx), std::move(done)};
  if (by_hand_) {
    pending_.push_back(std::move(e));
  } else {
    happen(std::move(e));
  }
}

void simulated_database::happen(entry e) {
  auto verdict = disk_.apply(e.tx);
  for (const auto& hook : e.tx.early_hooks()) hook(verdict.has_value());
  for (const auto& hook : e.tx.hooks()) hook(verdict.has_value());
  e.done(std::move(verdict));
}

result<void> simulated_database::read(read_work work) {
  work(disk_.connection());
  return {};
}

result<std::vector<store::migration_status>> simulated_database::migrate() {
  const auto known = store::parse_migrations(store::sqlite_sources());
  if (!known) return known.error();
  return store::apply_missing(*this, *known);
}

void simulated_database::step() {
  if (pending_.empty()) return;
  entry e = std::move(pending_.front());
  pending_.pop_front();
  happen(std::move(e));
}

void simulated_database::die(std::size_t written) {
  for (std::size_t n = 0; n < written && n < pending_.size(); ++n) {
    // Its verdict is nobody's any more.
    if (!disk_.apply(pending_[n].tx)) continue;
  }
  pending_.clear();
}

}  // namespace son1k::simulation
