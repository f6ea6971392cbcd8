// What a PostgreSQL database counts about itself, and how a monitor reads it. Recording never
// locks. Thread-safe; outlives the database that records into it.
#pragma once
#include <array>
#include <atomic>
#include <vector>

#include "base/metrics.hpp"

namespace son1k::store {

struct postgres_figures {
  static constexpr std::array<double, 8> sizes{1, 4, 16, 64, 256, 1'024, 2'048, 4'096};

  std::atomic<std::int64_t> connections{0};  // open now, the writer's included
  std::atomic<std::int64_t> reading{0};      // of them, in use by reads
  metrics::tally reconnects{0};              // connections opened in place of one that was lost
  metrics::tally refused_connects{0};
  metrics::tally away_ms{0};           // that connections were wanted and not there
  metrics::tally unknown_outcomes{0};  // transactions whose COMMIT was sent and never answered
  metrics::tally groups_again{0};      // run again: a lost connection, a deadlock
  metrics::histogram group_size{sizes};

  void collect(std::vector<metrics::family>& out) const;
};

}  // namespace son1k::store
