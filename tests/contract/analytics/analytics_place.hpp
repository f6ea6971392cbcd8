// Pieces that a test knows, in each kind of database, and the same figures counted by hand.
#pragma once
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "api/analytics/piece_figures.hpp"
#include "store/async.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_folder.hpp"

namespace son1k::api::test {

struct known_piece {
  std::string owner, status, quality, style, error_code;
  std::int64_t asked_ms = 0, started_ms = 0, finished_ms = 0;  // 0: not yet
  std::int64_t sound_ms = 0;
};

class analytics_contract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;

  store::database& db() { return *db_; }
  void insert(const std::vector<known_piece>& pieces);
  // What the database says of how it goes about a statement, in lower case.
  std::string plan_of(std::string_view sql, const piece_scope& which, bool with_limit);
  // As a server does by itself.
  void analyze();
  // One number of PostgreSQL's own.
  double percentile_cont(const char* spans, const char* which_pieces, double p,
                         const piece_scope& which);

  template <class Count>
  auto read(Count count) {
    return store::read_and_wait(db(), std::move(count)).value();
  }

  son1k::test::manual_clock clock{1'763'900'000'000};  // 2025-11-23

 private:
  son1k::test::temp_folder folder_;
  std::unique_ptr<store::database> db_;
};

// The same by hand.
std::vector<piece_tally> tally_by_hand(const std::vector<known_piece>& pieces,
                                       const piece_scope& which, piece_trait by);
std::vector<piece_spreads> spreads_by_hand(const std::vector<known_piece>& pieces,
                                           const piece_scope& which, spread_trait by);

}  // namespace son1k::api::test
