// A time zone of the IANA database, as the machine has it (/usr/share/zoneinfo). A plain value that
// costs a pointer; thread-safe. Seconds since 1970 throughout: UTC for instants, and "local" for
// what a clock in the zone shows, counted as if it were UTC. The machine's tables end with 2037;
// after that the last offset holds.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace date {
class time_zone;
}

namespace son1k::queue {

class zone {
 public:
  // By its full name ("America/Santiago"). validation, field "zone": there is no such zone.
  // unavailable: the machine has no time zone tables.
  static result<zone> find(std::string_view name);

  // How long one offset holds: instants in [begin, end) show local = instant + offset.
  struct span {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t offset = 0;
  };
  span at(std::int64_t instant) const;

  // When a clock shows a local time. One that it never shows (clocks were put forward over it) is
  // the instant at which they were; one that it shows twice is the first of the two.
  std::int64_t when(std::int64_t local) const;

  std::string name() const;

 private:
  explicit zone(const date::time_zone* of) : of_(of) {}
  const date::time_zone* of_;
};

}  // namespace son1k::queue
