#include "net/http_pool.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <thread>

#include "unit/net/test_server.hpp"

namespace son1k::test {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

struct http_pool : testing::Test {
  ~http_pool() override {
    pool->stop();
    loop.restart();
    loop.poll();
  }

  std::future<result<net::pool_reply>> begin(std::uint16_t port,
                                             std::chrono::milliseconds time = 600s) {
    net::client_request what;
    what.target = "/hello";
    auto work = pool->exchange({"127.0.0.1", port}, std::move(what), "X-Mark", time, grip);
    return asio::co_spawn(loop, std::move(work), asio::use_future);
  }
  result<net::pool_reply> end(std::future<result<net::pool_reply>> asked) {
    while (asked.wait_for(0s) != std::future_status::ready) {
      loop.restart();
      loop.run_one();
    }
    return asked.get();
  }
  result<net::pool_reply> ask(std::uint16_t port, std::chrono::milliseconds time = 600s) {
    return end(begin(port, time));
  }

  static std::vector<net::route> rows() {
    const auto marked = [](net::http_request&) {
      auto out = net::text_response(200, "hello");
      out.headers.add("X-Mark", "here");
      return out;
    };
    std::vector<net::route> out;
    out.emplace_back(net::http_method::get, "/hello", net::sync_handler(marked));
    return out;
  }

  asio::io_context loop;
  std::shared_ptr<net::exchange_grip> grip = std::make_shared<net::exchange_grip>();
  std::shared_ptr<net::http_pool> pool =
      std::make_shared<net::http_pool>(loop.get_executor(), net::pool_settings());
};

// Takes connections and says nothing.
struct silent_server {
  explicit silent_server(asio::io_context& loop)
      : acceptor(loop, {asio::ip::address_v4::loopback(), 0}) {}
  std::uint16_t port() const { return acceptor.local_endpoint().port(); }
  asio::ip::tcp::acceptor acceptor;
};

TEST_F(http_pool, exchanges_follow_each_other_on_one_connection) {
  test_server server(rows());
  for (int n = 0; n < 3; ++n) {
    const auto reply = ask(server.port());
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->body, "hello");
    EXPECT_EQ(reply->mark, "here");
  }
  EXPECT_EQ(server.server().connections(), 1U);
  EXPECT_EQ(pool->idle(), 1U);
}

TEST_F(http_pool, a_connection_that_the_server_closed_is_not_used) {
  net::http_server_settings quick;
  quick.idle_time = 1ms;
  quick.sweep_time = 1ms;
  test_server server(rows(), quick);
  for (int n = 0; n < 3; ++n) {
    EXPECT_TRUE(ask(server.port()));
    while (server.server().connections() > 0) std::this_thread::yield();
  }
}

TEST_F(http_pool, nobody_there_is_unavailable) {
  std::uint16_t port = 0;
  {
    const silent_server gone(loop);
    port = gone.port();
  }
  EXPECT_EQ(ask(port).error().code, errc::unavailable);
}

TEST_F(http_pool, one_that_never_answers_is_waited_for_no_longer_than_said) {
  const silent_server server(loop);
  EXPECT_EQ(ask(server.port(), 1ms).error().code, errc::timeout);
}

TEST_F(http_pool, what_is_given_up_ends) {
  const silent_server server(loop);
  auto asked = begin(server.port());
  asio::post(loop, [this] { grip->give_up(); });
  EXPECT_EQ(end(std::move(asked)).error().code, errc::cancelled);
  EXPECT_EQ(pool->idle(), 0U);
  EXPECT_EQ(ask(server.port()).error().code, errc::cancelled);
}

TEST_F(http_pool, its_end_ends_what_is_under_way) {
  const silent_server server(loop);
  auto asked = begin(server.port());
  asio::post(loop, [this] { pool->stop(); });
  EXPECT_EQ(end(std::move(asked)).error().code, errc::cancelled);
  EXPECT_EQ(ask(server.port()).error().code, errc::cancelled);
}

TEST_F(http_pool, no_more_are_under_way_than_allowed) {
  net::pool_settings few;
  few.exchanges_max = 1;
  pool = std::make_shared<net::http_pool>(loop.get_executor(), few);
  const silent_server server(loop);
  auto first = begin(server.port());
  loop.poll();
  EXPECT_EQ(ask(server.port()).error().code, errc::rate_limited);
  pool->stop();
  EXPECT_EQ(end(std::move(first)).error().code, errc::cancelled);
}

TEST_F(http_pool, a_reply_over_the_bound_is_refused) {
  net::pool_settings small;
  small.body_bytes_max = 4;
  pool = std::make_shared<net::http_pool>(loop.get_executor(), small);
  test_server server(rows());
  EXPECT_EQ(ask(server.port()).error().code, errc::payload_too_large);
}

}  // namespace
}  // namespace son1k::test
