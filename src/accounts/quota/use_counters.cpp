#include "accounts/quota/use_counters.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "store/joint_insert.hpp"

namespace son1k::accounts {
namespace {

using store::statement;
using store::value;

constexpr std::int64_t no_limit = std::int64_t{1} << 62;

std::int64_t most_of(const use_change& change) {
  return change.most == 0 ? no_limit : change.most;
}

// What one commit changes, an upsert for many counters. The order is that of the keys, in every
// process, so that two commits cannot wait for each other. The tables' own check refuses it if any
// goes beyond its limit; the commit then runs transaction by transaction.
class joint_use final : public store::joint_write {
 public:
  void add(const use_change& change) {
    auto& sum = sum_of(change);
    sum.added += change.units;
    sum.most = std::min(sum.most, most_of(change));
  }
  void give_back(const use_change& change) {
    sum_of(change).given_back += change.units;
    gives_back_ = true;
  }

  result<void> write(store::connection& db) override {
    // Rows of a counter that shrinks do not go into an upsert: as new rows they would be refused.
    if (gives_back_) return write_one_by_one(db);
    std::vector<value> rows;
    for (const auto& [account, periods] : accounts_) {
      for (const auto& [period, sum] : periods) {
        const value row[] = {std::string_view(account), std::string_view(period), sum.added,
                             sum.most};
        rows.insert(rows.end(), std::begin(row), std::end(row));
      }
    }
    return upsert().send(db, rows);
  }

 private:
  struct sums {
    std::int64_t added = 0;
    std::int64_t given_back = 0;
    std::int64_t most = no_limit;
  };

  sums& sum_of(const use_change& change) {
    auto account = accounts_.find(change.account);
    if (account == accounts_.end())
      account = accounts_.try_emplace(std::string(change.account)).first;
    auto period = account->second.find(change.period);
    if (period == account->second.end())
      period = account->second.try_emplace(std::string(change.period)).first;
    return period->second;
  }

  static const store::joint_insert& upsert() {
    static const store::joint_insert insert(
        "insert into quota_use (account, period, used, most)", 4,
        "on conflict (account, period) do update set used = quota_use.used + excluded.used, "
        "most = excluded.most");
    return insert;
  }

  // By what is left of both: giving back first would find no row where this commit makes it.
  result<void> write_one_by_one(store::connection& db) {
    static const statement give_back(
        "update quota_use set used = used - $3 where account = $1 and period = $2");
    for (const auto& [account, periods] : accounts_) {
      for (const auto& [period, sum] : periods) {
        const std::string_view of(account), in(period);
        const auto change = sum.added - sum.given_back;
        result<void> sent;
        const value row[] = {of, in, change, sum.most};
        if (change > 0) sent = upsert().send(db, row);
        if (change < 0) sent = db.send(give_back, {of, in, -change});
        if (!sent) return sent;
      }
    }
    return {};
  }

  std::map<std::string, std::map<std::string, sums, std::less<>>, std::less<>> accounts_;
  bool gives_back_ = false;
};

// Of this commit; null: here each transaction writes for itself.
joint_use* joint_of(store::connection& db) {
  static constexpr char key = 0;
  if (auto* open = db.joined(&key)) return static_cast<joint_use*>(open);
  auto fresh = std::make_shared<joint_use>();
  return db.join(&key, fresh) ? fresh.get() : nullptr;
}

}  // namespace

result<bool> add_use(store::connection& db, const use_change& change) {
  static const statement add_within(
      "insert into quota_use (account, period, used, most) values ($1, $2, $3, $4) "
      "on conflict (account, period) do update set used = quota_use.used + excluded.used, "
      "most = excluded.most where quota_use.used + excluded.used <= excluded.most");
  if (change.units > most_of(change)) return false;
  if (auto* joint = joint_of(db)) {
    joint->add(change);
    return true;
  }
  auto counted =
      db.execute(add_within, {change.account, change.period, change.units, most_of(change)});
  if (!counted) return counted.error();
  return *counted == 1;
}

result<void> give_back_use(store::connection& db, const use_change& change) {
  static const statement give_back(
      "update quota_use set used = used - $3 where account = $1 and period = $2");
  if (auto* joint = joint_of(db)) {
    joint->give_back(change);
    return {};
  }
  return db.send(give_back, {change.account, change.period, change.units});
}

}  // namespace son1k::accounts
