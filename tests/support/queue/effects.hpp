// Domain writes of the contract's cases: rows of the table `effect` in the backend's database.
#pragma once
#include <gtest/gtest.h>

#include "store/async.hpp"

namespace son1k::test {

inline void make_effects(store::database& db) {
  store::transaction tx;
  tx.stage([](store::connection& c) -> result<void> {
    static const store::statement sql("CREATE TABLE effect (id TEXT NOT NULL, what TEXT)");
    auto made = c.execute(sql, {});
    if (!made) return made.error();
    return {};
  });
  const auto ok = store::commit_and_wait(db, std::move(tx));
  if (!ok) ADD_FAILURE() << ok.error().what();
}

inline std::int64_t count_effects(store::database& db) {
  auto n = store::read_and_wait(db, [](store::connection& c) -> result<std::int64_t> {
    static const store::statement sql("SELECT count(*) FROM effect");
    std::int64_t rows = 0;
    auto ok = c.query(sql, {}, [&](const store::row& r) {
      rows = r.integer(0);
      return true;
    });
    if (!ok) return ok.error();
    return rows;
  });
  EXPECT_TRUE(n);
  return n ? *n : -1;
}

}  // namespace son1k::test
