// What the database counts is what anybody would count, on either of them, and at the cost of what
// is counted.
#include <array>
#include <random>

#include "contract/analytics/analytics_place.hpp"

namespace son1k::api::test {
namespace {

constexpr std::int64_t hour = 3'600'000;

// Pieces of four owners in the forty days before `now_ms`, of every fate; clocks that went back
// among them.
std::vector<known_piece> made_up(std::size_t count, std::int64_t now_ms, unsigned seed) {
  static constexpr std::array fates{"completed", "completed", "completed", "failed",
                                    "cancelled", "pending",   "processing"};
  static constexpr std::array grades{"standard", "premium", "ultra"};
  static constexpr std::array styles{"cumbia", "lo-fi hip hop", "jazz"};
  static constexpr std::array codes{"internal", "timeout"};
  std::mt19937 random(seed);
  const auto below = [&](std::int64_t n) {
    return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random);
  };
  const auto one_of = [&](const auto& from) {
    return from[static_cast<std::size_t>(below(static_cast<std::int64_t>(from.size())))];
  };
  std::vector<known_piece> out;
  for (std::size_t n = 0; n < count; ++n) {
    known_piece p;
    p.owner = "owner " + std::to_string(below(4));
    p.status = one_of(fates);
    p.quality = one_of(grades);
    p.style = one_of(styles);
    p.asked_ms = now_ms - below(40 * day_ms);
    const bool ended = p.status != "pending" && p.status != "processing";
    if (p.status != "pending" && below(20) != 0) p.started_ms = p.asked_ms + below(90'000) - 500;
    if (ended) p.finished_ms = std::max(p.started_ms, p.asked_ms) + below(300'000) - 500;
    if (p.status == "failed") p.error_code = one_of(codes);
    p.sound_ms = 5'000 + below(600'000);
    out.push_back(std::move(p));
  }
  return out;
}

void expect_same(const piece_tally& got, const piece_tally& wanted) {
  EXPECT_EQ(got.total, wanted.total) << wanted.of;
  EXPECT_EQ(got.completed, wanted.completed) << wanted.of;
  EXPECT_EQ(got.failed, wanted.failed) << wanted.of;
  EXPECT_EQ(got.cancelled, wanted.cancelled) << wanted.of;
  EXPECT_EQ(got.open, wanted.open) << wanted.of;
  EXPECT_EQ(got.sound_ms, wanted.sound_ms) << wanted.of;
}

void expect_same(const spread& got, const spread& wanted, const std::string& of) {
  EXPECT_EQ(got.count, wanted.count) << of;
  EXPECT_EQ(got.least, wanted.least) << of;
  EXPECT_EQ(got.most, wanted.most) << of;
  EXPECT_EQ(got.sum, wanted.sum) << of;
  EXPECT_NEAR(got.p50, wanted.p50, 1e-6) << of;
  EXPECT_NEAR(got.p90, wanted.p90, 1e-6) << of;
  EXPECT_NEAR(got.p95, wanted.p95, 1e-6) << of;
  EXPECT_NEAR(got.p99, wanted.p99, 1e-6) << of;
}

TEST_P(analytics_contract, counts_are_those_of_a_count_by_hand) {
  const auto now = clock.now_ms();
  const auto pieces = made_up(3'000, now, 1);
  insert(pieces);
  for (const std::string owner : {"", "owner 1", "owner 3", "nobody"}) {
    const piece_scope which{owner, {now - 30 * day_ms, now}};
    for (const auto by : {piece_trait::day, piece_trait::quality, piece_trait::style,
                          piece_trait::owner, piece_trait::failure}) {
      const auto wanted = tally_by_hand(pieces, which, by);
      const auto got = read([&](store::connection& c) { return tally_pieces(c, which, by); });
      ASSERT_EQ(got.size(), wanted.size()) << owner << " " << static_cast<int>(by);
      for (std::size_t n = 0; n < got.size(); ++n) {
        EXPECT_EQ(got[n].of, wanted[n].of);
        expect_same(got[n], wanted[n]);
      }
      EXPECT_EQ(got.empty(), owner == "nobody");
    }
  }
  EXPECT_EQ(read([&](store::connection& c) { return count_owners(c, {now - day_ms, now}); }), 4);
  EXPECT_EQ(read([&](store::connection& c) { return count_owners(c, {now, now + 1}); }), 0);
}

TEST_P(analytics_contract, percentiles_are_those_of_a_sorted_list) {
  const auto now = clock.now_ms();
  const auto pieces = made_up(2'000, now, 2);
  insert(pieces);
  for (const std::string owner : {"", "owner 0", "nobody"}) {
    const piece_scope which{owner, {now - 30 * day_ms, now}};
    for (const auto by : {spread_trait::none, spread_trait::day, spread_trait::quality}) {
      const auto wanted = spreads_by_hand(pieces, which, by);
      const auto got = read([&](store::connection& c) { return spread_pieces(c, which, by); });
      ASSERT_EQ(got.size(), wanted.size()) << owner << " " << static_cast<int>(by);
      for (std::size_t n = 0; n < got.size(); ++n) {
        EXPECT_EQ(got[n].of, wanted[n].of);
        expect_same(got[n].wait, wanted[n].wait, "wait " + wanted[n].of);
        expect_same(got[n].run, wanted[n].run, "run " + wanted[n].of);
        expect_same(got[n].whole, wanted[n].whole, "whole " + wanted[n].of);
      }
    }
  }
}

TEST_P(analytics_contract, percentiles_are_those_that_sql_defines) {
  if (GetParam() == "sqlite") return;  // it has no percentile_cont to ask
  const auto now = clock.now_ms();
  insert(made_up(1'001, now, 3));
  for (const std::string owner : {"", "owner 2"}) {
    const piece_scope which{owner, {now - 17 * day_ms, now}};
    const auto got =
        read([&](store::connection& c) { return spread_pieces(c, which, spread_trait::none); });
    ASSERT_EQ(got.size(), 1U);
    const char* waits = "greatest(started_at_ms - created_at_ms, 0)";
    const char* runs = "greatest(finished_at_ms - started_at_ms, 0)";
    const char* wholes = "greatest(finished_at_ms - created_at_ms, 0)";
    const char* started = "started_at_ms is not null";
    const char* ran = "status = 'completed' and started_at_ms is not null";
    const char* done = "status = 'completed'";
    EXPECT_NEAR(got[0].wait.p50, percentile_cont(waits, started, 0.5, which), 1e-6);
    EXPECT_NEAR(got[0].run.p90, percentile_cont(runs, ran, 0.9, which), 1e-6);
    EXPECT_NEAR(got[0].run.p95, percentile_cont(runs, ran, 0.95, which), 1e-6);
    EXPECT_NEAR(got[0].whole.p99, percentile_cont(wholes, done, 0.99, which), 1e-6);
  }
}

TEST_P(analytics_contract, few_pieces_have_percentiles_too) {
  const auto now = clock.now_ms();
  known_piece one{"ana", "completed", "standard", "jazz", "", now - hour, 0, 0, 1'000};
  one.started_ms = one.asked_ms + 100;
  one.finished_ms = one.started_ms + 1'000;
  const piece_scope which{"ana", {now - day_ms, now}};
  const auto runs = [&] {
    return read([&](store::connection& c) { return spread_pieces(c, which, spread_trait::none); });
  };
  EXPECT_TRUE(runs().empty());
  insert({one});
  EXPECT_EQ(runs().front().run.p99, 1'000);
  auto other = one;
  other.asked_ms += 1;
  other.started_ms += 1;
  other.finished_ms += 1'001;
  insert({other});
  EXPECT_EQ(runs().front().run.p50, 1'500);
  EXPECT_EQ(runs().front().run.count, 2);
}

TEST_P(analytics_contract, a_range_holds_its_beginning_and_not_its_end) {
  const auto now = clock.now_ms();
  std::vector<known_piece> pieces;
  for (const auto at : {now - day_ms - 1, now - day_ms, now - 1, now})
    pieces.push_back({"ana", "pending", "standard", "", "", at, 0, 0, 0});
  insert(pieces);
  for (const std::string owner : {"", "ana"}) {
    const auto got = read([&](store::connection& c) {
      return tally_pieces(c, {owner, {now - day_ms, now}}, piece_trait::quality);
    });
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].open, 2);
  }
}

TEST_P(analytics_contract, figures_of_a_week_among_100000_pieces_go_by_the_key) {
  const auto now = clock.now_ms();
  std::vector<known_piece> pieces;
  for (std::int64_t n = 0; n < 100'000; ++n) {
    const auto at = now - 400 * day_ms + n * (400 * day_ms / 100'000);
    pieces.push_back({"owner " + std::to_string(n % 500), "completed", "standard", "jazz", "", at,
                      at + 100, at + 5'000, 60'000});
  }
  insert(pieces);
  analyze();
  for (const std::string owner : {"", "owner 7"}) {
    const piece_scope which{owner, {now - 7 * day_ms, now}};
    for (const auto sql : piece_statements(!owner.empty())) {
      const bool with_limit = sql.find("limit $") != sql.npos;
      const auto plan = plan_of(sql, which, with_limit);
      const bool lite = GetParam() == "sqlite";
      EXPECT_NE(plan.find(lite ? "(owner=? and id>? and id<?)" : "generation_pkey"), plan.npos)
          << sql << "\n"
          << plan;
      EXPECT_EQ(plan.find("scan generation"), plan.npos) << plan;
      EXPECT_EQ(plan.find("seq scan on generation"), plan.npos) << plan;
    }
  }
  const auto all = read([&](store::connection& c) {
    return tally_pieces(c, {"", {now - 7 * day_ms, now}}, piece_trait::quality);
  });
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].completed, 1'750);
}

INSTANTIATE_TEST_SUITE_P(, analytics_contract, testing::Values("sqlite", "postgres"),
                         [](const auto& shown) { return shown.param; });

}  // namespace
}  // namespace son1k::api::test
