#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "integration/engine/engine_case.hpp"
#include "realtime/engine/session_id.hpp"

namespace son1k::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// No longer for who does not answer a close; no ping comes between what a test exchanges.
engine_settings soon_closed() {
  engine_settings s;
  s.close_timeout = 300ms;
  return s;
}

TEST(engine_http, refuses_in_the_protocols_order) {
  engine_place place;
  const auto error_of = [&](const std::string& method, const std::string& query,
                            const std::string& fields = {}) {
    const auto reply = place.ask(method, query, {}, fields);
    return std::to_string(reply.status) + " " + reply.body;
  };
  const std::string p = "EIO=4&transport=polling";
  const std::string w = "EIO=4&transport=websocket";
  const std::string nobody = "&sid=AAAAAAAAAAAAAAAAAAAAAA";
  EXPECT_EQ(error_of("POST", "EIO=9"), R"(400 {"code":0,"message":"Transport unknown"})");
  EXPECT_EQ(error_of("POST", p + nobody), R"(400 {"code":1,"message":"Session ID unknown"})");
  EXPECT_EQ(error_of("GET", p + "&sid=%ff'"), R"(400 {"code":1,"message":"Session ID unknown"})");
  EXPECT_EQ(error_of("POST", p), R"(400 {"code":2,"message":"Bad handshake method"})");
  EXPECT_EQ(error_of("PUT", "EIO=9&transport=polling"),
            R"(400 {"code":2,"message":"Bad handshake method"})");
  EXPECT_EQ(error_of("GET", w), R"(400 {"code":3,"message":"Bad request"})");
  EXPECT_EQ(error_of("GET", "transport=polling"),
            R"(400 {"code":5,"message":"Unsupported protocol version"})");
  EXPECT_EQ(error_of("GET", "EIO=3&transport=websocket", upgrade_fields),
            R"(400 {"code":5,"message":"Unsupported protocol version"})");
  const auto sid = place.open_polling();
  EXPECT_EQ(error_of("GET", w + "&sid=" + sid), R"(400 {"code":3,"message":"Bad request"})");
  EXPECT_EQ(error_of("PUT", p + "&sid=" + sid), R"(400 {"code":3,"message":"Bad request"})");
}

TEST(engine_http, a_poll_finds_its_session_on_whatever_reactor_it_lands) {
  engine_place place({}, 4);
  std::set<std::size_t> reactors;
  for (int n = 0; n < 20; ++n) {
    const auto sid = place.open_polling();
    reactors.insert(read_session_id(sid)->reactor);
    const auto text = std::to_string(n);
    const auto posted = place.post(sid, "4" + text);
    EXPECT_EQ(posted.body, "ok");
    EXPECT_EQ(posted.field("Content-Type"), "text/html");
    const auto polled = place.poll(sid);
    EXPECT_EQ(polled.body, "4" + text);
    EXPECT_EQ(polled.field("Content-Type"), "text/plain; charset=UTF-8");
    EXPECT_EQ(polled.field("Cache-Control"), "no-store");
  }
  EXPECT_GT(reactors.size(), 1U);
  EXPECT_EQ(place.engine.figures().polling, 20U);
}

