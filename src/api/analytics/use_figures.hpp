// What accounts, their API keys and the events they report tell in figures, counted by the
// database. Statements only; calls run inside a unit of work or a read, on the database's threads.
// An empty owner is everybody's.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/analytics/time_range.hpp"
#include "store/database.hpp"

namespace son1k::api {

struct labelled_count {
  std::string of;
  std::int64_t count = 0;
};

// What a client reports of itself.
struct client_report {
  std::string account;
  std::string id;  // UUIDv7
  std::string event;
  std::string properties;  // JSON
  std::int64_t at_ms = 0;
};
inline constexpr std::int64_t reports_a_day_max = 1'000;  // of one account
// quota_exceeded (rolls the unit of work back): the account has reported as often today.
void stage_report(store::transaction& tx, client_report what);
// Removes at most so many reports that are older; how many.
result<std::int64_t> forget_reports(store::connection& db, std::int64_t oldest_ms,
                                    std::int64_t most);
// By name, the most frequent first, at most 50.
result<std::vector<labelled_count>> count_reports(store::connection& db, std::string_view owner,
                                                  const time_range& when);

// A key's requests are counted by UTC days, so a range counts with the whole of its first and last.
struct key_use {
  std::string key;
  std::string account;
  std::string name;  // empty: the key is gone
  std::string ending;
  std::int64_t requests = 0;
  std::int64_t used_at_ms = 0;
};
// The busiest first, at most 100.
result<std::vector<key_use>> count_key_uses(store::connection& db, std::string_view owner,
                                            const time_range& when);
// By day, in order.
result<std::vector<labelled_count>> key_uses_by_day(store::connection& db, std::string_view owner,
                                                    const time_range& when);

struct account_counts {
  std::int64_t total = 0, disabled = 0, keys = 0;
  std::vector<labelled_count> tiers, roles;
  std::vector<labelled_count> new_by_day;  // within the range
};
result<account_counts> count_accounts(store::connection& db, const time_range& when);

}  // namespace son1k::api
