// Tells the outcomes of committed groups, in order: makes them durable if they were promised to be,
// then calls hooks and callers. By a thread of its own while the writer is at the next group.
//
// Threads: used by the writer's thread. What it calls runs on that thread (tell()) or on its own
// (hand_over()), never on both at once.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "store/database.hpp"

namespace son1k::store {

// A transaction on its way through a writer.
struct group_entry {
  group_entry(transaction t, database::commit_handler d) : tx(std::move(t)), done(std::move(d)) {}
  transaction tx;
  database::commit_handler done;
  std::chrono::steady_clock::time_point arrived = std::chrono::steady_clock::now();
  result<void> verdict;
};

struct committed_group {
  std::vector<group_entry> entries;
  bool changes = false;    // there was something to commit
  bool for_power = false;  // one of them was promised to survive a power cut
  std::chrono::steady_clock::time_point began;
};

void tell_written(const group_entry& e);  // before acknowledge(), once
void acknowledge(group_entry& e);

class outcome_teller {
 public:
  struct parts {
    std::function<result<void>()> make_durable;  // what the groups until now have written
    std::function<void(const committed_group&)> told;
    const char* thread_name = "outcomes";
  };

  explicit outcome_teller(parts p);
  ~outcome_teller();
  outcome_teller(const outcome_teller&) = delete;
  outcome_teller& operator=(const outcome_teller&) = delete;

  // Nothing handed over is left to tell.
  bool idle();
  void wait_idle();
  // Here and now, under one sync; only while idle.
  void tell(std::vector<committed_group> groups);
  // By the other thread; waits while it has as many as it may keep.
  void hand_over(committed_group group);
  // Tells what was handed over. Repeatable.
  void stop();

 private:
  using groups = std::vector<committed_group>;
  void run();
  void tell_all(groups& from);

  const parts parts_;
  std::mutex mutex_;
  std::condition_variable wake_, progress_;
  groups handed_over_;
  bool telling_ = false;
  bool stopping_ = false;
  std::once_flag joined_;
  std::thread thread_;
};

}  // namespace son1k::store