TEST(engine_http, a_body_over_the_limit_is_413) {
  engine_settings settings;
  settings.payload_bytes_max = 1'000;
  engine_place place(settings);
  const auto sid = place.open_polling();
  EXPECT_EQ(place.post(sid, "4" + std::string(999, 'x')).status, 200);
  EXPECT_EQ(place.post(sid, "4" + std::string(1'000, 'x')).status, 413);
}

TEST(engine_http, a_client_that_goes_while_it_polls_ends_its_session) {
  engine_place place;
  const auto sid = place.open_polling();
  {
    raw_client gone(place.port());
    gone.send("GET /socket.io/?EIO=4&transport=polling&sid=" + sid +
              " HTTP/1.1\r\nHost: here\r\n\r\n");
  }
  // Where this poll is seen first, the other one overlaps it, which ends the session, too.
  const auto reply = place.poll(sid);
  if (reply.status != 400) {
    EXPECT_EQ(reply.body, "1");
  }
  EXPECT_EQ(place.poll(sid).status, 400);
}

TEST(engine_http, a_preflight_is_answered) {
  engine_settings settings;
  settings.cors_origins = {"https://a.example"};
  engine_place place(settings);
  const auto reply = place.ask("OPTIONS", "EIO=4&transport=polling", {},
                               "Origin: https://a.example\r\nAccess-Control-Request-Method: "
                               "POST\r\nAccess-Control-Request-Headers: x-a\r\n");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.field("Access-Control-Allow-Origin"), "https://a.example");
  EXPECT_EQ(reply.field("Access-Control-Allow-Methods"), "POST");
  EXPECT_EQ(reply.field("Access-Control-Allow-Headers"), "x-a");
  const auto refused = place.ask("GET", "EIO=1", {}, "Origin: https://a.example\r\n");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.field("Access-Control-Allow-Origin"), "https://a.example");
  EXPECT_EQ(place
                .ask("GET", "EIO=4&transport=websocket", {},
                     upgrade_fields + "Origin: https://b.example\r\n")
                .body,
            R"({"code":4,"message":"Forbidden"})");
}

TEST(engine_socket, opens_and_echoes) {
  engine_place place;
  raw_websocket socket(place.port());
  EXPECT_EQ(socket.reply.status, 101);
  EXPECT_EQ(socket.reply.field("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_THAT(socket.next(), StartsWith("0{\"sid\""));
  socket.send("4hello");
  EXPECT_EQ(socket.next(), "4hello");
  socket.client.send(masked(ws_opcode::binary, "\1\2\3"));
  EXPECT_EQ(socket.next(), "\1\2\3");
  socket.client.send(masked(ws_opcode::ping, "p") + masked(ws_opcode::text, "4in ", false) +
                     masked(ws_opcode::continuation, "parts"));
  EXPECT_EQ(socket.next(), "p");
  EXPECT_EQ(socket.next(), "4in parts");
  EXPECT_EQ(place.engine.figures().websocket, 1U);
}

TEST(engine_socket, frames_right_behind_the_handshake_are_read) {
  engine_place place;
  raw_websocket socket(place.port(), "EIO=4&transport=websocket",
                       masked(ws_opcode::text, "4early"));
  EXPECT_THAT(socket.next(), StartsWith("0{"));
  EXPECT_EQ(socket.next(), "4early");
}

TEST(engine_socket, a_request_hidden_behind_an_upgrade_is_not_served) {
  engine_place place;
  const std::string hidden = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n";
  const auto reply = place.ask("GET", "EIO=4&transport=websocket", hidden, upgrade_fields);
  EXPECT_EQ(reply.status, 400);
  raw_websocket open(place.port(), "EIO=4&transport=websocket", hidden);
  EXPECT_EQ(open.reply.status, 101);
  EXPECT_EQ(open.next(), "(close) 1002") << "its bytes are frames, and bad ones";
  EXPECT_EQ(open.next(), "(end)");
}

TEST(engine_socket, what_breaks_the_framing_is_closed_with_its_code) {
  engine_place place(soon_closed());
  std::string unmasked;
  append_frame(unmasked, ws_opcode::text, "4x");
  std::string reserved = masked(ws_opcode::text, "4x");
  reserved[0] = static_cast<char>(reserved[0] | 0x40);
  const std::string huge = "\x81\xff" + std::string("\0\0\0\0\0\x10\0\0", 8) + "mask";
  for (const auto& [bytes, code] : std::vector<std::pair<std::string, const char*>>{
           {unmasked, "(close) 1002"},
           {reserved, "(close) 1002"},
           {masked(ws_opcode::text, "4\xff"), "(close) 1007"},
           {masked(ws_opcode::continuation, "x"), "(close) 1002"},
           {masked(ws_opcode::ping, "x", false), "(close) 1002"},
           {masked(ws_opcode::close, "x"), "(close) 1002"},
           {masked(ws_opcode::close, std::string("\3\xec", 2)), "(close) 1002"},
           {huge, "(close) 1009"}}) {
    raw_websocket socket(place.port());
    EXPECT_THAT(socket.next(), StartsWith("0{"));
    socket.client.send(bytes);
    EXPECT_EQ(socket.next(), code);
    EXPECT_EQ(socket.next(), "(end)");
  }
}

TEST(engine_socket, a_close_is_answered) {
  engine_place place;
  raw_websocket socket(place.port());
  socket.next();
  socket.client.send(masked(ws_opcode::close, std::string("\3\xe9", 2)));
  EXPECT_EQ(socket.next(), "(close) 1001");
  EXPECT_EQ(socket.next(), "(end)");
  EXPECT_THAT(place.record->first(1), ElementsAre("transport close"));
}

TEST(engine_socket, one_that_half_closes_or_never_answers_a_close_is_ended) {
  engine_place place(soon_closed());
  raw_websocket half(place.port());
  half.next();
  half.client.end_sending();
  EXPECT_EQ(half.next(), "(end)");
  raw_websocket mute(place.port());
  mute.next();
  mute.send("1");
  EXPECT_EQ(mute.next(), "(close) 1000");
  EXPECT_EQ(mute.next(), "(end)");
}

TEST(engine_socket, one_that_never_pongs_is_ended) {
  auto settings = soon_closed();
  settings.ping_interval = 300ms;
  settings.ping_timeout = 200ms;
  engine_place place(settings);
  raw_websocket socket(place.port());
  EXPECT_THAT(socket.next(), StartsWith("0{"));
  EXPECT_EQ(socket.next(), "2");
  EXPECT_EQ(socket.next(), "(close) 1000");
  EXPECT_EQ(socket.next(), "(end)");
  EXPECT_THAT(place.record->first(1), ElementsAre("ping timeout"));
}

TEST(engine_socket, one_that_never_reads_is_cut) {
  engine_place place;
  raw_websocket socket(place.port(), "EIO=4&transport=websocket", {}, 4'096);
  socket.send("4flood 20000");
  while (place.engine.figures().cut == 0) std::this_thread::yield();
  while (place.engine.figures().websocket > 0) std::this_thread::yield();
  EXPECT_LT(socket.client.read_rest().size(), 20'000U * 1'024U);
}

TEST(engine_socket, much_is_written_to_one_that_reads) {
  engine_place place;
  raw_websocket socket(place.port());
  socket.next();
  for (int round = 0; round < 20; ++round) {
    socket.send("4flood 500");
    for (int n = 0; n < 500; ++n) ASSERT_EQ(socket.next().size(), 1'025U);
  }
  EXPECT_EQ(place.engine.figures().cut, 0U);
}

TEST(engine_upgrade, goes_on_over_the_socket_wherever_it_landed) {
  engine_place place({}, 4);
  for (int n = 0; n < 8; ++n) {
    const auto sid = place.open_polling();
    raw_websocket socket(place.port(), "EIO=4&transport=websocket&sid=" + sid);
    socket.send("2probe");
    EXPECT_EQ(socket.next(), "3probe");
    EXPECT_EQ(place.poll(sid).body, "6");
    socket.send("5");
    socket.send("4hello");
    EXPECT_EQ(socket.next(), "4hello");
    EXPECT_EQ(place.poll(sid).status, 400);
    raw_websocket second(place.port(), "EIO=4&transport=websocket&sid=" + sid);
    EXPECT_EQ(second.reply.status, 101);
    EXPECT_EQ(second.next(), "(close) 1000");
    socket.send("4still");
    EXPECT_EQ(socket.next(), "4still");
  }
  EXPECT_EQ(place.engine.figures().upgraded, 8U);
}

TEST(engine_stop, ends_polls_and_sockets_and_counts_none_after) {
  engine_place place;
  const auto sid = place.open_polling();
  raw_client poll(place.port());
  poll.send("GET /socket.io/?EIO=4&transport=polling&sid=" + sid +
            " HTTP/1.1\r\nHost: here\r\n\r\n");
  raw_websocket socket(place.port());
  EXPECT_THAT(socket.next(), StartsWith("0{"));
  while (place.connections() < 2) std::this_thread::yield();
  place.stop();
  EXPECT_EQ(place.connections(), 0U);
  EXPECT_EQ(socket.next(), "(close) 1001");
  EXPECT_EQ(place.record->first(2).size(), 2U);
}

}  // namespace
}  // namespace son1k::test
