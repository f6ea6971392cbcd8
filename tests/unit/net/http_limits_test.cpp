// Deadlines, bounds and the graceful end. The limits are short here; the tests wait for what the
// server does at them, not for time.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "unit/net/test_server.hpp"

namespace son1k::test {
namespace {

using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
using net::sync_handler;
using namespace std::chrono_literals;

using time_limit = std::chrono::milliseconds net::http_server_settings::*;

// One limit is short; the others must not be what ends a connection on a slow machine, and it must
// outlast a thread that waits for its turn there.
net::http_server_settings with_short(time_limit time) {
  net::http_server_settings settings;
  settings.sweep_time = 5ms;
  settings.*time = 250ms;
  return settings;
}

std::vector<net::route> two_routes() {
  return {{http_method::get, "/hello", sync_handler(hello)},
          {http_method::post, "/echo", sync_handler(echo)}};
}

// A handler that suspends until it is let go, as one that waits for a database.
struct gate {
  net::handler handler() {
    return [this](http_request& request) -> awaitable<http_response> {
      const auto executor = request.executor;
      auto timer = std::make_shared<boost::asio::steady_timer>(executor);
      timer->expires_after(20s);
      waiting.set_value(timer);
      boost::system::error_code ec;
      auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ec);
      co_await timer->async_wait(token);
      co_return net::text_response(200, "done");
    };
  }
  // Blocks until the handler waits, then gives its timer.
  std::shared_ptr<boost::asio::steady_timer> wait() { return waiting.get_future().get(); }

  std::promise<std::shared_ptr<boost::asio::steady_timer>> waiting;
};

void let_go(const std::shared_ptr<boost::asio::steady_timer>& timer) {
  boost::asio::post(timer->get_executor(), [timer] { timer->cancel(); });
}

TEST(http_limits, a_slow_head_gets_408_and_is_closed) {
  test_server server(two_routes(), with_short(&net::http_server_settings::header_time));
  raw_client client(server.port());
  client.send("GET /hello HTTP/1.1\r\nHost:");
  EXPECT_EQ(client.read_reply().status, 408);
  EXPECT_TRUE(client.ends());
}

TEST(http_limits, a_dripping_head_gains_no_time) {
  test_server server(two_routes(), with_short(&net::http_server_settings::header_time));
  raw_client client(server.port());
  client.send("GET /hello HTTP/1.1\r\n");
  std::thread dripping([&] {
    for (int i = 0; i < 1'000'000 && client.send("X"); ++i) std::this_thread::yield();
  });
  const auto reply = client.read_reply();
  EXPECT_TRUE(reply.status == 408 || reply.status == 431 || reply.status == 0) << reply.status;
  client.ends();
  dripping.join();
}

TEST(http_limits, a_silent_connection_is_closed) {
  test_server server(two_routes(), with_short(&net::http_server_settings::header_time));
  raw_client client(server.port());
  EXPECT_TRUE(client.ends());
}

TEST(http_limits, an_idle_connection_is_closed) {
  test_server server(two_routes(), with_short(&net::http_server_settings::idle_time));
  raw_client client(server.port());
  client.send(get_hello);
  EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_TRUE(client.ends());
}

TEST(http_limits, a_slow_body_gets_408_and_is_closed) {
  test_server server(two_routes(), with_short(&net::http_server_settings::body_time));
  for (const std::string framing :
       {"Content-Length: 5\r\n\r\n12", "Transfer-Encoding: chunked\r\n\r\n5\r\n12"}) {
    raw_client client(server.port());
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\n" + framing);
    EXPECT_EQ(client.read_reply().status, 408);
    EXPECT_TRUE(client.ends());
  }
}

TEST(http_limits, a_reader_that_takes_nothing_is_cut) {
  const std::string text(50'000'000, 'x');
  const auto shared = std::make_shared<const std::string>(text);
  const auto run = [shared](http_request&) {
    http_response reply(200);
    reply.body = shared;
    return reply;
  };
  test_server server({{http_method::get, "/long", sync_handler(run)}},
                     with_short(&net::http_server_settings::write_stall_time));
  raw_client client(server.port(), 4096);
  client.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int i = 0; i < 10'000'000 && server.server().connections() == 0; ++i) {
    std::this_thread::yield();
  }
  for (int i = 0; i < 10'000'000 && server.server().connections() > 0; ++i) {
    std::this_thread::yield();
  }
  EXPECT_EQ(server.server().connections(), 0U);
  EXPECT_LT(client.read_rest().size(), text.size());
}

