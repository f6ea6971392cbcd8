#include "contract/quota/quota_place.hpp"

#include "support/fresh_databases.hpp"

namespace son1k::accounts::test {
namespace {

using store::statement;
using store::transaction;

result<void> commit_one(store::database& db, transaction tx) {
  return store::commit_and_wait(db, std::move(tx));
}

quota_sums read_sums(store::database& db, const statement& sql) {
  quota_sums out;
  auto work = [&](store::connection& c) -> result<void> {
    return c.query(sql, {}, [&](const store::row& r) {
      out[{std::string(r.text(0)), std::string(r.text(1))}] = r.integer(2);
      return true;
    });
  };
  EXPECT_TRUE(store::read_and_wait(db, work));
  return out;
}

}  // namespace

void quota_contract::SetUp() {
  nodes_ = son1k::test::open_fresh(GetParam(), folder_.path(), 2);
  if (nodes_.empty()) {
    if (getenv("CI") != nullptr) FAIL() << "PostgreSQL must be installed (tools/setup)";
    GTEST_SKIP() << "PostgreSQL is not installed (tools/setup)";
  }
  ASSERT_TRUE(db().migrate());
}

reservation quota_contract::wanted(std::string generation, quota_limits limits,
                                   std::string account) const {
  reservation out;
  out.account = std::move(account);
  out.generation = std::move(generation);
  out.limits = limits;
  out.now_ms = clock.now_ms();
  return out;
}

result<void> quota_contract::reserve(std::string generation, quota_limits limits) {
  transaction tx;
  stage_reserve(tx, wanted(std::move(generation), limits));
  return commit_one(db(), std::move(tx));
}

result<void> quota_contract::reserve_again(std::string generation, quota_limits limits) {
  transaction tx;
  stage_reserve_again(tx, wanted(std::move(generation), limits));
  return commit_one(db(), std::move(tx));
}

result<void> quota_contract::commit(std::string generation) {
  transaction tx;
  stage_commit(tx, "ana", std::move(generation), clock.now_ms());
  return commit_one(db(), std::move(tx));
}

result<void> quota_contract::refund(std::string generation) {
  transaction tx;
  stage_refund(tx, "ana", std::move(generation), clock.now_ms());
  return commit_one(db(), std::move(tx));
}

quota_use quota_contract::use(std::string account) {
  auto work = [&](store::connection& c) { return read_use(c, account, clock.now_ms()); };
  return store::read_and_wait(db(), work).value();
}

std::vector<std::string> quota_contract::kinds_of(const std::string& generation) {
  auto work = [&](store::connection& c) { return list_entries(c, "ana", {}, 1'000); };
  const auto entries = store::read_and_wait(db(), work).value();
  std::vector<std::string> out;
  for (const auto& one : entries)
    if (one.generation == generation) out.insert(out.begin(), one.kind);
  return out;
}

quota_sums quota_contract::counted() {
  static const statement counters("select account, period, used from quota_use where used > 0");
  return read_sums(db(), counters);
}

quota_sums quota_contract::listed() {
  static const statement entries(
      "select account, period, cast(sum(signed) as bigint) from ("
      "select account, day as period, case kind when 'reserve' then units when 'refund' then "
      "-units else 0 end as signed from quota_entry union all "
      "select account, substr(day, 1, 7), case kind when 'reserve' then units when 'refund' then "
      "-units else 0 end from quota_entry) as each_one "
      "group by account, period having sum(signed) > 0");
  return read_sums(db(), entries);
}

}  // namespace son1k::accounts::test
