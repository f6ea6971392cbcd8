// What the ledger of quotas holds, in either database and over several processes.
#include <algorithm>
#include <atomic>
#include <latch>
#include <random>
#include <thread>

#include "accounts/quota/periods.hpp"
#include "contract/quota/quota_place.hpp"
#include "support/writer_gate.hpp"

namespace son1k::accounts::test {
namespace {

using store::transaction;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t day_ms = 86'400'000;

TEST_P(quota_contract, a_reservation_counts_until_it_is_refunded) {
  ASSERT_TRUE(reserve("a"));
  ASSERT_TRUE(reserve("b"));
  EXPECT_EQ(use().day, 2);
  EXPECT_EQ(use().month, 2);
  ASSERT_TRUE(commit("a"));
  ASSERT_TRUE(refund("b"));
  EXPECT_EQ(use().day, 1);
  EXPECT_EQ(use().month, 1);
  EXPECT_THAT(kinds_of("a"), ElementsAre("reserve", "commit"));
  EXPECT_THAT(kinds_of("b"), ElementsAre("reserve", "refund"));
  EXPECT_EQ(counted(), listed());
}

TEST_P(quota_contract, a_reservation_ends_once_whatever_comes_later) {
  ASSERT_TRUE(reserve("a"));
  ASSERT_TRUE(reserve("b"));
  for (int n = 0; n < 2; ++n) {
    ASSERT_TRUE(commit("a"));
    ASSERT_TRUE(refund("a"));
    ASSERT_TRUE(refund("b"));
    ASSERT_TRUE(commit("b"));
  }
  EXPECT_THAT(kinds_of("a"), ElementsAre("reserve", "commit"));
  EXPECT_THAT(kinds_of("b"), ElementsAre("reserve", "refund"));
  EXPECT_EQ(use().day, 1);
  ASSERT_TRUE(commit("never reserved"));
  ASSERT_TRUE(refund("never reserved"));
  EXPECT_THAT(kinds_of("never reserved"), IsEmpty());
}

TEST_P(quota_contract, a_generation_reserves_once) {
  ASSERT_TRUE(reserve("a"));
  const auto again = reserve("a");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, errc::conflict);
  EXPECT_EQ(use().day, 1);
}

TEST_P(quota_contract, a_run_again_is_charged_only_if_it_was_given_back) {
  for (const auto* id : {"open", "paid", "given back"}) ASSERT_TRUE(reserve(id));
  ASSERT_TRUE(commit("paid"));
  ASSERT_TRUE(refund("given back"));
  for (const auto* id : {"open", "paid", "given back", "unknown"}) ASSERT_TRUE(reserve_again(id));
  EXPECT_THAT(kinds_of("open"), ElementsAre("reserve"));
  EXPECT_THAT(kinds_of("paid"), ElementsAre("reserve", "commit"));
  EXPECT_THAT(kinds_of("given back"), ElementsAre("reserve", "refund", "reserve"));
  EXPECT_THAT(kinds_of("unknown"), IsEmpty());
  EXPECT_EQ(use().day, 3);
  ASSERT_TRUE(commit("given back"));
  ASSERT_TRUE(reserve_again("given back"));
  EXPECT_THAT(kinds_of("given back"), ElementsAre("reserve", "refund", "reserve", "commit"));
  EXPECT_EQ(counted(), listed());
}

TEST_P(quota_contract, beyond_a_limit_nothing_of_the_commit_takes_effect) {
  const quota_limits limits{2, 50};
  ASSERT_TRUE(reserve("a", limits));
  ASSERT_TRUE(reserve("b", limits));
  transaction tx;
  stage_commit(tx, "ana", "a", clock.now_ms());
  stage_reserve(tx, wanted("c", limits));
  const auto refused = store::commit_and_wait(db(), std::move(tx));
  ASSERT_FALSE(refused);
  EXPECT_THAT(kinds_of("a"), ElementsAre("reserve"));
  EXPECT_THAT(kinds_of("c"), IsEmpty());
  EXPECT_EQ(use().day, 2);
  EXPECT_EQ(use().month, 2);
}

TEST_P(quota_contract, a_refusal_says_which_limit_and_when_it_ends) {
  clock.set_wall(1'763'917'200'000);  // 2025-11-23T17:00
  ASSERT_TRUE(reserve("a", {1, 50}));
  const auto day = reserve("b", {1, 50});
  ASSERT_FALSE(day);
  const auto why = day.error();
  EXPECT_EQ(why.code, errc::quota_exceeded);
  EXPECT_EQ(why.details.at("period").as_string(), "day");
  EXPECT_EQ(why.details.at("limit").as_int64(), 1);
  EXPECT_EQ(why.details.at("resetAt").as_string(), "2025-11-24T00:00:00.000Z");
  EXPECT_EQ(why.details.at("retryAfterSeconds").as_int64(), 7 * 3'600);
  EXPECT_FALSE(why.message.es.empty());
  // Where both are used up, the month: the next day would bring nothing.
  const auto month = reserve("b", {1, 1});
  ASSERT_FALSE(month);
  const auto both = month.error();
  EXPECT_EQ(both.details.at("period").as_string(), "month");
  EXPECT_EQ(both.details.at("resetAt").as_string(), "2025-12-01T00:00:00.000Z");
}

TEST_P(quota_contract, a_new_day_and_a_new_month_begin_at_nothing) {
  clock.set_wall(1'764'547'199'999);  // the last millisecond of November
  ASSERT_TRUE(reserve("a", {1, 1}));
  EXPECT_FALSE(reserve("b", {1, 1}));
  clock.advance(1);
  ASSERT_TRUE(reserve("b", {1, 1}));
  EXPECT_EQ(use().day, 1);
  EXPECT_EQ(use().month, 1);
}

TEST_P(quota_contract, a_refund_gives_back_to_the_day_that_was_charged) {
  clock.set_wall(1'764'547'199'999);
  ASSERT_TRUE(reserve("a"));
  clock.advance(1);
  ASSERT_TRUE(reserve("b"));
  ASSERT_TRUE(refund("a"));
  EXPECT_EQ(use().day, 1);
  EXPECT_EQ(use().month, 1);
  clock.set_wall(1'764'547'199'999);
  EXPECT_EQ(use().day, 0);
  EXPECT_EQ(use().month, 0);
  EXPECT_EQ(counted(), listed());
}

TEST_P(quota_contract, other_limits_hold_from_the_next_reservation_on) {
  ASSERT_TRUE(reserve("a", {1, 0}));
  EXPECT_FALSE(reserve("b", {1, 0}));
  ASSERT_TRUE(reserve("b", {3, 0}));
  ASSERT_TRUE(reserve("c", {3, 0}));
  EXPECT_FALSE(reserve("d", {1, 0})) << "a lower tier";
  ASSERT_TRUE(refund("a"));
  ASSERT_TRUE(refund("b"));
  EXPECT_FALSE(reserve("d", {1, 0}));
  ASSERT_TRUE(reserve_again("a")) << "nobody's limit";
  EXPECT_EQ(use().day, 2);
  EXPECT_EQ(counted(), listed());
}

TEST_P(quota_contract, accounts_do_not_count_for_each_other) {
  ASSERT_TRUE(reserve("a", {1, 1}));
  transaction tx;
  stage_reserve(tx, wanted("b", {1, 1}, "bea"));
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(tx)));
  EXPECT_EQ(use("bea").month, 1);
  transaction other;
  stage_refund(other, "bea", "a", clock.now_ms());
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(other)));
  EXPECT_EQ(use().month, 1);
}

