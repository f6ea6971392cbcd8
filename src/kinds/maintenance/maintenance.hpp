// The kind "maintenance": work on the queue itself, as a job that can be followed, cancelled and
// resumed. It waits in the queue "system".
//   {"task":"bulk", "action":"retry"|"cancel"|"promote"|"remove"|"priority",
//   "query":"state:failed",
//    "priority":5}    (the last for the action of that name)
// Ages in the query count from the arrival of this job. `retry` replays dead letters; the others
// change jobs of the queues that match. Result: {"changed":n, "passedOver":n, "refused":n}.
//   {"task":"history_retention"}, {"task":"idempotency_retention"}
// Removes what the history, the replies under idempotency keys need not keep any longer. Result:
// {"removed":n}.
#pragma once
#include <functional>
#include <memory>
#include <string_view>
#include <variant>

#include "queue/history/dead_letters.hpp"
#include "queue/kind.hpp"
#include "queue/queue.hpp"
#include "queue/schedules/schedule.hpp"

namespace son1k::kinds {

inline constexpr std::string_view maintenance_queue = "system";
inline constexpr std::string_view maintenance_name = "maintenance";

// All of them outlive the kind.
struct maintenance_parts {
  queue::queue_port& jobs;
  store::database& database;
  queue::job_history& history;
  queue::dead_letters& letters;
  queue::settle_function settle;
  // Removes at most so many replies that hold no longer, in the job database; how many.
  std::function<result<std::int64_t>(store::connection&, std::int64_t most)> forget_replies;
};

struct bulk_request {
  enum class what : std::uint8_t { retry, cancel, promote, remove, priority };
  what action = what::retry;
  std::int32_t priority = 0;
  queue::job_query query;
};
struct retention_request {
  enum class what : std::uint8_t { history, idempotency };
  what of = what::history;
};
using maintenance_request = std::variant<bulk_request, retention_request>;
// validation: names the field. An empty query is refused: it would mean every job there is.
result<maintenance_request> parse_maintenance(std::string_view data, std::int64_t now_ms);

std::shared_ptr<queue::job_kind> make_maintenance_kind(maintenance_parts parts);

// What the system does by itself, as schedules of its own.
std::vector<queue::schedule_spec> maintenance_schedules();

}  // namespace son1k::kinds
