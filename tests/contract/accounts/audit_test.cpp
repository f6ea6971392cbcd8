// The record of what operators and administrators did, in either database.
#include "accounts/audit/audit_records.hpp"
#include "base/uuid.hpp"
#include "contract/accounts/accounts_contract.hpp"

namespace son1k::accounts::test {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

class audit_contract : public accounts_contract {
 protected:
  audit_entry entry(std::string actor, std::string action, std::string target) const {
    audit_entry out;
    out.id = uuid_v7();
    out.at_ms = clock.now_ms();
    out.actor = std::move(actor);
    out.shown = "session";
    out.role = "admin";
    out.action = std::move(action);
    out.target = std::move(target);
    out.address = "192.0.2.7";
    out.request_id = "r1";
    out.outcome = audit_done;
    out.details = R"({"tier":"PRO"})";
    return out;
  }
  result<void> add(audit_entry row) {
    store::transaction tx;
    tx.stage([row = std::move(row)](store::connection& c) { return insert_audit(c, row); });
    return store::commit_and_wait(*db, std::move(tx));
  }
  result<void> run_sql(const store::statement& sql) {
    store::transaction tx;
    tx.stage([&sql](store::connection& c) -> result<void> {
      auto ran = c.execute(sql, {});
      if (!ran) return ran.error();
      return {};
    });
    return store::commit_and_wait(*db, std::move(tx));
  }
  std::int64_t forget(std::int64_t days) {
    auto gone = std::make_shared<std::int64_t>(-1);
    store::transaction tx;
    tx.stage([gone, days, now = clock.now_ms()](store::connection& c) -> result<void> {
      auto some = forget_audit(c, now, days, 100);
      if (!some) return some.error();
      *gone = *some;
      return {};
    });
    EXPECT_TRUE(store::commit_and_wait(*db, std::move(tx)));
    return *gone;
  }
  std::vector<audit_entry> listed(const audit_query& query = {}) {
    auto work = [&](store::connection& c) { return list_audit(c, query); };
    return store::read_and_wait(*db, work).value();
  }
  std::vector<std::string> targets(const audit_query& query) {
    std::vector<std::string> out;
    for (const auto& row : listed(query)) out.push_back(row.target);
    return out;
  }
  store::beside_step recorded_as(const std::string& action) {
    return [row = entry("root", action, "")](store::connection& c, std::string_view id) {
      auto own = row;
      own.target = std::string(id);
      return insert_audit(c, own);
    };
  }
};

TEST_P(audit_contract, a_record_is_read_back_as_it_was_written) {
  const auto written = entry("root", "users.change", "ana");
  ASSERT_TRUE(add(written));
  const auto rows = listed();
  ASSERT_EQ(rows.size(), 1u);
  const auto& row = rows.front();
  EXPECT_EQ(row.id, written.id);
  EXPECT_EQ(row.at_ms, written.at_ms);
  EXPECT_EQ(row.actor, "root");
  EXPECT_EQ(row.shown, "session");
  EXPECT_EQ(row.role, "admin");
  EXPECT_EQ(row.action, "users.change");
  EXPECT_EQ(row.target, "ana");
  EXPECT_EQ(row.address, "192.0.2.7");
  EXPECT_EQ(row.request_id, "r1");
  EXPECT_EQ(row.outcome, "done");
  EXPECT_EQ(row.details, R"({"tier":"PRO"})");
}

TEST_P(audit_contract, records_are_found_by_who_what_whom_and_when_the_newest_first) {
  ASSERT_TRUE(add(entry("root", "users.change", "a")));
  clock.advance(1'000);
  ASSERT_TRUE(add(entry("olga", "users.create", "b")));
  clock.advance(1'000);
  ASSERT_TRUE(add(entry("olga", "usersof.change", "c")));
  using testing_list = std::vector<std::string>;
  EXPECT_EQ(targets({}), (testing_list{"c", "b", "a"}));
  audit_query query;
  query.actor = "olga";
  EXPECT_EQ(targets(query), (testing_list{"c", "b"}));
  query.action = "users.";
  EXPECT_EQ(targets(query), (testing_list{"b"}));
  query = {};
  query.action = "users.change";
  EXPECT_EQ(targets(query), (testing_list{"a"}));
  query = {};
  query.target = "c";
  EXPECT_EQ(targets(query), (testing_list{"c"}));
  query = {};
  query.from_ms = clock.now_ms() - 1'000;
  query.to_ms = clock.now_ms();
  EXPECT_EQ(targets(query), (testing_list{"b"}));
  query = {};
  query.limit = 2;
  const auto page = listed(query);
  ASSERT_EQ(page.size(), 2u);
  query.before = page.back().id;
  EXPECT_EQ(targets(query), (testing_list{"a"}));
}

TEST_P(audit_contract, the_database_refuses_to_change_or_remove_a_record) {
  static const store::statement change("UPDATE audit SET actor = 'nobody'");
  static const store::statement remove("DELETE FROM audit");
  auto row = entry("root", "users.change", "ana");
  clock.set_wall(system_clock().now_ms());
  row.at_ms = clock.now_ms();
  ASSERT_TRUE(add(row));
  EXPECT_FALSE(run_sql(change));
  EXPECT_FALSE(run_sql(remove));
  EXPECT_FALSE(add(row)) << "nor is one written twice";
  ASSERT_EQ(listed().size(), 1u);
  EXPECT_EQ(listed().front().actor, "root");
}

TEST_P(audit_contract, nor_does_it_take_what_else_it_knows_to_remove_or_replace_rows) {
  static const store::statement replace(
      "INSERT OR REPLACE INTO audit SELECT id, at_ms, 'nobody', shown, role, action, target, "
      "address, request, outcome, details FROM audit");
  static const store::statement empty("TRUNCATE audit");
  ASSERT_TRUE(add(entry("root", "users.change", "ana")));
  EXPECT_FALSE(run_sql(GetParam() == "sqlite" ? replace : empty));
  ASSERT_EQ(listed().size(), 1u);
  EXPECT_EQ(listed().front().actor, "root");
}

TEST_P(audit_contract, what_is_older_than_its_time_goes_and_never_what_is_younger_than_31_days) {
  const auto now = system_clock().now_ms();
  clock.set_wall(now);
  auto old = entry("root", "users.change", "old");
  old.at_ms = now - 40 * day_ms;
  auto young = entry("root", "users.change", "young");
  young.at_ms = now - 20 * day_ms;
  ASSERT_TRUE(add(old));
  ASSERT_TRUE(add(young));
  EXPECT_EQ(forget(50), 0);
  EXPECT_EQ(forget(1), 1);
  EXPECT_EQ(targets({}), (std::vector<std::string>{"young"}));
}

TEST_P(audit_contract, a_change_and_its_record_are_both_there_or_neither) {
  const auto ana = made("ana@example.org", "admin");
  account_change pro;
  pro.tier = "PRO";
  auto note = recorded_as("users.change");
  ASSERT_TRUE(run(here->users.change(ana.id, pro, note)));
  EXPECT_EQ(targets({}), (std::vector<std::string>{ana.id}));
  account_change gold;
  gold.tier = "GOLD";
  EXPECT_FALSE(run(here->users.change(ana.id, gold, note)));
  account_change down;
  down.role = "user";
  EXPECT_EQ(run(here->users.change(ana.id, down, note)).error().code, errc::conflict)
      << "the last administrator";
  EXPECT_EQ(listed().size(), 1u);
  // And the other way round: without its record nothing is changed.
  account_change off;
  off.name = "somebody else";
  EXPECT_FALSE(run(here->users.change(ana.id, off, note))) << "this record is there already";
  EXPECT_EQ(run(here->users.find(ana.id))->name, "ana");
}

TEST_P(audit_contract, making_an_account_and_resetting_a_password_are_recorded) {
  new_account asked;
  asked.email = "ana@example.org";
  asked.password = good_password;
  const auto created = [this](const account&) { return recorded_as("users.create"); };
  auto ana = run(here->users.create(asked, created));
  ASSERT_TRUE(ana);
  EXPECT_FALSE(run(here->users.create(asked, created)));
  auto reset = recorded_as("users.password");
  ASSERT_TRUE(run(here->users.reset_password(ana->id, "another long enough", reset)));
  const auto rows = listed();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].action, "users.password");
  EXPECT_EQ(rows[0].target, ana->id);
  EXPECT_EQ(rows[1].action, "users.create");
}

INSTANTIATE_TEST_SUITE_P(, audit_contract, testing::Values("sqlite", "postgres"),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace son1k::accounts::test
