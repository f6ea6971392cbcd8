// The `database` port with faults on demand: commits that fail, acknowledgements that are lost,
// commits that are held back until the test lets them go.
//
// Threads: as the port. Faults may be set at any time; they count the commits that come after.
#pragma once
#include <deque>
#include <memory>
#include <mutex>

#include "store/database.hpp"

namespace son1k::test {

class faulty_database final : public store::database {
 public:
  explicit faulty_database(std::unique_ptr<store::database> real) : real_(std::move(real)) {}

  // The nth commit from now (1 = the next) is refused with `why` and takes no effect.
  void fail_commit(int nth, error why) { plan(nth, {std::move(why), false}); }
  // The nth commit from now takes effect (its hooks see it), but its caller is told `why`.
  void lose_ack(int nth, error why) { plan(nth, {std::move(why), true}); }
  // Commits wait in order until release_commits().
  void hold_commits();
  void release_commits();
  // The nth read from now is refused with `why`.
  void fail_read(int nth, error why);
  int commits() const;  // seen so far

  void commit(store::transaction tx, commit_handler done) override;
  result<void> read(read_work work) override;
  result<std::vector<store::migration_status>> migrations() override { return real_->migrations(); }
  result<std::vector<store::migration_status>> migrate() override { return real_->migrate(); }
  // Lets go what is held, then stops the real one.
  void stop() override;

 private:
  struct fault {
    error why;
    bool takes_effect;
  };
  struct held {
    store::transaction tx;
    commit_handler done;
  };
  void plan(int nth, fault f);
  void pass(store::transaction tx, commit_handler done);

  const std::unique_ptr<store::database> real_;
  mutable std::mutex mutex_;
  std::vector<std::pair<int, fault>> commit_faults_;  // by number of commit
  std::vector<std::pair<int, error>> read_faults_;
  std::deque<held> held_;
  bool holding_ = false;
  int commits_ = 0;
  int reads_ = 0;
};

}  // namespace son1k::test
