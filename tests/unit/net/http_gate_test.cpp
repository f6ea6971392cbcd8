// A route that looks at a request before its body is there, and dresses what the server refuses.
#include <future>

#include "unit/net/test_server.hpp"

namespace son1k::test {
namespace {

using boost::asio::awaitable;
using net::http_request;
using net::http_response;

struct kept_mark {
  explicit kept_mark(std::promise<void>& p) : gone(p) {}
  ~kept_mark() { gone.set_value(); }
  std::promise<void>& gone;
};

net::route gated(net::body_gate gate) {
  net::route_options options;
  options.body_bytes_max = 8;
  options.before_body = std::move(gate);
  options.on_refusal = [](http_request& request, http_response& reply) {
    reply.headers.add("X-Refused", request.path);
  };
  return {net::http_method::post, "/gated", net::sync_handler(echo), options};
}

std::string post(const std::string& fields) {
  return "POST /gated HTTP/1.1\r\nHost: here\r\n" + fields + "\r\n";
}

awaitable<std::optional<http_response>> refuse(http_request&) {
  co_return std::optional<http_response>(net::text_response(409, "not now"));
}

TEST(http_gate, refuses_a_body_before_it_is_sent) {
  test_server server({gated(refuse)});
  raw_client client(server.port());
  client.send(post("Content-Length: 4\r\nExpect: 100-continue\r\n"));
  const auto reply = client.read_reply();
  EXPECT_EQ(reply.status, 409);
  EXPECT_EQ(reply.body, "not now");
  EXPECT_EQ(reply.field("Connection"), "close");
  EXPECT_EQ(reply.field("X-Refused"), "");
}

TEST(http_gate, is_not_asked_where_the_body_came_with_its_head) {
  test_server server({gated(refuse)});
  EXPECT_EQ(server.ask(post("Content-Length: 4\r\n") + "four").body, "four");
}

TEST(http_gate, what_it_leaves_goes_with_the_client) {
  std::promise<void> gone;
  net::body_gate gate = [&gone](http_request& request) -> awaitable<std::optional<http_response>> {
    request.mark = std::make_shared<kept_mark>(gone);
    co_return std::nullopt;
  };
  test_server server({gated(std::move(gate))});
  {
    raw_client client(server.port());
    client.send(post("Content-Length: 4\r\nExpect: 100-continue\r\n"));
    EXPECT_EQ(client.read_reply().status, 100);
  }
  EXPECT_EQ(gone.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST(http_gate, what_escapes_it_is_our_fault) {
  net::body_gate gate = [](http_request&) -> awaitable<std::optional<http_response>> {
    throw std::runtime_error("broken");
    co_return std::nullopt;
  };
  test_server server({gated(std::move(gate))});
  raw_client client(server.port());
  client.send(post("Content-Length: 4\r\n"));
  EXPECT_EQ(client.read_reply().status, 500);
}

TEST(http_gate, a_route_adds_to_what_the_server_refuses) {
  test_server server({gated({})});
  const auto reply = server.ask(post("Content-Length: 9\r\n") + "too large");
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.field("X-Refused"), "/gated");
}

}  // namespace
}  // namespace son1k::test
