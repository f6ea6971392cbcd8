#include "net/event_stream.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "unit/net/test_server.hpp"

namespace son1k::test {
namespace {

using net::event_stream;
using net::http_method;
using net::http_request;
using namespace std::chrono_literals;

// A server whose /events hands each new stream to the test.
struct stream_server {
  explicit stream_server(net::http_server_settings settings = {},
                         net::event_stream_settings stream = {})
      : server({{http_method::get, "/events", net::sync_handler([this, stream](http_request&) {
                   auto fresh = event_stream::make(stream);
                   fresh->on_close([this] { closed.set_value(); });
                   made.set_value(fresh);
                   return net::event_stream_response(fresh);
                 })}},
               settings) {}

  std::promise<std::shared_ptr<event_stream>> made;
  std::promise<void> closed;
  test_server server;
};

bool comes(std::promise<void>& promise) {
  return promise.get_future().wait_for(20s) == std::future_status::ready;
}

const std::string get_events = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(event_stream, events_arrive_in_order_and_in_the_format) {
  stream_server on;
  raw_client client(on.server.port());
  client.send(get_events);
  const auto head = client.read_head();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Content-Type"), "text/event-stream");
  EXPECT_EQ(head.field("Cache-Control"), "no-store");
  const auto stream = on.made.get_future().get();
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(stream->send(std::to_string(i), "tick", "a\nb" + std::to_string(i)));
  }
  const auto text = client.read_events_until("b499\n\n");
  std::size_t at = text.find("retry: 2000\n\n");
  ASSERT_EQ(at, 0U);
  for (int i = 0; i < 500; ++i) {
    const auto n = std::to_string(i);
    at = text.find("id: " + n + "\nevent: tick\ndata: a\ndata: b" + n + "\n\n", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST(event_stream, heartbeats_come_while_nothing_happens) {
  net::http_server_settings settings;
  settings.sweep_time = 5ms;
  settings.heartbeat_time = 20ms;
  stream_server on(settings);
  raw_client client(on.server.port());
  client.send(get_events);
  client.read_head();
  EXPECT_FALSE(client.read_events_until(":\n\n:\n\n:\n\n").empty());
}

TEST(event_stream, close_ends_the_reply_after_what_is_queued) {
  stream_server on;
  raw_client client(on.server.port());
  client.send(get_events);
  const auto stream = on.made.get_future().get();
  stream->send("1", "", "last words");
  stream->close();
  EXPECT_FALSE(stream->send("2", "", "too late"));
  const auto reply = client.read_reply();
  EXPECT_NE(reply.body.find("last words"), std::string::npos);
  EXPECT_EQ(reply.body.find("too late"), std::string::npos);
  EXPECT_TRUE(client.ends());
  EXPECT_TRUE(comes(on.closed));
}

TEST(event_stream, the_producer_learns_that_the_client_went) {
  stream_server on;
  raw_client client(on.server.port());
  client.send(get_events);
  client.read_head();
  const auto stream = on.made.get_future().get();
  client.close();
  EXPECT_TRUE(comes(on.closed));
  EXPECT_FALSE(stream->send("", "", "x"));
}

TEST(event_stream, a_slow_reader_is_cut_at_the_bound) {
  net::event_stream_settings bound;
  bound.queued_bytes_max = 64 * 1024;
  stream_server on({}, bound);
  raw_client client(on.server.port(), 4096);
  client.send(get_events);
  const auto stream = on.made.get_future().get();
  const std::string data(8 * 1024, 'x');
  int sent = 0;
  while (sent < 100'000 && stream->send("", "", data)) ++sent;
  EXPECT_LT(sent, 100'000);
  EXPECT_TRUE(comes(on.closed));
  client.read_rest();
  EXPECT_TRUE(client.ends());
}

TEST(event_stream, a_drain_ends_streams) {
  stream_server on;
  raw_client client(on.server.port());
  client.send(get_events);
  client.read_head();
  const auto stream = on.made.get_future().get();
  on.server.server().stop();
  EXPECT_TRUE(comes(on.closed));
  EXPECT_EQ(on.server.server().connections(), 0U);
}

TEST(event_stream, http_1_0_gets_it_without_chunks) {
  stream_server on;
  raw_client client(on.server.port());
  client.send("GET /events HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.read_head().field("Transfer-Encoding"), "");
  const auto stream = on.made.get_future().get();
  stream->send("", "", "x");
  stream->close();
  EXPECT_EQ(client.read_rest(), "retry: 2000\n\ndata: x\n\n");
}

TEST(event_stream, a_line_break_in_id_or_name_cannot_forge_a_field) {
  const auto stream = event_stream::make();
  stream->send("1\ndata: forged", "a\r\nid: 9", "x\r\ny\rz");
  std::string out;
  stream->take(out);
  EXPECT_EQ(out, "retry: 2000\n\nid: 1\nevent: a\ndata: x\ndata: y\ndata: z\n\n");
}

TEST(event_stream, on_close_after_the_end_is_called_at_once) {
  const auto stream = event_stream::make();
  stream->close();
  int calls = 0;
  stream->on_close([&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(event_stream, a_stream_that_was_never_served_tells_its_producer) {
  int calls = 0;
  {
    const auto stream = event_stream::make();
    stream->on_close([&] { ++calls; });
  }
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace son1k::test
