// What each tier of accounts may: one table, changeable by one setting (TIERS). Made once at start;
// reading it is thread-safe.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace son1k::accounts {

inline constexpr std::string_view least_tier = "FREE";
inline constexpr std::string_view system_tier = "SYSTEM";

struct tier {
  std::string name;
  std::int64_t requests_per_minute = 0;  // 0: no limit, as in the next three
  std::int64_t month = 0;                // pieces
  std::int64_t day = 0;                  // pieces
  std::int64_t longest_seconds = 0;      // of a piece
  std::vector<std::string> qualities;    // from the least
  std::int32_t priority = 0;             // of its jobs: 0 goes first, then lower before higher
  bool allows(std::string_view quality) const;
};

class tier_table {
 public:
  tier_table();  // the defaults

  // The defaults with these changes, separated by semicolons, in any order:
  // "FREE:month=10,day=3;PRO:qualities=standard+premium+ultra". Empty: none. SYSTEM stays as it is.
  // validation, field "tiers": names the tier or the word that is wrong.
  static result<tier_table> parse(std::string_view changes);

  // Null: there is no tier of that name.
  const tier* find(std::string_view name) const;
  // The least one if there is none of that name: an account never gets more than it is known to
  // have.
  const tier& of(std::string_view name) const;
  const std::vector<tier>& all() const { return tiers_; }

 private:
  std::vector<tier> tiers_;
};

}  // namespace son1k::accounts
