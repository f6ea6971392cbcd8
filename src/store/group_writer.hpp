// The one thread that writes, whatever the database: it takes what is queued, has its backend run
// it as one group and acknowledges once the group's promise holds. While more is queued, a second
// thread makes the group durable and tells its outcomes, and this one goes on with the next.
//
// At rest, what one transaction leads to at once (a job that is added, starts and ends) may share
// its sync: a group whose hooks have all been told early is held for a moment (bounds::hold_for)
// when they have led to another commit, and acknowledged together with what follows.
//
// A backend derives, calls start() last in its constructor and stop() first in its destructor; its
// own words run on the writer's thread only. submit() from any thread; stop() repeatable, from any
// thread but the writer's.
#pragma once
#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/metrics.hpp"
#include "store/outcome_teller.hpp"

namespace son1k::store {

class group_writer {
 public:
  struct bounds {
    std::size_t queued_max;
    std::size_t group_max;
    metrics::histogram* commit_seconds = nullptr;  // from a group's begin until its promise holds
    std::chrono::microseconds hold_for{0};         // 0: never
  };

  group_writer(bounds b, const char* thread_name) : bounds_(b), thread_name_(thread_name) {}
  virtual ~group_writer() = default;
  group_writer(const group_writer&) = delete;
  group_writer& operator=(const group_writer&) = delete;

  // See database::commit().
  void submit(transaction tx, database::commit_handler done);
  // Finishes what was queued; what comes later is refused.
  void stop();

 protected:
  using entry = group_entry;
  using group = std::span<entry>;

  void start();

  // Runs the transactions in their order and leaves each its verdict. At least one has steps.
  virtual void commit_group(group g) = 0;
  // Makes what the groups until now have written survive a power cut. On either thread.
  virtual result<void> make_durable() { return {}; }
  // After a group was acknowledged.
  virtual void after_group() {}
  // How long the writer waits for work before rest() is called; nothing: as long as it takes.
  virtual std::optional<std::chrono::milliseconds> rests_after() const { return std::nullopt; }
  virtual void rest() {}

  static void refuse(group g, const error& why);
  // Refuses those that have not failed by themselves.
  static void refuse_rest(group g, const error& why);
  static result<void> run_steps(const entry& e, connection& c);

  // Whether this group runs without savepoints, in the hope that nothing fails. One failure makes
  // another likely (a burst of duplicates): savepoints for the next groups then cost less than
  // running each of them twice.
  bool hopeful() { return careful_groups_ == 0 || (--careful_groups_, false); }
  void be_careful();

 private:
  void run();
  bool take(std::vector<entry>& batch);
  std::vector<entry> next_part(std::vector<entry>& of, std::size_t& at);
  void commit(std::vector<entry> entries, bool more);
  bool worth_holding(const committed_group& written);
  void follow_held(committed_group written);
  void give_up_holding();
  std::optional<std::chrono::microseconds> waits_for() const;
  void told(const committed_group& written);

  const bounds bounds_;
  const char* const thread_name_;
  // Only the writer's thread:
  int careful_groups_ = 0;
  std::optional<committed_group> held_;
  std::chrono::steady_clock::time_point held_until_;
  int holds_in_vain_ = 0;  // in a row
  int holds_left_out_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<entry> pending_;
  std::size_t unfinished_ = 0;  // pending and taken
  bool stopping_ = false;
  bool asleep_ = false;
  std::once_flag joined_;
  std::optional<outcome_teller> teller_;  // as long as the writer's thread runs
  std::thread thread_;
};

}  // namespace son1k::store
