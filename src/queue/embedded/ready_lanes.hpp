// The ready jobs of one queue and whose turn it is.
//
// Jobs of one group and one priority stand in a lane, in the order in which they became ready; one
// that is put back regains its own place. Of the groups that wait with their best priority, the one
// goes next that has waited longest for its turn: since its last start, or since the job whose turn
// it is became ready if that was later; one that was put to the front goes before. All this is in
// one count of turns, so that it is the same whatever came and went meanwhile. Ageing: of the jobs
// at the heads of their lanes the one that is ready the longest goes first, if policy.hpp says so.
// A group that is held back by its limits stands in neither order and costs nothing until a run of
// it ends or its rate opens.
//
// Everything is O(log lanes), whatever the number of groups and priorities. Pure structure: no
// clock, no locks (guarded by the lock of the embedded core). The pool is used, not owned.
#pragma once
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "queue/embedded/entry_pool.hpp"
#include "queue/embedded/placed_heap.hpp"
#include "queue/embedded/start_gate.hpp"

namespace son1k::queue::embedded {

struct lane_group;

// Turns of jobs that were put to the front.
constexpr bool is_front(std::int64_t turn) {
  return turn < 0;
}

struct ready_lane {
  entry_list fresh;
  // Put back, by their turns; they go before the fresh ones of later turns.
  std::set<std::pair<std::int64_t, entry_index>> returned;
  lane_group* owner = nullptr;
  entry_index head = no_entry;
  std::int64_t head_at_ms = 0;
  std::int64_t head_turn = 0;
  std::int32_t priority = 0;
  std::uint32_t by_priority = heap_nowhere;
  std::uint32_t by_age = heap_nowhere;

  static bool higher(const ready_lane& a, const ready_lane& b) { return a.priority < b.priority; }
  static bool older(const ready_lane& a, const ready_lane& b) {
    return a.head_at_ms != b.head_at_ms ? a.head_at_ms < b.head_at_ms : a.head_turn < b.head_turn;
  }
};

struct lane_group {
  std::string name;
  start_gate gate;
  std::optional<group_limits> own;  // in place of those of every group
  placed_heap<ready_lane, &ready_lane::by_priority, ready_lane::higher> lanes;
  placed_heap<ready_lane, &ready_lane::by_age, ready_lane::older> ages;
  std::int64_t started = 0;   // the turn of its last start
  std::int64_t opens_at = 0;  // steady ms at which its rate allows a start again; 0: it does
  std::size_t jobs = 0;       // of any state
  group_index number = 0;
  std::uint32_t by_turn = heap_nowhere;
  std::uint32_t by_age = heap_nowhere;  // among the open groups, or among those held back
  bool held_back = false;
  bool leaving = false;  // has no job left and is forgotten once its rate allows

  static bool sooner(const lane_group& a, const lane_group& b) {
    const auto pa = a.lanes.top().priority;
    const auto pb = b.lanes.top().priority;
    return pa != pb ? pa < pb : a.turn() < b.turn();
  }
  std::int64_t turn() const {
    const auto head = lanes.top().head_turn;
    return is_front(head) ? head : std::max(started, head);
  }
  static bool older(const lane_group& a, const lane_group& b) {
    return ready_lane::older(a.ages.top(), b.ages.top());
  }
};

class ready_lanes {
 public:
  explicit ready_lanes(entry_pool& pool);
  ready_lanes(const ready_lanes&) = delete;
  ready_lanes& operator=(const ready_lanes&) = delete;

  // The group of that name, made if it is new. Once its last job is released it is forgotten,
  // unless it has limits of its own.
  group_index open(std::string_view name);
  // Whether open() would stay within `max` names.
  bool fits(std::string_view name, std::size_t max) const {
    return names_.size() < max || names_.contains(name);
  }
  const std::string& name(group_index group) const { return groups_[group].name; }
  // A job of the group exists, in whatever state; it is no more.
  void hold(group_index group) { ++groups_[group].jobs; }
  void release(group_index group);
  // Forgets groups that wait only for their rates; call it now and then.
  void forget_idle(std::int64_t steady);

  // Ready jobs come and go; their turns, times and priorities are set.
  void push(entry_index i);
  void put_back(entry_index i);
  void remove(entry_index i);
  // Goes before the equals of every group.
  std::int64_t front_turn() { return --first_turn_; }

  // The job to run next, if any may. Call open_due() before.
  entry_index next(std::int64_t ageing_ms) const;
  void open_due(std::int64_t steady);
  // When the first rate opens; nothing: none is closed.
  std::optional<std::int64_t> opens_at() const {
    return opening_.empty() ? std::nullopt : std::optional(opening_.begin()->first);
  }

  // Starts and ends of runs of a group, for its limits.
  bool may_start(group_index group) const { return !groups_[group].held_back; }
  void started(group_index group, std::int64_t steady, std::int64_t turn);
  // A start of an earlier process; in order of time.
  void book(group_index group, std::int64_t at, std::int64_t steady);
  void ended(group_index group);
  void undone(group_index group);

  const group_limits& each() const { return each_; }
  void set_each(const group_limits& limits, std::int64_t steady);
  void set_own(std::string_view name, const std::optional<group_limits>& limits,
               std::int64_t steady);
  bool has_own() const { return own_ > 0; }
  // The widest window of a group's rate; 0: there is none.
  std::int64_t widest_rate_ms() const;
  // No group has limits of its own any more.
  void clear_own(std::int64_t steady);

  std::size_t size() const { return size_; }
  // Of those without a priority.
  std::size_t plain() const { return plain_; }
  // How many come before a new one of that priority, as far as 1,024 lanes tell.
  std::size_t before(std::int32_t priority) const;
  // Since when the oldest job waits, those held back included; 0: none waits.
  std::int64_t oldest_ready_at_ms() const;

  // All of them by priority, then group, then place; no_entry: that was the last one.
  entry_index first(std::int32_t lowest_priority) const;
  entry_index after(entry_index i) const;

 private:
  using lane_key = std::pair<std::int32_t, group_index>;
  using lanes = std::map<lane_key, ready_lane>;

  ready_lane& lane_of(const job_entry& e);
  void find_head(ready_lane& lane);
  void head_changed(ready_lane& lane);
  void drop_lane(ready_lane& lane);
  // Puts the group where it belongs after its lanes, its turn or its limits have changed.
  void settle(lane_group& group);
  void close_rate(lane_group& group, std::int64_t steady);
  void open_rate(lane_group& group);
  void set_gate(lane_group& group, std::int64_t steady);
  void forget(lane_group& group);

  entry_pool& pool_;
  lanes lanes_;  // none is empty
  lanes::node_type spare_;
  std::deque<lane_group> groups_;
  std::vector<group_index> unused_;
  std::deque<group_index> leaving_;
  std::unordered_map<std::string_view, group_index> names_;  // views into the groups
  placed_heap<lane_group, &lane_group::by_turn, lane_group::sooner> turns_;
  placed_heap<lane_group, &lane_group::by_age, lane_group::older> ages_;
  placed_heap<lane_group, &lane_group::by_age, lane_group::older> ages_held_;
  std::set<std::pair<std::int64_t, group_index>> opening_;
  group_limits each_;
  std::int64_t first_turn_ = 0;
  std::size_t own_ = 0;  // groups that have limits of their own
  std::size_t size_ = 0;
  std::size_t plain_ = 0;
};

}  // namespace son1k::queue::embedded
