// Replies under an Idempotency-Key, on PostgreSQL as on SQLite.
#include "api/idempotency.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "integration/postgres/postgres_case.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/manual_clock.hpp"
#include "support/queue/scripted_queue.hpp"

namespace son1k::test {
namespace {

using store::connection;
using store::transaction;

class idempotency : public postgres_case, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "postgres") {
      postgres_case::SetUp();
      if (IsSkipped() || HasFatalFailure()) return;
      settings_.migrations = store::postgres_sources();
      db_ = open();
    } else {
      store::sqlite_settings settings;
      settings.file = folder_ / "son1k.db";
      auto opened = store::open_sqlite(settings);
      ASSERT_TRUE(opened) << opened.error().what();
      db_ = std::move(*opened);
    }
    ASSERT_TRUE(db_ && db_->migrate());
  }
  void TearDown() override {
    if (db_) db_->stop();
  }

  static net::http_request request(const char* key, std::string body) {
    net::http_request out;
    out.method = net::http_method::post;
    out.target = "/api/jobs";
    out.body = std::move(body);
    out.fields.push_back({"Idempotency-Key", key});
    return out;
  }
  // What a request that makes one thing is answered.
  net::http_response make(net::http_request request, const std::string& thing) {
    const api::services with{*db_, jobs_, clock_, {}, "1"};
    auto task = [&]() -> boost::asio::awaitable<net::http_response> {
      auto begun = co_await api::read_keyed(with, request);
      if (begun.reply) co_return std::move(*begun.reply);
      auto made = co_await api::commit_and_reply(with, making(thing), std::move(begun.key), 202,
                                                 "\"" + thing + "\"", request);
      co_return made;
    };
    auto reply = boost::asio::co_spawn(loop_, task(), boost::asio::use_future);
    loop_.run();
    loop_.restart();
    return reply.get();
  }
  static std::string text_of(const net::http_response& reply) {
    return std::get<std::string>(reply.body);
  }
  static transaction making(const std::string& thing) {
    transaction tx;
    tx.stage([thing](connection& c) -> result<void> {
      static const store::statement sql(
          "INSERT INTO queue_fence (queue, job, fence, at_ms) VALUES ('things', $1, 1, 1)");
      auto made = c.execute(sql, {std::string_view(thing)});
      if (!made) return made.error();
      return {};
    });
    return tx;
  }
  std::int64_t things() {
    auto n = store::read_and_wait(*db_, [](connection& c) -> result<std::int64_t> {
      static const store::statement sql("SELECT count(*) FROM queue_fence");
      std::int64_t rows = 0;
      auto ok = c.query(sql, {}, [&](const store::row& r) { return rows = r.integer(0), false; });
      if (!ok) return ok.error();
      return rows;
    });
    return n ? *n : -1;
  }

  temp_folder folder_;
  manual_clock clock_{1'700'000'000'000};
  scripted_queue jobs_;
  boost::asio::io_context loop_;
  std::unique_ptr<store::database> db_;
};

TEST_P(idempotency, a_request_that_is_sent_again_gets_the_reply_of_the_first) {
  const auto first = make(request("k", "{}"), "a");
  EXPECT_EQ(first.status, 202);
  const auto again = make(request("k", "{}"), "b");
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(text_of(again), text_of(first));
  EXPECT_EQ(things(), 1);
  EXPECT_EQ(make(request("k", "{\"other\":1}"), "c").status, 422);
  EXPECT_EQ(make(request("another", "{}"), "d").status, 202);
  EXPECT_EQ(things(), 2);
}

TEST_P(idempotency, of_two_at_once_one_makes_the_thing_and_both_get_its_reply) {
  const api::services with{*db_, jobs_, clock_, {}, "1"};
  const auto one = request("k", "{}");
  auto reading = boost::asio::co_spawn(loop_, api::read_keyed(with, one), boost::asio::use_future);
  loop_.run();
  loop_.restart();
  const auto begun = reading.get();
  ASSERT_TRUE(begun.key && !begun.reply);
  std::vector<std::future<net::http_response>> replies;
  // Both have looked and found nothing.
  for (const char* thing : {"a", "b"}) {
    auto task = api::commit_and_reply(with, making(thing), begun.key, 202,
                                      "\"" + std::string(thing) + "\"", one);
    replies.push_back(boost::asio::co_spawn(loop_, std::move(task), boost::asio::use_future));
  }
  loop_.run();
  const auto first = replies[0].get();
  const auto second = replies[1].get();
  EXPECT_EQ(first.status, 202);
  EXPECT_EQ(second.status, 202);
  EXPECT_EQ(text_of(first), text_of(second));
  EXPECT_EQ(things(), 1);
}

TEST_P(idempotency, a_key_is_free_again_after_a_day_removed_or_not) {
  make(request("k", "{}"), "a");
  clock_.advance(api::idempotency_ms + 1);
  EXPECT_EQ(make(request("k", "{\"other\":1}"), "b").status, 202);
  EXPECT_EQ(things(), 2);
  clock_.advance(api::idempotency_ms + 1);
  std::int64_t gone = 0;
  transaction tx;
  tx.stage([&](connection& c) -> result<void> {
    auto forgotten = api::forget_replies(c, clock_.now_ms(), 10);
    if (!forgotten) return forgotten.error();
    gone = *forgotten;
    return {};
  });
  ASSERT_TRUE(store::commit_and_wait(*db_, std::move(tx)));
  EXPECT_EQ(gone, 1);
}

INSTANTIATE_TEST_SUITE_P(, idempotency, testing::Values("sqlite", "postgres"),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace son1k::test
