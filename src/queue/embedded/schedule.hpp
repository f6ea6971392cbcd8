// Who is next: the jobs of all queues in memory, each in the list of its state, and the index of
// ids. Pure structure: no clock, no database, no locks (guarded by the lock of the embedded core).
// Later capabilities (groups, ageing, rates) change which list next_ready() looks at first.
#pragma once
#include <boost/unordered/unordered_flat_set.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "queue/embedded/entry_pool.hpp"
#include "queue/embedded/names.hpp"
#include "queue/queue.hpp"

namespace son1k::queue::embedded {

struct claim_ticket;

// An id of the caller's own that is staged and not yet committed, perhaps by several at once: all
// of them insert under one `seq`, so that whichever is committed first wins.
struct pending_id {
  std::int64_t seq = 0;
  std::size_t stagers = 0;
};

// One queue.
struct room {
  bool paused = false;
  entry_list waiting;
  std::map<std::int32_t, entry_list> prioritized;  // no list in it is empty
  due_heap delayed;
  entry_list active;
  entry_list completed;  // in order of their ends
  entry_list failed;
  retention keep_completed = job_options{}.keep_completed;  // of the newest job that ended
  retention keep_failed = job_options{}.keep_failed;
  std::size_t prioritized_size = 0;
  std::unordered_map<std::string, pending_id> pending;
  std::deque<std::shared_ptr<claim_ticket>> tickets;  // claims that wait, the longest first

  std::size_t ready() const { return waiting.size() + prioritized_size; }
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

  entry_index find(std::uint16_t room, std::string_view id) const;
  // The entry a lease points at, if it is the same job; its fence and state are the caller's
  // matter.
  entry_index find(const lease& held) const;

  // Takes in a job whose room, id and state are set, at the end of its state's list; its index.
  entry_index insert(job_entry&& e);
  // Takes a job out of its list and forgets it.
  void forget(entry_index i);
  // Changes the state and the list. `own_place`: among the ready, by arrival instead of at the end.
  void move(entry_index i, job_state to, bool own_place = false);

  // The job that is to run next, if any: the lowest priority number, then the order of the list.
  entry_index next_ready(const room& r) const;
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
    std::string_view id;
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
      return e.room == a.room && e.id.view() == a.id;
    }
  };
  static std::uint32_t hash_of(std::uint16_t room, std::string_view id);
  void unlist(entry_index i);
  void enlist(entry_index i, bool own_place);

  entry_pool pool_;
  name_table names_;
  std::deque<room> rooms_;
  boost::unordered_flat_set<key, hasher, same> index_{0, hasher{}, same{&pool_}};
};

}  // namespace son1k::queue::embedded
