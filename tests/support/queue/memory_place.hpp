// What the memory queue knows: plain maps, looked through rather than indexed wherever that is
// plainer. It outlives the queue object, as a file outlives a process.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "queue/control.hpp"
#include "queue/job.hpp"

namespace son1k::test {

struct memory_child {
  queue::child_view view;
  queue::child_failure on_failure = queue::child_failure::fail;
  bool done = false;  // its parent no longer waits for it
};

struct memory_job {
  queue::job_view view;  // logs: those of runs that ended
  std::string checkpoint;
  std::uint64_t order = 0;      // of arrival
  std::int64_t place = 0;       // the same, unless somebody moved it: its turn after a restart
  std::int64_t turn = 0;        // of becoming ready: its place among its equals
  std::int64_t due = 0;         // steady ms, when delayed
  std::int64_t expires_at = 0;  // steady ms; 0: never
  std::int64_t ready_at_ms = 0;
  std::vector<memory_child> children;
  std::optional<queue::job_error> verdict;
  bool cancel_requested = false;
  bool proceeds = false;  // a child that failed says: run at once
  // Of the run under way.
  std::int64_t lease_until = 0;  // steady ms
  std::int64_t started = 0;      // its place in the order of starts
  std::vector<std::string> run_logs;
  bool ending = false;  // its end is being committed
};

struct memory_owner {  // of a deduplication id
  std::string job;
  std::int64_t until = 0;  // steady ms; 0: as long as the job has not ended
};

// Jobs by the time they became ready.
using memory_row = std::set<std::pair<std::int64_t, std::string>>;

struct memory_lane {  // one queue
  std::map<std::string, memory_job> jobs;
  std::map<std::int32_t, std::map<std::string, memory_row>> ready;  // by priority, by group
  std::set<std::pair<std::uint64_t, std::string>> condemned;        // to be ended without a run
  std::set<std::tuple<std::int32_t, std::int64_t, std::string>> suspects;  // by stalls, then turn
  std::map<std::string, std::int64_t> last_starts;                         // of groups, by turns
  std::set<std::tuple<std::int64_t, std::uint64_t, std::string>> delayed;
  std::map<std::string, memory_owner> owners;
  queue::queue_limits limits;
  std::map<std::string, queue::group_limits> group_limits;
  bool paused = false;
  std::int64_t claimed_at = -1'000'000;  // steady ms

  // It holds jobs, or something is set about it.
  bool known() const {
    return !jobs.empty() || paused || limits != queue::queue_limits{} || !group_limits.empty();
  }
};

struct memory_place {
  std::map<std::string, memory_lane> lanes;
  std::uint64_t next_order = 1;
  std::int64_t next_turn = 1;
  std::int64_t first_turn = 0;  // those put to the front are below
  std::uint64_t next_event = 1;
};

}  // namespace son1k::test
