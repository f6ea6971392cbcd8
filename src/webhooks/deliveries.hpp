// Messages on their way to webhooks: how an event becomes one for each address, in the commit of
// what it tells, and what came of them. Statements only; calls run inside a unit of work or a read
// of the database, on its threads.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "store/database.hpp"
#include "webhooks/webhook_records.hpp"

namespace son1k::webhooks {

inline constexpr std::string_view deliveries_queue = "webhooks";
inline constexpr std::string_view delivery_kind = "webhook";
inline constexpr std::int64_t deliveries_kept_ms = 30LL * 86'400'000;

struct delivery {
  std::string webhook;
  std::string id;  // "<UUIDv7>.<webhook>"
  std::string owner;
  std::string message;  // what receivers recognise a repeated one by
  std::string event;
  std::string payload;  // as it is sent and signed
  std::string state = "pending";
  bool forced = false;
  std::int64_t attempts = 0;
  std::int64_t status = 0;  // of the last reply; 0: there was none
  std::string problem;      // of the last attempt
  std::int64_t took_ms = 0;
  std::int64_t created_at_ms = 0;
  std::int64_t tried_at_ms = 0;
  std::int64_t ended_at_ms = 0;
};

// One thing that happened, told once to each webhook of the owner that wants to know.
struct announcement {
  std::string owner;
  std::string event;
  std::string data;  // JSON object
  std::int64_t at_ms = 0;
  std::string id;  // UUIDv7, made before the unit of work, which may run twice
};
// Without such webhooks nothing is written. Runs inside a unit of work.
result<void> announce(store::connection& db, const announcement& what);
// {"type","timestamp","data"}, as it is sent.
std::string payload_of(std::string_view event, std::int64_t at_ms, std::string_view data);

// One message for one webhook, whatever it subscribes to.
void stage_delivery(store::transaction& tx, delivery what);
std::string delivery_id(std::string_view webhook);                           // a new one
std::string_view webhook_of(std::string_view delivery);                      // empty: it is none
result<delivery> find_delivery(store::connection& db, std::string_view id);  // not_found
// The newest first, before the id `before` (empty: from the newest), in a state (empty: any).
result<std::vector<delivery>> list_deliveries(store::connection& db, std::string_view webhook,
                                              std::string_view before, std::string_view state,
                                              std::int64_t most);

// Messages without a job, the oldest first, at most `most`.
struct due_delivery {
  std::string id;
  std::string owner;
  std::int64_t fence = 0;
};
result<std::vector<due_delivery>> due_deliveries(store::connection& db, std::int64_t most);
// The job comes with the same commit. conflict (rolls it back): another process has added it.
void stage_queued(store::transaction& tx, std::string id);
// Messages that wait for their job, by id, beyond `after`: see queue::job_kind::owed().
result<std::vector<due_delivery>> owed_deliveries(store::connection& db, std::string_view after,
                                                  std::int64_t most);
// True: it still waits, and no start below `fence` may write it.
result<bool> take_over_delivery(store::connection& db, const due_delivery& what);

// What one attempt came to, under its fence; conflict: the message has ended or belongs to a later
// start.
struct attempt {
  std::string id;
  std::int64_t fence = 0;
  std::int64_t status = 0;
  std::string problem;
  std::int64_t took_ms = 0;
  std::int64_t at_ms = 0;
};
void stage_attempt(store::transaction& tx, attempt what);

enum class delivery_end { delivered, failed, dropped };
// The end of a message, once; a failed one counts against its webhook, which is disabled after
// `failures_max` in a row, or at once when the receiver said that it is gone (410).
result<void> end_delivery(store::connection& db, std::string_view id, delivery_end how,
                          std::int64_t failures_max, std::int64_t now_ms,
                          const std::string& announcement_id);
// Somebody starts it again.
result<void> reopen_delivery(store::connection& db, std::string_view id);
// Removes at most so many ended messages that had their time; how many.
result<std::int64_t> forget_deliveries(store::connection& db, std::int64_t now_ms,
                                       std::int64_t most);

}  // namespace son1k::webhooks
