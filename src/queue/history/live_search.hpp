// The part of a search that looks at jobs which have not ended, page by page of the queue's own
// lists. Stateless; thread-safe.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "queue/history/history.hpp"
#include "queue/reader.hpp"

namespace son1k::queue {

// Where a live search goes on.
struct live_place {
  std::string queue;      // empty: from the first
  std::size_t state = 0;  // in the order in which states are looked at
  std::string after;
  std::size_t skip = 0;  // of the page at `after`, those that were seen
  bool over = false;
};

// Adds the jobs that match until `limit` are there or `look_max` were looked at, and moves `place`.
boost::asio::awaitable<result<void>> search_live(queue_reader& jobs, const job_query& query,
                                                 live_place& place, std::size_t limit,
                                                 std::size_t look_max, std::vector<found_job>& out);
// Whether such a query can match a job that has not ended.
bool may_be_live(const job_query& query);
bool may_have_ended(const job_query& query);

}  // namespace son1k::queue
