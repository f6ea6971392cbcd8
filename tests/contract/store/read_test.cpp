// Reads: values there and back, snapshots, bounds, coroutines.
#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "contract/store/database_contract.hpp"

namespace son1k::test {
namespace {

using store::connection;
using store::row;
using store::statement;
using store::transaction;
using testing::ElementsAre;

const statement create_values{
    "CREATE TABLE IF NOT EXISTS every (i BIGINT, d DOUBLE PRECISION, t TEXT, b TEXT, n TEXT)"};
const statement insert_values{"INSERT INTO every (i, d, t, b, n) VALUES ($1, $2, $3, $4, $5)"};
const statement select_values{"SELECT i, d, t, b, n FROM every"};
// $2 twice and before $1.
const statement swapped{"SELECT number FROM note WHERE words = $2 AND number > $1 AND $2 <> ''"};
const statement update_all{"UPDATE note SET words = $1"};
const statement nonsense{"SELEC 1"};

TEST_P(database_contract, values_come_back_as_they_went) {
  std::string text_value = "caña \xF0\x9F\x8E\xB5 tail";
  transaction tx;
  tx.stage([&](connection& c) -> result<void> {
    if (auto made = c.execute(create_values, {}); !made) return made.error();
    auto put = c.execute(insert_values, {std::int64_t{INT64_MIN}, 0.1, text_value,
                                         std::string_view(), std::monostate()});
    if (!put) return put.error();
    return {};
  });
  ASSERT_TRUE(store::commit_and_wait(*db, std::move(tx)));
  int rows = 0;
  auto read = store::read_and_wait(*db, [&](connection& c) {
    return c.query(select_values, {}, [&](const row& r) {
      ++rows;
      EXPECT_EQ(r.integer(0), INT64_MIN);
      EXPECT_EQ(r.real(1), 0.1);
      EXPECT_EQ(r.text(2), text_value);
      EXPECT_FALSE(r.is_null(3));
      EXPECT_EQ(r.text(3), "");
      EXPECT_TRUE(r.is_null(4));
      EXPECT_EQ(r.text(4), "");
      EXPECT_EQ(r.integer(4), 0);
      return true;
    });
  });
  EXPECT_TRUE(read);
  EXPECT_EQ(rows, 1);
}

TEST_P(database_contract, parameters_are_bound_by_their_number) {
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(store::commit_and_wait(*db, note_transaction(i)));
  std::vector<std::int64_t> found;
  auto read = store::read_and_wait(*db, [&](connection& c) {
    return c.query(swapped, {1, "words"}, [&](const row& r) {
      found.push_back(r.integer(0));
      return true;
    });
  });
  ASSERT_TRUE(read) << read.error().what();
  EXPECT_THAT(found, testing::UnorderedElementsAre(2, 3));
}

TEST_P(database_contract, too_few_or_too_many_parameters_and_wrong_sql_are_errors_of_ours) {
  auto code_of = [&](const statement& sql, std::vector<store::value> params) {
    auto read = store::read_and_wait(*db, [&](connection& c) {
      return c.query(sql, std::span<const store::value>(params), [](const row&) { return true; });
    });
    return read ? errc::validation : read.error().code;
  };
  EXPECT_EQ(code_of(swapped, {1}), errc::internal);
  EXPECT_EQ(code_of(swapped, {1, "a", "b"}), errc::internal);
  EXPECT_EQ(code_of(nonsense, {}), errc::internal);
}

TEST_P(database_contract, execute_tells_how_many_rows_changed) {
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(store::commit_and_wait(*db, note_transaction(i)));
  std::vector<std::int64_t> counts;
  transaction tx;
  tx.stage([&](connection& c) -> result<void> {
    counts = {*c.execute(update_all, {"new"}), *c.execute(create_notes, {}),
              *c.execute(insert_note, {4, "four"})};
    return {};
  });
  ASSERT_TRUE(store::commit_and_wait(*db, std::move(tx)));
  EXPECT_THAT(counts, ElementsAre(3, 0, 1));
}

TEST_P(database_contract, a_query_ends_when_its_callback_says_so_and_may_run_the_same_text_inside) {
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(store::commit_and_wait(*db, note_transaction(i)));
  int outer = 0;
  std::size_t inner = 0;
  auto read = store::read_and_wait(*db, [&](connection& c) {
    return c.query(select_numbers, {}, [&](const row& r) {
      inner += numbers_in(c)->size();
      ++outer;
      return r.integer(0) < 3;
    });
  });
  EXPECT_TRUE(read);
  EXPECT_EQ(outer, 3);
  EXPECT_EQ(inner, 15u);
}

TEST_P(database_contract, a_read_keeps_one_snapshot_from_its_first_query_on) {
  ASSERT_TRUE(store::commit_and_wait(*db, note_transaction(1)));
  std::size_t before = 0;
  std::size_t after = 0;
  auto read = store::read_and_wait(*db, [&](connection& c) -> result<void> {
    before = numbers_in(c)->size();
    auto written = store::commit_and_wait(*db, note_transaction(2));
    after = numbers_in(c)->size();
    return written;
  });
  ASSERT_TRUE(read);
  EXPECT_EQ(before, 1u);
  EXPECT_EQ(after, 1u);
  EXPECT_EQ(numbers_in(*db)->size(), 2u);
}

TEST_P(database_contract, a_read_cannot_write) {
  auto read = store::read_and_wait(*db, [](connection& c) {
    return c.execute(insert_note, {1, "x"});
  });
  EXPECT_FALSE(read);
  EXPECT_TRUE(numbers_in(*db)->empty());
}

TEST_P(database_contract, more_reads_than_the_bound_are_refused_at_once) {
  reopen({.queued_reads_max = 4});
  std::promise<void> opened;
  std::shared_future<void> gate = opened.get_future();
  std::atomic<int> ran = 0;
  int accepted = 0;
  // Whatever the size of the pool: far more than it can hold.
  for (int i = 0; i < 1'000; ++i)
    if (db->read([gate, &ran](connection&) { gate.wait(), ++ran; })) ++accepted;
  auto refused = db->read([](connection&) {});
  opened.set_value();
  db->stop();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unavailable);
  EXPECT_LT(accepted, 1'000);
  EXPECT_EQ(ran, accepted);
}

boost::asio::awaitable<void> write_then_read(store::database& db, std::int64_t number, int& good) {
  auto executor = co_await boost::asio::this_coro::executor;
  auto written = co_await store::async_commit(db, note_transaction(number));
  auto look = [](connection& c) { return numbers_in(c); };
  auto read = co_await store::async_read(db, std::move(look));
  bool on_its_executor =
      executor.target<boost::asio::io_context::executor_type>()->running_in_this_thread();
  if (written && read && std::ranges::count(*read, number) == 1 && on_its_executor) ++good;
}

TEST_P(database_contract, coroutines_commit_and_read_and_resume_on_their_executor) {
  boost::asio::io_context context;
  int good = 0;
  for (int i = 1; i <= 300; ++i) {
    boost::asio::co_spawn(context, write_then_read(*db, i, good), boost::asio::detached);
  }
  context.run();
  db->stop();  // its threads may still be on their way out of the last post
  EXPECT_EQ(good, 300);
}

TEST_P(database_contract, a_coroutine_is_told_of_a_refusal) {
  db->stop();
  boost::asio::io_context context;
  std::vector<errc> codes;
  auto asks = [](store::database& d, std::vector<errc>& out) -> boost::asio::awaitable<void> {
    auto written = co_await store::async_commit(d, note_transaction(1));
    auto look = [](connection& c) { return numbers_in(c); };
    auto read = co_await store::async_read(d, std::move(look));
    out = {written.error().code, read.error().code};
  };
  boost::asio::co_spawn(context, asks(*db, codes), boost::asio::detached);
  context.run();
  EXPECT_THAT(codes, ElementsAre(errc::unavailable, errc::unavailable));
}

}  // namespace
}  // namespace son1k::test
