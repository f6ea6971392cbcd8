// The lasting record of jobs: what ended is kept in SQL after the queue has forgotten it, and one
// search finds both what lives and what has been. Thread-safe; coroutines resume on the executor
// they run on. Every answer is bounded.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "queue/job.hpp"
#include "queue/query.hpp"

namespace son1k::queue {

inline constexpr std::size_t search_jobs_max = 100;

// A job that was found: one of the queue, or one of the past.
struct found_job {
  job_view job;       // of the past: without progress and logs
  bool live = false;  // it has not ended
  std::int64_t ready_at_ms = 0;
  std::string fingerprint;   // of its error
  bool dead_letter = false;  // failed, and neither replayed nor purged
  run_cost cost;
  std::int64_t seq = 0;  // its place in the history; 0: live
};

struct search_page {
  std::vector<found_job> jobs;  // live ones first, then the past from the newest
  std::string next;             // empty: that was all
};

struct job_count {
  std::int64_t found = 0;
  bool exact = true;  // false: at least that many
};

// A run that came to an end, for the timeline.
struct past_run {
  std::int64_t fence = 0;
  std::string worker;
  std::int64_t started_at_ms = 0;
  std::int64_t ended_at_ms = 0;
  std::string outcome;  // completed, failed, cancelled, stalled, delayed, waiting, …
  std::optional<job_error> error;
  run_cost cost;
};

struct job_story {
  found_job job;
  std::vector<past_run> runs;  // from the first; at most story_runs_max, the newest
};
inline constexpr std::size_t story_runs_max = 100;

// One slice of retention.
struct trim_step {
  std::int64_t gone = 0;  // records removed
  std::int64_t left = 0;  // that are to go as well, nearly
};

// Of one queue, some seconds ago.
struct letters_of_queue {
  std::string queue;
  std::int64_t groups = 0;
  std::int64_t jobs = 0;
};
inline constexpr std::int64_t letter_queues_max = 1'000;  // those with the most letters

struct history_figures {
  std::int64_t recorded = 0;    // records written
  std::int64_t dropped = 0;     // that could not be written
  std::int64_t buffered = 0;    // that wait
  std::int64_t blocked_ms = 0;  // how long the queue was held while the buffer was full, in all
  std::vector<letters_of_queue> letters;
};

class job_history {
 public:
  virtual ~job_history() = default;

  // A page of the jobs that match. A page may be short, even empty, and still have a `next`: a
  // request looks at a bounded number of jobs. validation: a limit outside 1..search_jobs_max, a
  // cursor that is not of this query.
  virtual boost::asio::awaitable<result<search_page>> search(job_query query, std::string cursor,
                                                             std::size_t limit) = 0;
  // How many match, counted no further than `count_max`.
  virtual boost::asio::awaitable<result<job_count>> count(job_query query,
                                                          std::int64_t count_max) = 0;
  // One job with its timeline. An empty `queue` looks in all of them. not_found.
  virtual boost::asio::awaitable<result<job_story>> show(std::string queue, std::string id) = 0;

  // Removes some of the records that are too old or too many, the oldest first, in one short
  // commit. Nothing has gone: all is well. Safe to call again.
  virtual boost::asio::awaitable<result<trim_step>> trim() = 0;
  virtual history_figures figures() const = 0;
};

}  // namespace son1k::queue
