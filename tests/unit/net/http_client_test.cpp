#include "net/http_client.hpp"

#include <gtest/gtest.h>

#include "net/route_caller.hpp"
#include "unit/net/test_server.hpp"

namespace son1k::net {
namespace {

using test::echo;
using test::hello;
using test::test_server;

handler late_echo() {
  return [](http_request& r) -> boost::asio::awaitable<http_response> {
    boost::asio::steady_timer timer(r.executor, std::chrono::milliseconds(1));
    co_await timer.async_wait(boost::asio::use_awaitable);
    co_return text_response(
        201, std::string(r.param("name")) + "|" + r.query("q").value_or("-") + "|" + r.body);
  };
}

http_response show(const error& fault, int status, const http_request&) {
  return text_response(status, std::string(name_of(fault.code)));
}

client_request ask(http_method method, std::string target, std::string body = {}) {
  client_request out;
  out.method = method;
  out.target = std::move(target);
  out.body = std::move(body);
  return out;
}

TEST(http_client, an_address_is_scheme_host_and_port) {
  const auto plain = parse_address("http://127.0.0.1:3001");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, 3001);
  const auto v6 = parse_address("http://[::1]:80/");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::1");
  for (const auto* wrong : {"", "127.0.0.1:3001", "https://a", "ftp://a", "http://", "http://a/b",
                            "http://a?x", "http://u:p@a", "http://a:0", "http://a:99999"}) {
    const auto refused = parse_address(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().field, "server") << wrong;
  }
}

TEST(http_client, a_request_and_its_reply_are_whole) {
  test_server server({{http_method::post, "/x/:name", late_echo()}});
  const std::string big(300'000, 'b');
  const auto reply =
      exchange({"127.0.0.1", server.port()}, ask(http_method::post, "/x/a%20b?q=1", big));
  ASSERT_TRUE(reply) << reply.error().what();
  EXPECT_EQ(reply->status, 201);
  EXPECT_EQ(reply->body, "a b|1|" + big);
}

TEST(http_client, nobody_there_is_unavailable) {
  std::uint16_t port = 0;
  {
    test_server gone({{http_method::get, "/hello", sync_handler(hello)}});
    port = gone.port();
  }
  const auto reply = exchange({"127.0.0.1", port}, ask(http_method::get, "/hello"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::unavailable);
  EXPECT_EQ(reply.error().field, "server");
}

TEST(http_client, a_reply_beyond_the_bound_is_refused) {
  test_server server({{http_method::post, "/echo", sync_handler(echo)}});
  client_bounds bounds;
  bounds.body_bytes_max = 10;
  const auto reply = exchange({"127.0.0.1", server.port()},
                              ask(http_method::post, "/echo", std::string(11, 'x')), bounds);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::payload_too_large);
}

TEST(route_caller, handlers_are_called_as_by_a_server) {
  router routes;
  route_options small;
  small.body_bytes_max = 4;
  routes.add_all({{http_method::post, "/x/:name", late_echo(), small},
                  {http_method::get, "/hello", sync_handler(hello)}});
  route_caller caller(routes, show);
  const auto late = caller.call(ask(http_method::post, "/x/a%20b?q=1", "four"));
  ASSERT_TRUE(late);
  EXPECT_EQ(late->status, 201);
  EXPECT_EQ(late->body, "a b|1|four");
  EXPECT_EQ(caller.call(ask(http_method::get, "/hello"))->body, "hello");
  EXPECT_EQ(caller.call(ask(http_method::get, "/none"))->status, 404);
  EXPECT_EQ(caller.call(ask(http_method::remove, "/hello"))->status, 405);
  EXPECT_EQ(caller.call(ask(http_method::post, "/x/a", "fives"))->status, 413);
}

}  // namespace
}  // namespace son1k::net
