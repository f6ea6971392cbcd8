// The quota of accounts as a ledger: a piece that is asked for reserves, its end commits or
// refunds. The counters that limits are held against are written in the same commit as the entries,
// so they are exact whoever submits at the same time, in whichever process. Days and months are
// UTC; a refund gives back to the day and month that were charged.
//
// Steps of a unit of work (see store::transaction) and reads; they run on the database's threads.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/quota/recent_refusals.hpp"
#include "base/error.hpp"
#include "store/database.hpp"

namespace son1k::accounts {

// 0: no limit.
struct quota_limits {
  std::int64_t day = 0;
  std::int64_t month = 0;
};

struct reservation {
  std::string account;
  std::string generation;
  quota_limits limits;
  std::int64_t now_ms = 0;
  std::int64_t units = 1;
  std::shared_ptr<recent_refusals> refusals = nullptr;  // where one is noted; may be null
};

// Of a new generation. quota_exceeded (rolls the unit of work back): `details` has period ("day",
// "month"), limit, resetAt and retryAfterSeconds · conflict: the generation has entries.
void stage_reserve(store::transaction& tx, reservation wanted);
// Of one that runs again: reserves if its last reservation was refunded, and changes nothing if it
// is open, was committed, or there is none.
void stage_reserve_again(store::transaction& tx, reservation wanted);
// Ends the open reservation; changes nothing if there is none, so calling twice is safe, and what
// was committed is never refunded.
void stage_commit(store::transaction& tx, std::string account, std::string generation,
                  std::int64_t now_ms);
void stage_refund(store::transaction& tx, std::string account, std::string generation,
                  std::int64_t now_ms);

// The same within a step.
result<void> reserve_again(store::connection& db, const reservation& wanted);
result<void> commit_reserved(store::connection& db, std::string_view account,
                             std::string_view generation, std::int64_t now_ms);
result<void> refund_reserved(store::connection& db, std::string_view account,
                             std::string_view generation, std::int64_t now_ms);

struct quota_use {
  std::int64_t day = 0;
  std::int64_t month = 0;
  std::int64_t day_resets_at_ms = 0;
  std::int64_t month_resets_at_ms = 0;
};
// For reads; within a step it does not see what the steps of other transactions have reserved.
result<quota_use> read_use(store::connection& db, std::string_view account, std::int64_t now_ms);
// quota_exceeded if nothing more could be reserved as of now: spares the writer a sure refusal.
result<void> check_use(const quota_use& used, const quota_limits& limits, std::int64_t now_ms);

struct ledger_entry {
  std::string generation;
  std::int64_t step = 0;  // of its generation
  std::string kind;       // reserve | commit | refund
  std::int64_t units = 0;
  std::string day;  // that was charged, "2026-11-23"
  std::int64_t at_ms = 0;
};
// Where a page ended.
struct ledger_cursor {
  std::string generation;  // empty: before the first page
  std::int64_t step = 0;
};
// The newest generations first, the entries of each from the last to the first.
result<std::vector<ledger_entry>> list_entries(store::connection& db, std::string_view account,
                                               const ledger_cursor& after, std::int64_t most);

}  // namespace son1k::accounts