TEST_P(quota_contract, a_look_beforehand_refuses_what_a_reservation_would) {
  ASSERT_TRUE(reserve("a"));
  const auto now = clock.now_ms();
  EXPECT_TRUE(check_use(use(), {2, 2}, now));
  EXPECT_TRUE(check_use(use(), {0, 0}, now));
  EXPECT_EQ(check_use(use(), {1, 2}, now).error().details, reserve("b", {1, 2}).error().details);
  EXPECT_EQ(check_use(use(), {1, 1}, now).error().details, reserve("b", {1, 1}).error().details);
}

TEST_P(quota_contract, pages_of_the_ledger_hold_each_entry_once) {
  for (const auto* id : {"g1", "g2", "g3"}) ASSERT_TRUE(reserve(id));
  ASSERT_TRUE(refund("g2"));
  ASSERT_TRUE(reserve_again("g2"));
  ASSERT_TRUE(commit("g3"));
  std::vector<std::string> seen;
  ledger_cursor after;
  for (int page = 0; page < 10; ++page) {
    auto work = [&](store::connection& c) { return list_entries(c, "ana", after, 2); };
    const auto entries = store::read_and_wait(db(), work).value();
    if (entries.empty()) break;
    for (const auto& one : entries) seen.push_back(one.generation + " " + one.kind);
    after = {entries.back().generation, entries.back().step};
  }
  EXPECT_THAT(seen, ElementsAre("g3 commit", "g3 reserve", "g2 reserve", "g2 refund", "g2 reserve",
                                "g1 reserve"));
}

TEST_P(quota_contract, of_a_thousand_submits_at_once_as_many_pass_as_the_quota_has) {
  constexpr int submits = 1'000, threads = 8;
  for (const auto limits : {quota_limits{50, 0}, quota_limits{0, 100}}) {
    const auto before = use().day;
    std::atomic<int> accepted = 0, refused = 0;
    std::latch begun(threads), told(submits);
    std::vector<std::thread> callers;
    for (int t = 0; t < threads; ++t) {
      callers.emplace_back([&, t] {
        begun.arrive_and_wait();
        for (int n = t; n < submits; n += threads) {
          transaction tx;
          stage_reserve(tx, wanted(std::to_string(before) + "-" + std::to_string(n), limits));
          db(static_cast<std::size_t>(n)).commit(std::move(tx), [&](result<void> outcome) {
            const bool full = !outcome && outcome.error().code == errc::quota_exceeded;
            accepted += outcome ? 1 : 0;
            refused += full ? 1 : 0;
            told.count_down();
          });
        }
      });
    }
    for (auto& one : callers) one.join();
    told.wait();
    EXPECT_EQ(accepted, 50);
    EXPECT_EQ(refused, submits - 50);
    EXPECT_EQ(use().day, before + 50);
    EXPECT_EQ(counted(), listed());
  }
}