TEST(http_limits, a_handler_over_its_time_gets_503_and_its_late_reply_is_dropped) {
  gate slow;
  test_server server({{http_method::get, "/slow", slow.handler()}},
                     with_short(&net::http_server_settings::handler_time));
  raw_client client(server.port());
  client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto timer = slow.wait();
  EXPECT_EQ(client.read_reply().status, 503);
  EXPECT_TRUE(client.ends());
  let_go(timer);
}

TEST(http_limits, two_thousand_slow_sockets_leave_the_good_ones_served) {
  struct rlimit limit {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 16'384);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  constexpr std::size_t wanted = 2'000;
  if (limit.rlim_cur < 2 * wanted + 512) GTEST_SKIP() << "needs 4,512 descriptors";
  test_server server(two_routes());
  std::vector<std::unique_ptr<raw_client>> slow;
  for (std::size_t i = 0; i < wanted; ++i) {
    slow.push_back(std::make_unique<raw_client>(server.port()));
    ASSERT_TRUE(slow.back()->connected());
    slow.back()->send(i % 2 ? "GET /hello HTTP/1.1\r\nHo"
                            : "POST /echo HTTP/1.1\r\nHost: a\r\n"
                              "Content-Length: 10\r\n\r\n1");
  }
  raw_client good(server.port());
  for (int i = 0; i < 100; ++i) {
    good.send(get_hello);
    ASSERT_EQ(good.read_reply().body, "hello");
  }
  // The last ones may still stand in the accept queue: serve on until they have been let in.
  for (int i = 0; i < 10'000 && server.server().connections() <= wanted; ++i) {
    good.send(get_hello);
    ASSERT_EQ(good.read_reply().body, "hello");
  }
  EXPECT_EQ(server.server().connections(), wanted + 1);
}

TEST(http_limits, a_connection_over_the_bound_gets_503) {
  net::http_server_settings settings;
  settings.connections_max = 2;
  test_server server(two_routes(), settings);
  raw_client first(server.port());
  raw_client second(server.port());
  for (auto* each : {&first, &second}) {
    each->send(get_hello);
    EXPECT_EQ(each->read_reply().status, 200);
  }
  raw_client third(server.port());
  third.send(get_hello);
  EXPECT_EQ(third.read_reply().status, 503);
  EXPECT_TRUE(third.ends());
}

TEST(http_drain, a_running_request_finishes_and_new_ones_are_refused) {
  gate slow;
  test_server server({{http_method::get, "/slow", slow.handler()},
                      {http_method::get, "/hello", sync_handler(hello)}});
  raw_client idle(server.port());
  idle.send(get_hello);
  EXPECT_EQ(idle.read_reply().status, 200);
  raw_client busy(server.port());
  busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto timer = slow.wait();
  std::thread stopping([&] { server.server().stop(); });
  EXPECT_TRUE(idle.ends());
  bool refused = false;
  for (int i = 0; i < 10'000 && !refused; ++i) refused = !raw_client(server.port()).connected();
  EXPECT_TRUE(refused);
  let_go(timer);
  const auto reply = busy.read_reply();
  EXPECT_EQ(reply.body, "done");
  EXPECT_EQ(reply.field("Connection"), "close");
  EXPECT_TRUE(busy.ends());
  stopping.join();
  EXPECT_EQ(server.server().connections(), 0U);
}

TEST(http_drain, what_outlasts_the_grace_is_cut) {
  gate slow;
  auto settings = with_short(&net::http_server_settings::drain_time);
  test_server server({{http_method::get, "/slow", slow.handler()}}, settings);
  raw_client client(server.port());
  client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto timer = slow.wait();
  server.server().stop();
  EXPECT_EQ(client.read_reply().status, 0);
  let_go(timer);
}

TEST(http_drain, stop_is_repeatable) {
  test_server server(two_routes());
  server.server().stop();
  server.server().stop();
  EXPECT_FALSE(raw_client(server.port()).connected());
}

}  // namespace
}  // namespace son1k::test
