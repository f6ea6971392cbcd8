#include <gmock/gmock.h>

#include <map>
#include <set>

#include "integration/engine/engine_case.hpp"
#include "realtime/engine/session_id.hpp"
#include "realtime/forward/mark.hpp"

namespace son1k::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::StartsWith;

const std::string unknown_session = R"({"code":1,"message":"Session ID unknown"})";
const std::string forbidden = R"({"code":4,"message":"Forbidden"})";

class shared_book final : public node_book {
 public:
  void enter(const std::string& node, std::uint16_t port) {
    const std::scoped_lock lock(mutex_);
    nodes_[node] = {"127.0.0.1", port};
  }
  boost::asio::awaitable<std::optional<net::server_address>> find(std::string node) override {
    const std::scoped_lock lock(mutex_);
    const auto found = nodes_.find(node);
    if (found == nodes_.end()) co_return std::nullopt;
    co_return found->second;
  }
  node_keys keys() const override { return {"the secret", "the one before"}; }
  std::int64_t now_ms() const override { return now; }

  std::atomic<std::int64_t> now{1'000'000};

 private:
  std::mutex mutex_;
  std::map<std::string, net::server_address> nodes_;
};

engine_settings named(const std::string& node) {
  engine_settings out;
  out.node = node;
  return out;
}

// Two servers that know each other.
struct two_places {
  explicit two_places(forward_settings forwards = {}, std::vector<std::string> origins = {}) {
    auto settings = named("one");
    settings.cors_origins = origins;
    one = std::make_unique<engine_place>(settings, 2, &book, forwards);
    settings.node = "two";
    two = std::make_unique<engine_place>(settings, 2, &book, forwards);
    book.enter("one", one->port());
    book.enter("two", two->port());
  }
  shared_book book;
  std::unique_ptr<engine_place> one, two;
};

// What only becomes true when something has been seen through elsewhere.
template <class Check>
bool becomes(Check check) {
  const auto until = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < until) {
    if (check()) return true;
    std::this_thread::yield();
  }
  return false;
}

