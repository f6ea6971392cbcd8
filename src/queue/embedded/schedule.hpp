// The jobs of all queues in memory: who is next, each job in the list of its state, and the index
// of ids. Pure structure: no clock, no database, no locks (guarded by the lock of the embedded
// core).
//
// Among the ready: jobs that must end without a run stand apart and go first, whatever the limits.
// A suspect (policy.hpp) runs alone in its process; suspects stand apart too, those with fewer
// stalls first, so that one whose process died goes behind the others. All others stand in
// ready_lanes.
#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "queue/embedded/entry_pool.hpp"
#include "queue/embedded/names.hpp"
#include "queue/embedded/ready_lanes.hpp"
#include "queue/lone_turns.hpp"
#include "queue/policy.hpp"
#include "queue/queue.hpp"

namespace son1k::queue::embedded {

struct claim_ticket;

// An id of the caller's own that is staged and not yet committed, perhaps by several at once: all
// of them insert under one `seq`, so that whichever is committed first wins.
struct pending_id {
  std::int64_t seq = 0;
  std::size_t stagers = 0;
};

// Ready jobs that stand apart: suspects by stalls and turn, the condemned by arrival.
using apart_list = std::set<std::tuple<std::int32_t, std::int64_t, entry_index>>;

// Suspects of a queue that nobody claims from for so long hold up no other work.
inline constexpr std::int64_t suspects_left_ms = 10'000;

// One queue.
struct room {
  explicit room(entry_pool& pool) : lanes(pool) {}

  bool paused = false;
  queue_limits limits;
  start_gate gate;
  ready_lanes lanes;
  apart_list condemned;
  apart_list suspects;
  std::size_t prioritized_apart = 0;  // of the condemned and the suspects, those with a priority
  due_heap delayed;
  entry_list active;
  entry_list waiting_children;
  entry_list completed;  // in order of their ends
  entry_list failed;
  std::size_t cached_bytes = 0;                             // of arguments kept at hand
  retention keep_completed = job_options{}.keep_completed;  // of the newest job that ended
  retention keep_failed = job_options{}.keep_failed;
  boost::unordered_flat_map<id_text, pending_id, id_text::hasher> pending;
  std::deque<std::shared_ptr<claim_ticket>> tickets;  // claims that wait, the longest first
  std::int64_t claimed_at = -suspects_left_ms;        // steady ms of the newest claim

  // Somebody has told it something that outlives its jobs.
  bool is_set() const { return paused || limits != queue_limits{} || lanes.has_own(); }
  std::size_t ready() const { return lanes.size() + condemned.size() + suspects.size(); }
  std::size_t prioritized() const { return lanes.size() - lanes.plain() + prioritized_apart; }
  std::size_t waiting() const { return ready() - prioritized(); }
  std::size_t jobs() const {
    return ready() + delayed.size() + active.size() + waiting_children.size() + completed.size() +
           failed.size();
  }
};

class schedule {
 public:
  explicit schedule(std::size_t queues_max) : names_(queues_max) {}

  // Nothing: there are too many queues.
  std::optional<std::uint16_t> open_room(std::string_view queue);
  std::optional<std::uint16_t> find_room(std::string_view queue) const {
    return names_.find(queue);
  }
  std::uint16_t rooms() const { return static_cast<std::uint16_t>(rooms_.size()); }
  room& in(std::uint16_t number) { return rooms_[number]; }
  const std::string& name(std::uint16_t number) const { return names_[number]; }

  job_entry& operator[](entry_index i) { return pool_[i]; }
  std::size_t size() const { return index_.size(); }
  // For a walk over all jobs: entries below it that hold no row (seq 0) are passed over.
  std::size_t entries() const { return pool_.used(); }

  entry_index find(std::uint16_t room, const id_text& id) const;
  entry_index find(std::uint16_t room, std::string_view id) const {
    return find(room, id_text(id));
  }
  // The entry a lease points at, if it is the same job; its fence and state are the caller's
  // matter.
  entry_index find(const lease& held) const;

  // Takes in a job whose room, group, id, state and times are set, behind its equals; its index.
  // `due` (steady ms) is that of a delayed one.
  entry_index insert(job_entry&& e, std::int64_t due = 0);
  // Takes a job out of its list and forgets it.
  void forget(entry_index i);

