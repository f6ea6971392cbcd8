// A `database` without threads: a commit waits until the simulation lets it happen, so that every
// order of events and every moment of a crash can be tried again. The disk outlives the databases
// on it, as a file outlives processes. One thread.
#pragma once
#include <deque>
#include <memory>

#include "store/database.hpp"
#include "store/sqlite/sqlite_connection.hpp"

namespace son1k::simulation {

// What has been written. A commit that promises no more than the life of the process stays in an
// open outer transaction, which a power cut rolls back.
class disk {
 public:
  disk();
  result<void> apply(const store::transaction& tx);
  void power_cut();
  store::connection& connection() { return *connection_; }
  void full(bool is_full) { full_ = is_full; }

 private:
  std::unique_ptr<store::sqlite_connection> connection_;
  bool full_ = false;
};

class simulated_database final : public store::database {
 public:
  explicit simulated_database(disk& on) : disk_(on) {}

  void commit(store::transaction tx, commit_handler done) override;
  result<void> read(read_work work) override;
  result<std::vector<store::migration_status>> migrations() override {
    return std::vector<store::migration_status>{};
  }
  result<std::vector<store::migration_status>> migrate() override;
  void stop() override {}

  // From here on commits wait for step(); before, they happen at once.
  void by_hand() { by_hand_ = true; }
  std::size_t waiting() const { return pending_.size(); }
  // The oldest commit that waits happens, and is acknowledged.
  void step();
  // The process dies: the oldest `written` reach the disk, nobody is told of any.
  void die(std::size_t written);

 private:
  struct entry {
    store::transaction tx;
    commit_handler done;
  };
  void happen(entry e);

  disk& disk_;
  std::deque<entry> pending_;
  bool by_hand_ = false;
};

}  // namespace son1k::simulation