// Every process refunds and commits the same generations at the same time.
TEST_P(quota_contract, ends_that_race_end_each_reservation_once) {
  constexpr int count = 200;
  for (int n = 0; n < count; ++n) ASSERT_TRUE(reserve("g" + std::to_string(n)));
  std::latch told(4 * count);
  const auto noted = [&](const result<void>& outcome) {
    EXPECT_TRUE(outcome) << outcome.error().what();
    told.count_down();
  };
  for (int n = 0; n < count; ++n) {
    for (std::size_t node = 0; node < 4; ++node) {
      transaction tx;
      const auto id = "g" + std::to_string(n);
      if ((static_cast<std::size_t>(n) + node / 2) % 2 == 0) {
        stage_commit(tx, "ana", id, clock.now_ms());
      } else {
        stage_refund(tx, "ana", id, clock.now_ms());
      }
      db(node).commit(std::move(tx), noted);
    }
  }
  told.wait();
  for (int n = 0; n < count; n += 17) EXPECT_EQ(kinds_of("g" + std::to_string(n)).size(), 2);
  EXPECT_EQ(counted(), listed());
}

TEST_P(quota_contract, what_is_reserved_and_given_back_in_one_commit_leaves_no_use) {
  std::latch told(3);
  const auto noted = [&](const result<void>& outcome) {
    EXPECT_TRUE(outcome) << outcome.error().what();
    told.count_down();
  };
  {
    const son1k::test::writer_gate gate(db());
    transaction reserves, refunds, another;
    stage_reserve(reserves, wanted("a"));
    stage_refund(refunds, "ana", "a", clock.now_ms());
    stage_reserve(another, wanted("b", {}, "bea"));
    for (auto* tx : {&reserves, &refunds, &another}) db().commit(std::move(*tx), noted);
  }
  told.wait();
  EXPECT_EQ(use("ana").day, 0);
  EXPECT_EQ(use("bea").day, 1);
  EXPECT_EQ(counted(), listed());
}

// Random units of work, some of them in one commit with others, some refused for other reasons:
// the counters are the sums of the ledger, and both are what was acknowledged.
TEST_P(quota_contract, counters_are_the_sums_of_the_ledger_whatever_happens) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  const auto up_to = [&](unsigned n) {
    return std::uniform_int_distribution<unsigned>(0, n)(dice);
  };
  const quota_limits limits{12, 30};
  std::vector<std::pair<std::string, std::string>> known;  // account, generation
  for (int round = 0; round < 40; ++round) {
    if (up_to(5) == 0) clock.advance(day_ms / 2);
    const auto together = 1 + up_to(20);
    std::latch told(together);
    auto gate = std::make_optional<son1k::test::writer_gate>(db());
    for (unsigned n = 0; n < together; ++n) {
      transaction tx;
      auto act = up_to(9);
      if (known.empty()) act = 0;
      const auto at = known.empty() ? 0 : up_to(static_cast<unsigned>(known.size() - 1));
      if (act < 4) {
        const std::string account = up_to(1) == 0 ? "ana" : "bea";
        known.emplace_back(account, "g" + std::to_string(known.size()));
        stage_reserve(tx, wanted(known.back().second, limits, account));
      } else if (act < 6) {
        stage_commit(tx, known[at].first, known[at].second, clock.now_ms());
      } else if (act < 8) {
        stage_refund(tx, known[at].first, known[at].second, clock.now_ms());
      } else {
        stage_reserve_again(tx, wanted(known[at].second, limits, known[at].first));
      }
      if (up_to(9) == 0) {
        tx.stage([](store::connection&) -> result<void> {
          return error(errc::conflict, text("something else"));
        });
      }
      db().commit(std::move(tx), [&](const result<void>&) { told.count_down(); });
    }
    gate.reset();
    told.wait();
    ASSERT_EQ(counted(), listed()) << "round " << round;
    for (const auto* account : {"ana", "bea"}) {
      const auto now = use(account);
      ASSERT_LE(now.day, limits.day);
      ASSERT_LE(now.month, limits.month);
      const auto day = day_of(clock.now_ms());
      ASSERT_EQ(now.day, counted()[std::make_pair(std::string(account), day)]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(databases, quota_contract, testing::Values("sqlite", "postgres"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace son1k::accounts::test