TEST(engine_forward, polls_and_posts_find_their_session_from_any_server) {
  two_places places;
  for (int n = 0; n < 20; ++n) {
    auto& own = n % 2 == 0 ? *places.one : *places.two;
    auto& other = n % 2 == 0 ? *places.two : *places.one;
    const auto sid = own.open_polling();
    const auto text =
        "4" + std::to_string(n) + std::string(static_cast<std::size_t>(n) * 1'000, 'x');
    const auto posted = other.post(sid, text);
    EXPECT_EQ(posted.status, 200);
    EXPECT_EQ(posted.body, "ok");
    EXPECT_EQ(posted.field("Content-Type"), "text/html");
    EXPECT_EQ(posted.field("Son1k-Forwarded"), "");
    const auto polled = other.poll(sid);
    EXPECT_EQ(polled.body, text);
    EXPECT_EQ(polled.field("Content-Type"), "text/plain; charset=UTF-8");
    EXPECT_EQ(polled.field("Cache-Control"), "no-store");
  }
  EXPECT_EQ(places.one->forward->figures().answered, 20U);
  EXPECT_EQ(places.one->forward->figures().taken, 20U);
  EXPECT_EQ(places.one->forward->figures().under_way, 0U);
}

TEST(engine_forward, connections_to_the_other_server_are_used_again) {
  two_places places;
  const auto sid = places.one->open_polling();
  raw_client client(places.two->port());
  for (int n = 0; n < 50; ++n) {
    client.send("POST /socket.io/?EIO=4&transport=polling&sid=" + sid +
                " HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n4x");
    ASSERT_EQ(client.read_reply().body, "ok");
  }
  EXPECT_THAT(places.one->connections(), testing::Le(2U));
}

TEST(engine_forward, a_poll_waits_at_the_other_server_as_long_as_at_its_own) {
  two_places places;
  const auto sid = places.one->open_polling();
  raw_client client(places.two->port());
  client.send("GET /socket.io/?EIO=4&transport=polling&sid=" + sid +
              " HTTP/1.1\r\nHost: here\r\n\r\n");
  ASSERT_TRUE(becomes([&] { return places.one->forward->figures().taken == 1; }));
  places.one->post(sid, "4late");
  EXPECT_EQ(client.read_reply().body, "4late");
}

TEST(engine_forward, a_client_that_goes_while_its_poll_waits_elsewhere_ends_its_session) {
  two_places places;
  const auto sid = places.one->open_polling();
  {
    raw_client client(places.two->port());
    client.send("GET /socket.io/?EIO=4&transport=polling&sid=" + sid +
                " HTTP/1.1\r\nHost: here\r\n\r\n");
    ASSERT_TRUE(becomes([&] { return places.one->forward->figures().taken == 1; }));
  }
  EXPECT_THAT(places.one->record->first(1), ElementsAre("transport close"));
}

TEST(engine_forward, a_server_that_is_not_there_is_an_unknown_session) {
  shared_book book;
  engine_place place(named("here"), 2, &book);
  std::uint16_t closed_port = 0;
  {
    engine_place gone(named("gone"));
    closed_port = gone.port();
  }
  book.enter("gone", closed_port);
  engine_place stranger(named("stranger"), 2, &book);
  book.enter("moved", stranger.port());  // another server has its address by now
  for (const std::string node : {"nobody", "gone", "moved"}) {
    const auto sid = new_session_id(0, node);
    const auto polled = place.poll(sid);
    EXPECT_EQ(std::to_string(polled.status) + polled.body, "400" + unknown_session) << node;
    EXPECT_EQ(polled.field("Content-Type"), "application/json");
    EXPECT_EQ(place.post(sid, "4x").body, unknown_session) << node;
    raw_websocket socket(place.port(), "EIO=4&transport=websocket&sid=" + sid);
    EXPECT_EQ(socket.reply.status, 400) << node;
  }
  EXPECT_EQ(place.forward->figures().broken, 3U);
  EXPECT_EQ(stranger.forward->figures().taken, 0U);
  EXPECT_EQ(stranger.forward->figures().forged, 0U);
}

TEST(engine_forward, what_the_other_server_refuses_is_passed_on) {
  two_places places;
  const auto sid = places.one->open_polling();
  EXPECT_EQ(places.two->ask("PUT", "EIO=4&transport=polling&sid=" + sid).body,
            R"({"code":3,"message":"Bad request"})");
  EXPECT_EQ(places.two->ask("HEAD", "EIO=4&transport=polling&sid=" + sid).status, 400);
  EXPECT_EQ(places.two->poll(new_session_id(0, "one")).body, unknown_session);
  EXPECT_EQ(places.two->poll(new_session_id(9, "one")).body, unknown_session);
}

TEST(engine_forward, a_session_is_upgraded_through_the_other_server) {
  two_places places;
  const auto sid = places.one->open_polling();
  raw_websocket socket(places.two->port(), "EIO=4&transport=websocket&sid=" + sid);
  ASSERT_EQ(socket.reply.status, 101);
  EXPECT_EQ(socket.reply.field("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  socket.send("2probe");
  EXPECT_EQ(socket.next(), "3probe");
  socket.send("5");
  socket.send("4over the tunnel");
  EXPECT_EQ(socket.next(), "4over the tunnel");
  EXPECT_EQ(places.one->engine.figures().websocket, 1U);
  EXPECT_EQ(places.two->forward->figures().tunnels, 1U);
  socket.send("4flood 600");
  for (int n = 0; n < 600; ++n) ASSERT_EQ(socket.next().size(), 1'025U);
  socket.client.close();
  EXPECT_THAT(places.one->record->first(1), ElementsAre("transport close"));
  EXPECT_TRUE(becomes([&] { return places.two->forward->figures().tunnels == 0; }));
}

TEST(engine_forward, what_a_client_sends_behind_its_upgrade_comes_through) {
  two_places places;
  const auto sid = places.one->open_polling();
  raw_websocket socket(places.two->port(), "EIO=4&transport=websocket&sid=" + sid,
                       masked(ws_opcode::text, "2probe"));
  EXPECT_EQ(socket.next(), "3probe");
}

TEST(engine_forward, a_server_that_ends_closes_the_sockets_that_came_through_another) {
  two_places places;
  const auto sid = places.one->open_polling();
  raw_websocket socket(places.two->port(), "EIO=4&transport=websocket&sid=" + sid);
  socket.send("2probe");
  EXPECT_EQ(socket.next(), "3probe");
  socket.send("5");
  socket.send("4x");
  EXPECT_EQ(socket.next(), "4x");
  places.one->stop();
  EXPECT_THAT(socket.next(), StartsWith("(close)"));
  EXPECT_EQ(socket.next(), "(end)");
  socket.client.close();
  EXPECT_TRUE(becomes([&] { return places.two->forward->figures().tunnels == 0; }));
}

TEST(engine_forward, one_that_reads_nothing_through_another_server_is_cut) {
  two_places places;
  const auto sid = places.one->open_polling();
  raw_websocket socket(places.two->port(), "EIO=4&transport=websocket&sid=" + sid, {}, 4'096);
  socket.send("2probe");
  EXPECT_EQ(socket.next(), "3probe");
  socket.send("5");
  // More than the bound of a session and all that systems hold for it on the way.
  for (int n = 0; n < 8; ++n) socket.send("4flood 1000");
  ASSERT_TRUE(becomes([&] { return places.one->engine.figures().cut == 1; }));
}

TEST(engine_forward, a_server_that_stops_lets_go_of_what_waits_elsewhere) {
  two_places places;
  const auto sid = places.one->open_polling();
  raw_client client(places.two->port());
  client.send("GET /socket.io/?EIO=4&transport=polling&sid=" + sid +
              " HTTP/1.1\r\nHost: here\r\n\r\n");
  ASSERT_TRUE(becomes([&] { return places.one->forward->figures().taken == 1; }));
  places.two->stop();
  EXPECT_EQ(client.read_reply().body, unknown_session);
  EXPECT_THAT(places.one->record->first(1), ElementsAre("transport close"));
}

TEST(engine_forward, beyond_its_bounds_it_says_so) {
  forward_settings few;
  few.polls_max = 1;
  few.tunnels_max = 0;
  two_places places(few);
  const auto sid = places.one->open_polling();
  raw_websocket socket(places.two->port(), "EIO=4&transport=websocket&sid=" + sid);
  EXPECT_EQ(socket.reply.status, 503);
  raw_client client(places.two->port());
  client.send("GET /socket.io/?EIO=4&transport=polling&sid=" + sid +
              " HTTP/1.1\r\nHost: here\r\n\r\n");
  ASSERT_TRUE(becomes([&] { return places.one->forward->figures().taken == 1; }));
  EXPECT_EQ(places.two->post(sid, "4x").status, 503);
  EXPECT_EQ(places.two->forward->figures().refused, 2U);
  places.one->post(sid, "4x");
  EXPECT_EQ(client.read_reply().body, "4x");
}

TEST(engine_forward, a_page_of_another_site_is_refused_where_its_host_is_known) {
  two_places places({}, {"https://friend.example"});
  const auto sid = places.one->open_polling();
  const auto asked_from = [&](const std::string& origin) {
    raw_client client(places.two->port());
    client.send("GET /socket.io/?EIO=4&transport=websocket&sid=" + sid +
                " HTTP/1.1\r\nHost: here\r\nOrigin: " + origin + "\r\n" + upgrade_fields + "\r\n");
    return client.read_reply(true).status;
  };
  EXPECT_EQ(asked_from("https://foe.example"), 403);
  EXPECT_EQ(places.one->forward->figures().taken, 0U);
  EXPECT_EQ(asked_from("http://here"), 101);
  const auto polled = places.two->ask("POST", "EIO=4&transport=polling&sid=" + sid, "4x",
                                      "Origin: https://friend.example\r\n");
  EXPECT_EQ(polled.field("Access-Control-Allow-Origin"), "https://friend.example");
  EXPECT_EQ(polled.body, "ok");
}

// A request that says it comes from server "two".
struct marked_request {
  std::string target;
  std::string body = "4x";
  std::string mark_for(const shared_book& book, const node_keys& keys, const std::string& to,
                       std::int64_t late_ms = 0) const {
    const forward_mark mark{book.now_ms() - late_ms, "two", to, "10.1.2.3"};
    return write_forward_mark(keys, mark, {"POST", target, "", "", body});
  }
};

TEST(engine_forward, who_cannot_prove_to_be_a_server_is_refused) {
  two_places places;
  const auto sid = places.one->open_polling();
  const std::string query = "EIO=4&transport=polling&sid=" + sid;
  const marked_request right{"/socket.io/?" + query};
  const auto& book = places.book;
  const auto post = [&](const std::string& mark, const std::string& body = "4x") {
    return places.one->ask("POST", query, body, "Son1k-Forwarded: " + mark + "\r\n").body;
  };
  const auto good = right.mark_for(book, book.keys(), "one");
  EXPECT_EQ(post(good), "ok");
  EXPECT_EQ(post(right.mark_for(book, {"the one before", ""}, "one")), "ok");
  EXPECT_EQ(post(right.mark_for(book, {"a guess", ""}, "one")), forbidden);
  EXPECT_EQ(post(right.mark_for(book, book.keys(), "two")), forbidden);
  EXPECT_EQ(post(right.mark_for(book, book.keys(), "one", forward_ms_max + 1)), forbidden);
  EXPECT_EQ(post(right.mark_for(book, book.keys(), "one", -forward_ms_max - 1)), forbidden);
  EXPECT_EQ(post(good, "4y"), forbidden);
  EXPECT_EQ(post("me"), forbidden);
  EXPECT_EQ(places.one->forward->figures().forged, 5U);
  EXPECT_EQ(places.one->poll(sid).body,
            "4x\x1e"
            "4x");
}

TEST(engine_forward, what_was_passed_on_is_not_passed_on_again) {
  two_places places;
  const std::string query = "EIO=4&transport=polling&sid=" + new_session_id(0, "two");
  const marked_request astray{"/socket.io/?" + query};
  const auto mark = astray.mark_for(places.book, places.book.keys(), "one");
  EXPECT_EQ(places.one->ask("POST", query, "4x", "Son1k-Forwarded: " + mark + "\r\n").body,
            unknown_session);
  EXPECT_EQ(places.two->forward->figures().taken, 0U);
}

}  // namespace
}  // namespace son1k::test
