// The counters of the table quota_use: what accounts have reserved in a day and in a month. Within
// steps of a unit of work only, on the database's threads.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "store/database.hpp"

namespace son1k::accounts {

struct use_change {
  std::string_view account;
  std::string_view period;
  std::int64_t units = 0;
  std::int64_t most = 0;  // the limit; 0: none
};

// True: counted, or it will be with those of the other transactions of the commit, which then runs
// again if that goes beyond a limit. False: it goes beyond the limit.
result<bool> add_use(store::connection& db, const use_change& change);
result<void> give_back_use(store::connection& db, const use_change& change);

}  // namespace son1k::accounts
