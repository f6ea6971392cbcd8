#include <gtest/gtest.h>

#include "realtime/engine/deadlines.hpp"
#include "realtime/engine/request.hpp"
#include "realtime/engine/send_ring.hpp"
#include "realtime/engine/session_id.hpp"

namespace son1k::test {
namespace {

using namespace realtime;
using net::http_request;

// The handshake of RFC 6455 section 1.3.
http_request handshake() {
  http_request request;
  request.fields = {{"Host", "here:3001"},
                    {"Upgrade", "websocket"},
                    {"Connection", "keep-alive, Upgrade"},
                    {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                    {"Sec-WebSocket-Version", "13"}};
  return request;
}

http_request with(http_request request, std::string_view name, std::string_view value) {
  for (auto& field : request.fields) {
    if (field.name == name) {
      field.value = value;
      return request;
    }
  }
  request.fields.push_back({name, value});
  return request;
}

TEST(websocket_handshake, is_answered_as_the_standard_shows) {
  EXPECT_TRUE(asks_for_websocket(handshake()));
  EXPECT_EQ(websocket_accept(handshake()), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(websocket_handshake, is_not_asked_for_by_halves) {
  EXPECT_FALSE(asks_for_websocket(with(handshake(), "Upgrade", "h2c")));
  EXPECT_FALSE(asks_for_websocket(with(handshake(), "Connection", "keep-alive")));
}

TEST(websocket_handshake, is_refused_where_a_field_is_not_what_it_must_be) {
  auto twice = handshake();
  twice.fields.push_back({"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="});
  EXPECT_FALSE(websocket_accept(twice));
  for (const char* key : {"", "short", "dGhlIHNhbXBsZSBub25jZQ", "!!!!!!!!!!!!!!!!!!!!!!=="}) {
    EXPECT_FALSE(websocket_accept(with(handshake(), "Sec-WebSocket-Key", key))) << key;
  }
  for (const char* version : {"", "8", "12", "14", "13, 8"}) {
    EXPECT_FALSE(websocket_accept(with(handshake(), "Sec-WebSocket-Version", version))) << version;
  }
}

TEST(websocket_handshake, with_a_body_behind_it_is_refused) {
  auto body = handshake();
  body.body = "GET /admin HTTP/1.1\r\n\r\n";
  EXPECT_FALSE(websocket_accept(body));
  EXPECT_FALSE(websocket_accept(with(handshake(), "Content-Length", "5")));
  EXPECT_FALSE(websocket_accept(with(handshake(), "Transfer-Encoding", "chunked")));
  EXPECT_TRUE(websocket_accept(with(handshake(), "Content-Length", "0")));
}

TEST(websocket_handshake, needs_get_and_http_1_1) {
  auto old = handshake();
  old.minor_version = 0;
  EXPECT_FALSE(websocket_accept(old));
  auto post = handshake();
  post.method = net::http_method::post;
  EXPECT_FALSE(websocket_accept(post));
}

TEST(cors, is_silent_where_no_origin_is_configured) {
  net::http_response reply;
  add_cors({}, with(handshake(), "Origin", "https://a.example"), reply, true);
  EXPECT_EQ(reply.headers.text(), "");
  EXPECT_TRUE(is_origin_allowed({}, with(handshake(), "Origin", "https://a.example")));
}

TEST(cors, names_a_listed_origin_and_no_other) {
  engine_settings settings;
  settings.cors_origins = {"https://a.example"};
  net::http_response listed;
  add_cors(settings, with(handshake(), "Origin", "https://a.example"), listed);
  EXPECT_EQ(listed.headers.get("Access-Control-Allow-Origin"), "https://a.example");
  EXPECT_EQ(listed.headers.get("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(listed.headers.get("Vary"), "Origin");
  net::http_response other;
  add_cors(settings, with(handshake(), "Origin", "https://b.example"), other);
  EXPECT_EQ(other.headers.text(), "Vary: Origin\r\n");
}

TEST(cors, reflects_what_a_preflight_asks_for) {
  engine_settings settings;
  settings.cors_origins = {"*"};
  auto request = with(handshake(), "Origin", "https://a.example");
  request = with(request, "Access-Control-Request-Method", "POST");
  request = with(request, "Access-Control-Request-Headers", "x-a, x-b");
  net::http_response reply;
  add_cors(settings, request, reply, true);
  EXPECT_EQ(reply.headers.get("Access-Control-Allow-Methods"), "POST");
  EXPECT_EQ(reply.headers.get("Access-Control-Allow-Headers"), "x-a, x-b");
  EXPECT_EQ(reply.headers.get("Access-Control-Allow-Origin"), "https://a.example");
}

TEST(cors, a_page_of_another_site_opens_no_websocket) {
  engine_settings settings;
  settings.cors_origins = {"https://a.example"};
  const auto from = [](const char* origin) { return with(handshake(), "Origin", origin); };
  EXPECT_TRUE(is_origin_allowed(settings, from("https://a.example")));
  EXPECT_TRUE(is_origin_allowed(settings, from("http://here:3001"))) << "its own pages";
  EXPECT_TRUE(is_origin_allowed(settings, handshake())) << "no browser";
  for (const char* other : {"https://b.example", "null", "http://here:3002", "https://a.example."})
    EXPECT_FALSE(is_origin_allowed(settings, from(other))) << other;
}

TEST(session_id, names_its_reactor_and_node) {
  const auto id = new_session_id(77, "east-1");
  const auto place = read_session_id(id);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->reactor, 77U);
  EXPECT_EQ(place->node, "east-1");
  EXPECT_NE(id, new_session_id(77, "east-1"));
  for (const char* bad : {"", "short", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA/"})
    EXPECT_FALSE(read_session_id(bad)) << bad;
  EXPECT_FALSE(read_session_id(std::string(200, 'A')));
}

TEST(deadlines, keep_the_order_of_setting) {
  deadline_list list(100);
  deadline_mark a(nullptr), b(nullptr), c(nullptr);
  list.set(a, 0);
  list.set(b, 10);
  list.set(c, 20);
  list.set(a, 30);
  EXPECT_EQ(list.first(), &b);
  b.leave();
  EXPECT_EQ(list.first(), &c);
  EXPECT_EQ(c.due_us(), 120);
  {
    deadline_mark gone(nullptr);
    list.set(gone, 40);
  }
  c.leave();
  EXPECT_EQ(list.first(), &a);
  a.leave();
  EXPECT_EQ(list.first(), nullptr);
}

TEST(send_ring, keeps_order_and_bytes_as_it_grows_and_wraps) {
  send_ring ring;
  std::size_t next = 0;
  std::size_t first = 0;
  for (int round = 0; round < 50; ++round) {
    for (int n = 0; n < 7; ++n)
      ring.push(std::make_shared<const outgoing>(std::to_string(next++), false));
    for (int n = 0; n < 5; ++n, ring.pop())
      ASSERT_EQ(ring[0]->body(), "4" + std::to_string(first++));
  }
  EXPECT_EQ(ring.size(), 100U);
  while (!ring.empty()) ring.pop();
  EXPECT_EQ(ring.bytes(), 0U);
}

}  // namespace
}  // namespace son1k::test
