// Failed jobs that nobody has dealt with, in groups of the same error. A letter leaves when it is
// replayed or purged, when its job is started again by other means and ends, and with the history's
// retention. Thread-safe.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <vector>

#include "queue/control.hpp"
#include "queue/history/history.hpp"
#include "queue/history/history_rows.hpp"

namespace son1k::queue {

struct dead_groups_page {
  std::vector<dead_group> groups;  // from the one with the newest letter
  std::string next;
};

// The letters of a group, one job, or all that match a query. Empty fields do not count.
struct letters_wanted {
  std::string fingerprint;
  std::string queue;
  std::string id;
  job_query query;
  std::int64_t before_seq = 0;  // letters_done::next_seq of the call before; 0: from the newest
};

struct letters_done {
  std::int64_t retried = 0;  // the queue still had them
  std::int64_t added = 0;    // the queue had forgotten them
  std::int64_t purged = 0;
  std::int64_t passed_over = 0;  // running or ready already, or ended well meanwhile
  std::int64_t refused = 0;      // could not be added again; they stay letters
  std::int64_t next_seq = 0;     // 0: all have been seen
};

inline constexpr std::size_t letters_max = 1'000;

class dead_letters {
 public:
  virtual ~dead_letters() = default;

  virtual boost::asio::awaitable<result<dead_groups_page>> groups(std::string cursor,
                                                                  std::size_t limit) = 0;
  // not_found.
  virtual boost::asio::awaitable<result<dead_group>> group(std::string fingerprint) = 0;
  virtual boost::asio::awaitable<result<search_page>> letters(std::string fingerprint,
                                                              std::string cursor,
                                                              std::size_t limit) = 0;

  // Runs at most `max` (up to letters_max) letters again, from the newest: in the queue if it still
  // has the job, else added again with the same id, data and options. The job is ready, durably,
  // before its letter goes; so an interrupted call may be repeated, and a job that is ready or
  // running already is never started twice.
  virtual boost::asio::awaitable<result<letters_done>> replay(letters_wanted which,
                                                              std::size_t max) = 0;
  // The letters are dealt with; their jobs stay in the history.
  virtual boost::asio::awaitable<result<letters_done>> purge(letters_wanted which,
                                                             std::size_t max) = 0;
};

}  // namespace son1k::queue
