// What is amiss and what was, as all servers of a deployment know it. Statements only. Calls run
// inside a unit of work or a read of the database, on its threads.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "api/alerts/alert_rules.hpp"
#include "store/database.hpp"

namespace son1k::api {

// Nobody has looked at it for so long: whoever did is gone, and with it what was amiss.
inline constexpr std::int64_t alert_unseen_ms = 180'000;
inline constexpr std::int64_t alert_kept_ms = 30LL * 86'400'000;

struct alert {
  std::string id;  // UUIDv7
  std::string rule, subject, severity;
  double value = 0;
  std::int64_t since_ms = 0;
  std::int64_t seen_at_ms = 0;
  std::int64_t resolved_at_ms = 0;  // 0: it fires
  std::string acknowledged_by;
  std::int64_t acknowledged_at_ms = 0;  // 0: not
};

struct alert_query {
  std::string state;   // "firing", "resolved"; empty: both
  std::string before;  // id of the last row of the page before; empty: the newest
  int limit = 50;
};

// Writes what the readings mean: what is amiss fires, or goes on; what is no longer is resolved,
// and so is what nobody has read for alert_unseen_ms. Safe to call by several servers at once.
result<void> write_readings(store::connection& db, const std::vector<alert_reading>& readings,
                            std::int64_t now_ms);
// Newest first.
result<std::vector<alert>> list_alerts(store::connection& db, const alert_query& query);
// not_found. The first to do so is kept.
result<alert> acknowledge_alert(store::connection& db, std::string_view id, std::string_view by,
                                std::int64_t now_ms);
// Removes at most `most` of those that were resolved long ago; how many.
result<std::int64_t> forget_alerts(store::connection& db, std::int64_t now_ms, std::int64_t most);

}  // namespace son1k::api