  // Changes the state and the list, behind its equals. `at_ms`: since when it is ready, or when it
  // ended.
  void move(entry_index i, job_state to, std::int64_t at_ms);
  void delay(entry_index i, std::int64_t run_at_ms, std::int64_t due);
  // An active job goes back among the ready: to its own place, since when it was there.
  void put_back(entry_index i);
  // The job's stalls have grown, or it must end without a run: it stands where such jobs stand.
  void stalled(entry_index i, std::int32_t stalls);
  void condemn(entry_index i);
  // Of a job that has not started: behind its new equals, ready since when it was.
  void set_priority(entry_index i, std::int32_t priority);
  // Out of every list while a commit that changes it is under way; back to its own place. `due`
  // (steady ms) is that of a delayed one. move() and delay() also put it in again.
  void take_out(entry_index i);
  void put_in(entry_index i, std::int64_t due);
  // Of a ready job among its equals.
  void to_front(entry_index i);
  void to_back(entry_index i);

  // The job that is to run next, if any may: what stands above, and nothing beyond the limits of
  // the queue and of the groups.
  entry_index next_start(room& r, std::int64_t steady);
  // Makes it active; undo_start() in place of put_back() if the start came to nothing.
  void start(entry_index i, std::int64_t steady);
  void undo_start(entry_index i);
  // Of the rates of a queue and its groups; 0: there is none.
  std::int64_t widest_rate_ms(std::uint16_t number) const;
  // A start of the job by an earlier process, for the rates; in order of time.
  void book(entry_index i, std::int64_t at, std::int64_t steady);
  // When time alone lets something start, in steady ms, as far as `r` and suspects are concerned.
  std::int64_t next_opening(const room& r, std::int64_t steady) const;
  // Whether ends of runs have cleared the way for jobs of other queues since the last call.
  bool take_cleared() { return std::exchange(cleared_, false); }
  void set_limits(room& r, const queue_limits& limits, std::int64_t steady);

  // Ready jobs in the order of a listing: by priority, then group, then place; those apart last.
  entry_index first_ready(const room& r, job_state state) const;
  entry_index ready_after(const room& r, entry_index i) const;
  std::int64_t oldest_ready_at_ms(const room& r) const;
  // How many ready jobs come before a new one of that priority.
  std::int64_t ready_before(const room& r, std::int32_t priority) const;
  entry_list& ended(room& r, job_state state) {
    return state == job_state::completed ? r.completed : r.failed;
  }

 private:
  struct key {
    entry_index entry;
    std::uint32_t hash;
  };
  struct sought {
    std::uint16_t room;
    const id_text& id;
    std::uint32_t hash;
  };
  struct hasher {
    using is_transparent = void;
    std::size_t operator()(const key& k) const { return k.hash; }
    std::size_t operator()(const sought& s) const { return s.hash; }
  };
  struct same {
    using is_transparent = void;
    const entry_pool* pool;
    bool operator()(const key& a, const key& b) const { return a.entry == b.entry; }
    bool operator()(const key& a, const sought& b) const { return (*this)(b, a); }
    bool operator()(const sought& a, const key& b) const {
      if (a.hash != b.hash) return false;
      const auto& e = (*pool)[b.entry];
      return e.room == a.room && e.id == a.id;
    }
  };
  static std::uint32_t hash_of(std::uint16_t room, const id_text& id);
  entry_list* list_of(room& r, const job_entry& e);
  static apart_list& apart_of(room& r, const job_entry& e) {
    return e.place == entry_place::condemned ? r.condemned : r.suspects;
  }
  static apart_list::value_type apart_key(const job_entry& e, entry_index i) {
    if (e.place == entry_place::condemned) return {0, e.seq, i};
    return {e.stalls, e.turn, i};
  }
  void unlist(entry_index i);
  void enlist(entry_index i);
  void enlist_ready(entry_index i, bool own_place);
  void enlist_apart(entry_index i);
  void unlist_apart(entry_index i);
  void leave_active(entry_index i);
  entry_index next_suspect(const room& r) const;
  bool suspects_attended(std::int64_t steady) const;
  entry_index first_of(const apart_list& list, apart_list::const_iterator at,
                       job_state state) const;

  entry_pool pool_;
  name_table names_;
  std::deque<room> rooms_;
  boost::unordered_flat_set<key, hasher, same> index_{0, hasher{}, same{&pool_}};
  std::int64_t last_turn_ = 0;
  lone_turns turns_;
  std::set<std::uint16_t> suspected_;  // the queues in which suspects wait
  std::size_t running_ = 0;            // in all queues, without the condemned
  entry_index alone_ = no_entry;       // the suspect that runs
  bool cleared_ = false;
};

}  // namespace son1k::queue::embedded
