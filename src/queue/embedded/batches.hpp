// Changes on their way into the table: what was decided under the lock of the core and waits for
// its commit. They live in the steps and hooks of their transactions.
#pragma once
#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "queue/control.hpp"
#include "queue/embedded/dedup_owners.hpp"
#include "queue/embedded/flow_table.hpp"
#include "queue/embedded/job_table.hpp"
#include "queue/intake.hpp"

namespace son1k::queue::embedded {

class core;

// How a job on its way in is known.
struct arrival {
  id_text id;
  bool named = false;  // by its caller
  std::uint16_t room = 0;
};

// A job of a tree on its way in; the root of a tree stands last.
struct flat_job {
  job_spec spec;  // without its children
  arrival known_as;
  std::size_t parent = 0;  // place of the parent, or beyond the last
  std::vector<std::size_t> children;
};

struct staged_child {
  std::int64_t seq = 0;
  job_ref job;
  child_failure on_failure = child_failure::fail;
  bool fresh = true;  // added with its parent, as far as is known at staging
  bool named = false;
};

struct staged_job {
  job_spec spec;
  id_text id;
  std::string options_text;
  std::shared_ptr<const job_options> options;
  std::int64_t seq = 0;
  std::int64_t run_at_ms = 0;
  std::int64_t due = 0;
  std::uint16_t room = 0;
  std::uint16_t kind = 0;
  job_state state = job_state::waiting;
  bool named = false;  // the id is the caller's own
  std::int64_t parent = 0;
  job_ref parent_job;
  std::vector<staged_child> children;
};

// What an add that was refused by the owner of its deduplication id changes about the owner.
struct staged_touch {
  dedup_key key;
  std::string queue;
  std::int64_t seq = 0;
  std::string owner;                     // its id
  std::size_t reply = 0;                 // which add of the batch it was
  std::int64_t until = 0, until_ms = 0;  // 0: the time to live stays
  bool replaces = false;                 // its data and delay, if it is delayed
  std::string data;
  std::int64_t run_at_ms = 0, due = 0;
  bool written = false;  // the row of the owner has the new data
  bool taken = false;    // the owner is out of its list
  entry_index entry = no_entry;
};

// The jobs `first`..`root` of a batch: all are added, or none.
struct staged_tree {
  std::size_t first = 0, root = 0;
  std::size_t reply = 0;
  std::int64_t parent = 0;  // of the root, when it was there before
  entry_index parent_entry = no_entry;
  std::int64_t former = 0;  // who held the root's deduplication id last
  std::int64_t until = 0, until_ms = 0;
  bool refused = false;                 // the step found that somebody else holds it
  std::unique_ptr<staged_touch> touch;  // then set: what it changes about that one
};

struct staged_batch {
  explicit staged_batch(std::shared_ptr<core> c) : owner(std::move(c)) {}
  ~staged_batch();  // a transaction that was dropped: its ids are free again
  std::shared_ptr<core> owner;
  std::int64_t now = 0, steady = 0;
  std::vector<staged_job> jobs;  // without the duplicates known at staging
  std::vector<staged_tree> trees;
  std::vector<staged_touch> touches;
  std::vector<added_job> replies;
  bool settled = false;
};

struct finishing {
  std::size_t request = 0;
  entry_index entry = no_entry;
  transition to;
  row_change change;
  std::vector<child_end> ends;
  std::vector<freed_id> freed;
};

// Runs that end in one commit.
struct finish_batch {
  std::shared_ptr<std::vector<finish_request>> requests;
  std::vector<std::size_t> part;     // which of the requests
  std::vector<finishing> jobs;       // those of them that may end
  std::vector<std::int64_t> erased;  // rows to trim in the same commit
  bool flowing = false;
  std::uint64_t cancels = 0;  // of runs, that the decision knows of
  bool overtaken = false;     // a cancel was committed after the decision: decide again
  std::vector<std::pair<std::size_t, error>> refused;
};

struct cancel_batch {
  struct job {
    entry_index entry = no_entry;
    std::int64_t seq = 0;
    bool ran = false;     // at the commit, so that nobody has settled it
    bool told = false;    // the run knows that its cancel is being committed
    bool taken = false;   // out of its list until the commit is decided, so that nobody claims it
    stored_argument row;  // for the domain and the record of its end
  };
  std::vector<job> jobs;
  std::unordered_set<std::int64_t> seen;
  std::vector<child_end> ends;
  std::vector<freed_id> freed;
  settle_function settle;
};

struct edit_batch {
  struct job {
    entry_index entry = no_entry;
    std::int64_t seq = 0;
    job_state before = job_state::waiting, after = job_state::waiting;
    std::int32_t priority = 0;
    std::int64_t place = 0;
    std::optional<job_view> view;  // to be settled
    bool unread = false;           // of the view: argument and user stand in the row only
    std::vector<std::int64_t> reopened;
    std::vector<child_end> ends;
    std::vector<freed_id> freed;
  };
  job_edit how;
  std::int64_t now = 0;
  bool quiet = false;  // no event for each
  std::vector<job> jobs;
  std::vector<std::int64_t> trimmed;  // rows that must not take the places of ended jobs
  std::vector<result<void>> replies;
};

// A walk over all jobs in slices, for removing those of one queue.
struct removal_walk {
  std::string queue;
  unsigned states = 0;  // a bit for each
  std::int64_t newest_ms = std::numeric_limits<std::int64_t>::max();
  std::size_t most = std::numeric_limits<std::size_t>::max();
  bool quiet = true;
  settle_function settle;
  std::size_t at = 0;
  std::size_t taken = 0;
  bool done = false;
  bool missed = false;  // some were being changed by others
  // Row and entry of those to be removed, the oldest last; unset: all that the walk finds.
  std::optional<std::vector<std::pair<std::int64_t, entry_index>>> chosen;
};

// The job that a page ended with, and its place for when it has gone.
struct list_cursor {
  entry_index entry = no_entry;
  std::int64_t seq = 0;
  std::array<std::int64_t, 3> key{};
};
std::string write_cursor(const list_cursor& c);
result<list_cursor> read_cursor(std::string_view text);  // validation

struct listed_page {
  std::vector<std::int64_t> seqs;
  list_cursor last;
  bool more = false;
};
struct delayed_walk {
  std::size_t at = 0;
  std::vector<list_cursor> first;
  bool more = false;
};

}  // namespace son1k::queue::embedded
