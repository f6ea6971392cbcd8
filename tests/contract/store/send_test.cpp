// Statements whose reply nobody waits for, values of every kind, failures that harm nobody else.
#include <gmock/gmock.h>

#include "contract/store/database_contract.hpp"

namespace son1k::test {
namespace {

using store::commit_and_wait;
using store::connection;
using store::row;
using store::statement;
using store::transaction;
using testing::ElementsAre;

const statement update_note{"UPDATE note SET words = $2 WHERE number = $1"};
const statement words_of{"SELECT words FROM note WHERE number = $1"};
const statement wrong_sql{"SELEC 2"};

transaction::step sends_note(std::int64_t number, std::string words = "sent") {
  return [number, words = std::move(words)](connection& c) -> result<void> {
    return c.send(insert_note, {number, std::string_view(words)});
  };
}

result<std::string> words_in(store::database& db, std::int64_t number) {
  return store::read_and_wait(db, [number](connection& c) -> result<std::string> {
    std::string words = "none";
    auto asked = c.query(words_of, {number}, [&](const row& r) {
      words = r.text(0);
      return true;
    });
    if (!asked) return asked.error();
    return words;
  });
}

TEST_P(database_contract, what_is_sent_takes_effect_in_order_with_what_is_executed) {
  std::int64_t changed = 0;
  transaction tx;
  tx.stage(sends_note(1));
  tx.stage([&changed](connection& c) -> result<void> {
    auto done = c.execute(update_note, {1, "first"});
    if (!done) return done.error();
    changed = *done;
    return c.send(update_note, {1, "second"});
  });
  tx.stage(sends_note(2));
  ASSERT_TRUE(commit_and_wait(*db, std::move(tx)));
  EXPECT_EQ(changed, 1);
  EXPECT_EQ(*words_in(*db, 1), "second");
  EXPECT_THAT(*numbers_in(*db), ElementsAre(1, 2));
}

TEST_P(database_contract, what_was_sent_and_fails_takes_back_its_own_transaction_only) {
  ASSERT_TRUE(commit_and_wait(*db, note_transaction(1'000)));
  for (int failing : {0, 37, 99}) {
    outcomes seen(100);
    writer_gate gate(*db);
    for (int i = 0; i < 100; ++i) {
      transaction tx;
      tx.stage(sends_note((failing + 1) * 10'000 + i));
      if (i == failing) tx.stage(sends_note(1'000));
      db->commit(std::move(tx), seen.handler(i));
    }
    gate.release();
    for (const auto& [id, outcome] : seen.wait()) {
      EXPECT_EQ(outcome.has_value(), id != failing);
      if (!outcome) {
        EXPECT_EQ(outcome.error().code, errc::conflict);
      }
    }
  }
  EXPECT_EQ(numbers_in(*db)->size(), 298u);
}

TEST_P(database_contract, what_was_sent_and_fails_is_told_although_nothing_asks_afterwards) {
  ASSERT_TRUE(commit_and_wait(*db, note_transaction(1)));
  bool hook_said_committed = true;
  transaction tx;
  tx.stage(sends_note(2));
  tx.stage(sends_note(1));
  tx.on_outcome([&](bool committed) { hook_said_committed = committed; });
  auto outcome = commit_and_wait(*db, std::move(tx));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, errc::conflict);
  EXPECT_FALSE(hook_said_committed);
  EXPECT_THAT(*numbers_in(*db), ElementsAre(1));
  EXPECT_TRUE(commit_and_wait(*db, note_transaction(2)));
}

TEST_P(database_contract, far_more_may_be_sent_than_any_buffer_holds) {
  constexpr std::int64_t count = 5'000;
  transaction tx;
  const std::string words(1'000, 'w');
  tx.stage([&](connection& c) -> result<void> {
    for (std::int64_t n = 1; n <= count; ++n) {
      if (auto sent = c.send(insert_note, {n, std::string_view(words)}); !sent) return sent;
    }
    return {};
  });
  ASSERT_TRUE(commit_and_wait(*db, std::move(tx)));
  EXPECT_EQ(numbers_in(*db)->size(), static_cast<std::size_t>(count));
}

TEST_P(database_contract, an_overlooked_failure_in_a_group_undoes_nothing_of_the_others) {
  ASSERT_TRUE(commit_and_wait(*db, note_transaction(1)));
  outcomes seen(20);
  writer_gate gate(*db);
  for (int i = 0; i < 20; ++i) {
    transaction tx;
    tx.stage(writes_note(100 + i));
    tx.stage([](connection& c) -> result<void> {
      auto duplicate = c.execute(insert_note, {1, "again"});
      return duplicate ? result<void>(error(errc::internal, text("no conflict"))) : result<void>{};
    });
    tx.stage(sends_note(200 + i));
    db->commit(std::move(tx), seen.handler(i));
  }
  gate.release();
  for (const auto& [id, outcome] : seen.wait()) EXPECT_TRUE(outcome) << id;
  EXPECT_EQ(numbers_in(*db)->size(), 41u);
}

TEST_P(database_contract, a_read_that_fails_harms_no_other_read) {
  ASSERT_TRUE(commit_and_wait(*db, note_transaction(1)));
  // Enough for reads that share a snapshot.
  constexpr int count = 200;
  std::vector<std::promise<std::size_t>> sizes(count);
  for (int i = 0; i < count; ++i) {
    auto queued = db->read([&sizes, i](connection& c) {
      if (i % 3 == 1) {
        auto failed = c.query(wrong_sql, {}, [](const row&) { return true; });
        sizes[static_cast<std::size_t>(i)].set_value(failed ? 0u : 1u);
        return;
      }
      auto numbers = numbers_in(c);
      sizes[static_cast<std::size_t>(i)].set_value(numbers ? numbers->size() : 0u);
    });
    ASSERT_TRUE(queued);
  }
  for (auto& size : sizes) EXPECT_EQ(size.get_future().get(), 1u);
}

TEST_P(database_contract, bytes_come_back_as_they_went) {
  const statement create("CREATE TABLE IF NOT EXISTS bag (n BIGINT, b " +
                         std::string(backend_named(GetParam()).blob_type) + ")");
  static const statement put("INSERT INTO bag (n, b) VALUES ($1, $2)");
  static const statement look("SELECT b FROM bag ORDER BY n");
  std::string every;
  for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
  transaction tx;
  tx.stage([&](connection& c) -> result<void> {
    if (auto made = c.execute(create, {}); !made) return made.error();
    const store::blob bags[] = {{every}, {}};
    std::int64_t n = 0;
    for (const auto& bag : bags) {
      auto done = c.execute(put, {++n, bag});
      if (!done) return done.error();
    }
    return {};
  });
  ASSERT_TRUE(commit_and_wait(*db, std::move(tx)));
  std::vector<std::string> found;
  auto read = store::read_and_wait(*db, [&](connection& c) {
    return c.query(look, {}, [&](const row& r) {
      EXPECT_FALSE(r.is_null(0));
      found.emplace_back(r.text(0));
      return true;
    });
  });
  EXPECT_TRUE(read);
  EXPECT_THAT(found, ElementsAre(every, ""));
}

TEST_P(database_contract, one_statement_takes_nulls_and_values_in_any_turn) {
  static const statement create(
      "CREATE TABLE IF NOT EXISTS loose (n BIGINT, i BIGINT, d DOUBLE PRECISION, t TEXT)");
  static const statement put("INSERT INTO loose (n, i, d, t) VALUES ($1, $2, $3, $4)");
  static const statement look("SELECT i, d, t FROM loose ORDER BY n");
  transaction tx;
  tx.stage([](connection& c) -> result<void> {
    if (auto made = c.execute(create, {}); !made) return made.error();
    for (std::int64_t n = 0; n < 16; ++n) {
      const store::value none = std::monostate();
      auto done =
          c.execute(put, {n, n & 1 ? store::value(n) : none, n & 2 ? store::value(0.5) : none,
                          n & 4 ? store::value("t") : none});
      if (!done) return done.error();
    }
    return {};
  });
  auto outcome = commit_and_wait(*db, std::move(tx));
  ASSERT_TRUE(outcome) << outcome.error().what();
  std::int64_t n = 0;
  auto read = store::read_and_wait(*db, [&](connection& c) {
    return c.query(look, {}, [&](const row& r) {
      EXPECT_EQ(r.integer(0), n & 1 ? n : 0);
      EXPECT_EQ(r.is_null(1), (n & 2) == 0);
      EXPECT_EQ(r.text(2), n & 4 ? "t" : "");
      ++n;
      return true;
    });
  });
  EXPECT_TRUE(read);
  EXPECT_EQ(n, 16);
}

TEST_P(database_contract, a_text_with_a_zero_character_comes_back_or_is_refused_alone) {
  const std::string words("zero \0 inside", 13);
  outcomes seen(3);
  writer_gate gate(*db);
  for (int i = 1; i <= 3; ++i) {
    transaction tx;
    tx.stage(writes_note(i, i == 2 ? words : "plain"));
    db->commit(std::move(tx), seen.handler(i));
  }
  gate.release();
  auto& told = seen.wait();
  EXPECT_TRUE(told[0].second);
  EXPECT_TRUE(told[2].second);
  if (told[1].second) {
    EXPECT_EQ(*words_in(*db, 2), words);
  } else {
    EXPECT_EQ(told[1].second.error().code, errc::validation);
    EXPECT_THAT(*numbers_in(*db), ElementsAre(1, 3));
  }
}

}  // namespace
}  // namespace son1k::test
