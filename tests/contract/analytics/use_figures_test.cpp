// What keys do and clients report, on either database.
#include "api/analytics/use_figures.hpp"

#include "accounts/keys/key_uses.hpp"
#include "api/analytics/analytics.hpp"
#include "contract/analytics/analytics_place.hpp"

namespace son1k::api::test {
namespace {

class analytics_of_use : public analytics_contract {
 protected:
  result<void> report(std::string account, std::string event, std::int64_t at_ms) {
    static int count = 0;
    char id[37];
    std::snprintf(id, sizeof id, "%08llx-%04llx-7000-8000-%012x",
                  static_cast<unsigned long long>(at_ms >> 16),
                  static_cast<unsigned long long>(at_ms & 0xffff), ++count);
    store::transaction tx;
    stage_report(tx, {std::move(account), id, std::move(event), "{}", at_ms});
    return store::commit_and_wait(db(), std::move(tx));
  }
  std::int64_t reports(const std::string& owner, std::int64_t days) {
    const time_range when{clock.now_ms() + 1 - days * day_ms, clock.now_ms() + 1};
    return total_of_all(read([&](store::connection& c) { return count_reports(c, owner, when); }));
  }
  static std::int64_t total_of_all(const std::vector<labelled_count>& rows) {
    std::int64_t out = 0;
    for (const auto& one : rows) out += one.count;
    return out;
  }
  void write(accounts::key_uses& uses) {
    store::transaction tx;
    uses.stage(tx);
    ASSERT_TRUE(store::commit_and_wait(db(), std::move(tx)));
  }
  time_range week() const { return {clock.now_ms() + 1 - 7 * day_ms, clock.now_ms() + 1}; }
};

TEST_P(analytics_of_use, requests_of_keys_are_counted_by_day_and_account) {
  accounts::key_uses uses(db(), clock);
  for (int n = 0; n < 3; ++n) uses.count("ana", "key a");
  uses.count("ben", "key b");
  write(uses);
  EXPECT_TRUE(uses.empty());
  clock.advance(day_ms);
  for (int n = 0; n < 2; ++n) uses.count("ana", "key a");
  uses.count("ana", "key c");
  write(uses);
  const auto days = read([&](store::connection& c) { return key_uses_by_day(c, "ana", week()); });
  ASSERT_EQ(days.size(), 2U);
  EXPECT_EQ(days[0].count, 3);
  EXPECT_EQ(days[1].count, 3);
  EXPECT_EQ(days[1].of, day_text(clock.now_ms() / day_ms));
  const auto keys = read([&](store::connection& c) { return count_key_uses(c, "ana", week()); });
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].key, "key a");
  EXPECT_EQ(keys[0].requests, 5);
  const auto all = read([&](store::connection& c) { return count_key_uses(c, "", week()); });
  EXPECT_EQ(all.size(), 3U);
  EXPECT_EQ(
      total_of_all(read([&](store::connection& c) { return key_uses_by_day(c, "", week()); })), 7);
}

TEST_P(analytics_of_use, what_is_counted_is_written_every_few_seconds) {
  accounts::key_uses uses(db(), clock);
  uses.count("ana", "key");  // the first one in this process
  uses.count("ana", "key");
  EXPECT_FALSE(uses.empty());
  clock.advance(accounts::key_uses::write_every_ms);
  uses.count("ana", "key");
  EXPECT_TRUE(uses.empty());
  // Behind the one that was on its way.
  ASSERT_TRUE(report("ana", "seen", clock.now_ms()));
  EXPECT_EQ(
      total_of_all(read([&](store::connection& c) { return key_uses_by_day(c, "ana", week()); })),
      3);
}

TEST_P(analytics_of_use, reports_count_for_who_made_them) {
  const auto now = clock.now_ms();
  ASSERT_TRUE(report("ana", "played", now));
  ASSERT_TRUE(report("ana", "played", now - 2 * day_ms));
  ASSERT_TRUE(report("ana", "shared", now - 10 * day_ms));
  ASSERT_TRUE(report("ben", "played", now));
  EXPECT_EQ(reports("ana", 7), 2);
  EXPECT_EQ(reports("ana", 30), 3);
  EXPECT_EQ(reports("", 7), 3);
  EXPECT_EQ(reports("eve", 30), 0);
}

TEST_P(analytics_of_use, an_account_reports_so_often_a_day) {
  const auto today = clock.now_ms() / day_ms * day_ms;
  store::transaction tx;
  for (std::int64_t n = 0; n < reports_a_day_max; ++n) {
    char id[37];
    std::snprintf(id, sizeof id, "%08llx-%04llx-7000-8000-%012x",
                  static_cast<unsigned long long>(today >> 16),
                  static_cast<unsigned long long>(today & 0xffff), static_cast<unsigned>(n));
    stage_report(tx, {"ana", id, "x", "{}", today});
  }
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(tx)));
  const auto refused = report("ana", "one too many", today + day_ms - 1'500);
  ASSERT_FALSE(refused);
  const auto why = refused.error();
  EXPECT_EQ(why.code, errc::quota_exceeded);
  EXPECT_EQ(why.details.at("retryAfterSeconds").as_int64(), 2);
  EXPECT_TRUE(report("ben", "another's", today + 1));
  EXPECT_TRUE(report("ana", "the next day", today + day_ms));
}

TEST_P(analytics_of_use, what_had_its_time_is_forgotten_in_slices) {
  const auto now = clock.now_ms();
  for (int n = 0; n < 3; ++n)
    ASSERT_TRUE(report("ana", "old", now - (analytics_days_max + 1) * day_ms - n));
  ASSERT_TRUE(report("ana", "kept", now - (analytics_days_max - 1) * day_ms));
  accounts::key_uses uses(db(), clock);
  uses.count("ana", "key");
  write(uses);
  const auto forget = [&](std::int64_t at_ms, std::int64_t most) {
    std::int64_t gone = 0;
    store::transaction tx;
    tx.stage([&](store::connection& c) -> result<void> {
      auto done = forget_analytics(c, at_ms, most);
      if (!done) return done.error();
      gone = *done;
      return {};
    });
    EXPECT_TRUE(store::commit_and_wait(db(), std::move(tx)));
    return gone;
  };
  EXPECT_EQ(forget(now, 2), 2);
  EXPECT_EQ(forget(now, 2), 1);
  EXPECT_EQ(forget(now, 2), 0);
  EXPECT_EQ(reports("ana", analytics_days_max), 1);
  EXPECT_EQ(forget(now + (analytics_days_max + 1) * day_ms, 10), 2);
}

INSTANTIATE_TEST_SUITE_P(, analytics_of_use, testing::Values("sqlite", "postgres"),
                         [](const auto& shown) { return shown.param; });

}  // namespace
}  // namespace son1k::api::test
