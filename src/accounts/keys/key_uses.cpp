#include "accounts/keys/key_uses.hpp"

#include <memory>
#include <utility>

namespace son1k::accounts {
namespace {

constexpr std::int64_t key_day_ms = 86'400'000;

}  // namespace

void key_uses::count(const std::string& account, const std::string& key) {
  const auto day = clock_.now_ms() / key_day_ms;
  const auto now = clock_.steady_ms();
  counts due;
  {
    const std::scoped_lock hold(lock_);
    ++counted_[{account, key, day}];
    if (now - written_at_ms_ < write_every_ms && counted_.size() < kept_max) return;
    written_at_ms_ = now;
    due = std::exchange(counted_, {});
  }
  store::transaction tx(store::durability::process);
  stage(tx, std::move(due));
  db_.commit(std::move(tx), [](const result<void>&) {});
}

void key_uses::stage(store::transaction& tx) {
  counts due;
  {
    const std::scoped_lock hold(lock_);
    written_at_ms_ = clock_.steady_ms();
    due = std::exchange(counted_, {});
  }
  if (!due.empty()) stage(tx, std::move(due));
}

bool key_uses::empty() const {
  const std::scoped_lock hold(lock_);
  return counted_.empty();
}

void key_uses::stage(store::transaction& tx, counts what) {
  auto kept = std::make_shared<const counts>(std::move(what));
  tx.stage([kept](store::connection& db) -> result<void> {
    static const store::statement add(
        "insert into api_key_use (account, key, day, requests) values ($1, $2, $3, $4) "
        "on conflict (account, key, day) do update set requests = api_key_use.requests + $4");
    // In the order of the map everywhere, so that two processes lock in one order.
    for (const auto& [where, requests] : *kept) {
      const auto& [account, key, day] = where;
      if (auto sent =
              db.send(add, {std::string_view(account), std::string_view(key), day, requests});
          !sent)
        return sent;
    }
    return {};
  });
}

result<std::int64_t> forget_key_uses(store::connection& db, std::int64_t oldest_day,
                                     std::int64_t most) {
  static const store::statement forget(
      "delete from api_key_use where (account, key, day) in (select account, key, day from "
      "api_key_use where day < $1 order by day limit $2)");
  return db.execute(forget, {oldest_day, most});
}

}  // namespace son1k::accounts
