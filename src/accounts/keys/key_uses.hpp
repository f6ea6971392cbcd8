// How many requests API keys make, by UTC day. Counted in memory and written every few seconds by
// whoever counts then, so a request costs a look into a table; what was not yet written is lost
// when the process is killed. Figures, nothing that is charged.
//
// Thread-safe; the database and the clock outlive it.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "base/clock.hpp"
#include "store/database.hpp"

namespace son1k::accounts {

class key_uses {
 public:
  static constexpr std::int64_t write_every_ms = 5'000;
  static constexpr std::size_t kept_max = 10'000;  // of keys and days; beyond it is written at once

  key_uses(store::database& db, const clock_port& clock) : db_(db), clock_(clock) {}

  void count(const std::string& account, const std::string& key);
  // Stages what was counted so far into `tx`; if that fails, it is lost.
  void stage(store::transaction& tx);
  bool empty() const;

 private:
  using place = std::tuple<std::string, std::string, std::int64_t>;
  using counts = std::map<place, std::int64_t>;
  static void stage(store::transaction& tx, counts what);

  store::database& db_;
  const clock_port& clock_;
  mutable std::mutex lock_;
  counts counted_;
  std::int64_t written_at_ms_ = 0;  // steady
};

// Removes at most so many counts of days that nobody looks back to; how many.
result<std::int64_t> forget_key_uses(store::connection& db, std::int64_t oldest_day,
                                     std::int64_t most);

}  // namespace son1k::accounts
