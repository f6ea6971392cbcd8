// Sockets that come back: they get what they missed, once, in its order, or are told that they are
// new.
#include "unit/realtime/fake_engine.hpp"

namespace son1k::realtime::test {
namespace {

using boost::asio::awaitable;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using socket_ptr = io_space::socket_ptr;

// As socket.io-client does: the offset is the last text at the end of an event.
struct memory {
  void note(const std::vector<std::string>& messages) {
    for (const auto& each : messages) {
      if (!each.starts_with("2[")) continue;
      const auto list = boost::json::parse(each.substr(1)).as_array();
      if (list.back().is_string()) offset = std::string(list.back().as_string());
      if (list.size() > 1 && list[1].is_int64()) seen.push_back(list[1].as_int64());
    }
  }
  std::string auth() const {
    boost::json::object out{{"pid", pid}};
    if (!offset.empty()) out["offset"] = offset;
    return boost::json::serialize(out);
  }
  std::string pid, sid, offset;
  std::vector<std::int64_t> seen;
};

class socketio_recovery : public socketio_test {
 protected:
  void SetUp() override { begin(); }
  void begin(io_settings settings = {}) {
    server.reset();
    stopped = false;
    sockets.clear();
    serve(settings, true);
    auto& space = server->of("/");
    space.on_connect([this](const socket_ptr& socket) {
      sockets.push_back(socket);
      if (socket->recovered()) return;
      socket->data() = {{"user", 7}};
      EXPECT_TRUE(socket->join("room"));
    });
    space.on_disconnect(
        [this](const socket_ptr&, std::string_view reason) { reasons.emplace_back(reason); });
    server->start();
  }
  memory enter(fake_client& one) {
    const auto reply = one.connect();
    memory out;
    out.sid = std::string(reply.at("sid").as_string());
    out.pid = std::string(reply.at("pid").as_string());
    out.note(one.after);
    return out;
  }
  // True: it is what it was.
  bool enter_again(fake_client& one, memory& m) {
    const auto reply = one.connect(m.auth());
    const bool same = reply.at("pid").as_string() == std::string_view(m.pid);
    EXPECT_EQ(same, reply.at("sid").as_string() == std::string_view(m.sid));
    m.pid = std::string(reply.at("pid").as_string());
    m.sid = std::string(reply.at("sid").as_string());
    m.note(one.before);
    m.note(one.after);
    return same;
  }
  void emit(std::int64_t n) { server->of("/").to({"room"}).emit("n", {n}); }

  std::vector<socket_ptr> sockets;
  std::vector<std::string> reasons;
};

TEST_F(socketio_recovery, what_was_missed_comes_first_and_rooms_and_data_are_back) {
  auto one = client(0);
  auto m = enter(one);
  emit(1);
  m.note(one.heard());
  one.drop(close_reason::transport_close);
  emit(2);
  server->of("/").to({"elsewhere"}).emit("n", {99});
  server->of("/").to({m.sid}).emit("n", {3});
  server->of("/").to({"room"}).except({m.sid}).emit("n", {99});
  auto two = client(1);
  EXPECT_TRUE(enter_again(two, m));
  EXPECT_THAT(two.before, SizeIs(2));
  EXPECT_THAT(two.after, IsEmpty());
  EXPECT_TRUE(sockets.back()->recovered());
  EXPECT_EQ(sockets.back()->data().at("user"), 7);
  EXPECT_THAT(sockets.back()->rooms(), UnorderedElementsAre(m.sid, "room"));
  emit(4);
  m.note(two.heard());
  EXPECT_THAT(m.seen, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(server->figures().recovered, 1U);
}

TEST_F(socketio_recovery, works_before_the_first_event) {
  auto one = client();
  auto m = enter(one);
  one.drop(close_reason::transport_error);
  emit(1);
  auto two = client();
  EXPECT_TRUE(enter_again(two, m));
  EXPECT_THAT(m.seen, ElementsAre(1));
  two.drop(close_reason::ping_timeout);
  auto three = client();
  EXPECT_TRUE(enter_again(three, m));
  EXPECT_THAT(m.seen, ElementsAre(1));
}

TEST_F(socketio_recovery, the_offset_stands_last_in_what_is_recorded_only) {
  auto one = client();
  enter(one);
  server->of("/").everybody().emit("kept", {1});
  const auto kept = one.heard();
  ASSERT_THAT(kept, SizeIs(1));
  const auto list = boost::json::parse(kept[0].substr(1)).as_array();
  ASSERT_EQ(list.size(), 3U);
  server->of("/").everybody().volatile_().emit("now", {1});
  EXPECT_THAT(one.heard(), ElementsAre(R"(2["now",1])"));
  sockets[0]->emit_with_ack(payload_of("q", {"text"}), 1'000, [](auto) {});
  EXPECT_THAT(one.heard(), ElementsAre(R"(20["q","text"])"));
  // What a client would take for an offset is followed by the true one.
  server->of("/").everybody().volatile_().emit("typing", {"ana"});
  EXPECT_THAT(one.heard(),
              ElementsAre(R"(2["typing","ana",)" + boost::json::serialize(list.back()) + "]"));
}

TEST_F(socketio_recovery, volatile_events_do_not_poison_it) {
  auto one = client();
  auto m = enter(one);
  server->of("/").everybody().volatile_().emit("typing", {"ana"});
  m.note(one.heard());
  one.drop(close_reason::transport_close);
  emit(1);
  auto two = client();
  EXPECT_TRUE(enter_again(two, m));
  EXPECT_THAT(m.seen, ElementsAre(1));
}

TEST_F(socketio_recovery, a_socket_that_was_ended_on_purpose_is_not_kept) {
  const auto comes_back = [&](auto end) {
    auto one = client();
    auto m = enter(one);
    end(one);
    one.drop(close_reason::transport_close);
    auto two = client();
    return enter_again(two, m);
  };
  EXPECT_TRUE(comes_back([](auto&) {}));
  EXPECT_FALSE(comes_back([](auto& one) { one.say("1"); }));
  EXPECT_FALSE(comes_back([](auto& one) { one.say("broken"); }));
  EXPECT_FALSE(comes_back([&](auto&) { sockets.back()->disconnect(); }));
  EXPECT_FALSE(comes_back([&](auto&) { sockets.back()->disconnect(true); }));
  EXPECT_EQ(server->figures().not_recovered, 4U);
}

TEST_F(socketio_recovery, time_ends_it) {
  auto one = client();
  auto m = enter(one);
  one.drop(close_reason::transport_close);
  pass(120'000);
  auto two = client();
  EXPECT_FALSE(enter_again(two, m));
  EXPECT_THAT(two.before, IsEmpty());
}

TEST_F(socketio_recovery, a_session_is_given_back_once) {
  auto one = client();
  auto m = enter(one);
  one.drop(close_reason::transport_close);
  auto stolen = m;
  auto two = client();
  EXPECT_TRUE(enter_again(two, m));
  two.say("1");
  auto three = client();
  EXPECT_FALSE(enter_again(three, stolen));
}

TEST_F(socketio_recovery, a_connection_that_died_unnoticed_gives_way) {
  auto old = client(0);
  auto m = enter(old);
  emit(1);
  m.note(old.heard());
  emit(2);  // sent to the dead connection
  auto fresh = client(1);
  EXPECT_TRUE(enter_again(fresh, m));
  EXPECT_EQ(old.closing(), close_reason::transport_close);
  EXPECT_THAT(reasons, ElementsAre("transport close"));
  emit(3);
  m.note(fresh.heard());
  EXPECT_THAT(m.seen, ElementsAre(1, 2, 3));
  EXPECT_EQ(server->figures().sockets, 1U);
}

TEST_F(socketio_recovery, what_cannot_be_known_is_said) {
  auto one = client();
  auto m = enter(one);
  one.drop(close_reason::transport_close);
  auto unknown = m;
  unknown.offset = "not an offset";
  auto two = client();
  EXPECT_FALSE(enter_again(two, unknown));
  auto future = m;
  future.offset = "1700000000000-999";
  auto three = client();
  EXPECT_FALSE(enter_again(three, future));
  auto nobody = m;
  nobody.pid = "x";
  auto four = client();
  EXPECT_FALSE(enter_again(four, nobody));
}

TEST_F(socketio_recovery, more_than_a_socket_may_be_given_again_is_said) {
  io_settings settings;
  settings.kept_events_max = 10;
  begin(settings);
  auto one = client();
  auto m = enter(one);
  one.drop(close_reason::transport_close);
  for (int n = 0; n < 11; ++n) emit(n);
  auto two = client();
  EXPECT_FALSE(enter_again(two, m));
  EXPECT_THAT(m.seen, IsEmpty());
  two.drop(close_reason::transport_close);
  for (int n = 0; n < 10; ++n) emit(n);
  auto three = client();
  EXPECT_TRUE(enter_again(three, m));
  EXPECT_THAT(m.seen, SizeIs(10));
}

TEST_F(socketio_recovery, a_gap_ends_all_sockets_and_none_comes_back_over_it) {
  auto one = client();
  auto m = enter(one);
  auto away = client();
  auto n = enter(away);
  away.drop(close_reason::transport_close);
  server->peer().on_gap();
  EXPECT_EQ(one.closing(), close_reason::transport_error);
  one.drop(close_reason::transport_error);
  auto two = client();
  EXPECT_FALSE(enter_again(two, m));
  auto three = client();
  EXPECT_FALSE(enter_again(three, n));
}

TEST_F(socketio_recovery, the_application_may_refuse_to_give_it_back) {
  std::string user = "7";
  server->of("/").admit([&](io_request asked) -> awaitable<io_verdict> {
    auto verdict = io_verdict::accept({{"user", user}}, {"mine"});
    if (asked.kept) verdict.recover = asked.kept->data.at("user").as_string() == user.c_str();
    co_return verdict;
  });
  server->of("/").on_connect([&](const socket_ptr& s) { sockets.push_back(s); });
  auto one = client();
  auto m = enter(one);
  one.drop(close_reason::transport_close);
  auto again = client();
  EXPECT_TRUE(enter_again(again, m));
  again.drop(close_reason::transport_close);
  user = "8";
  auto other = client();
  EXPECT_FALSE(enter_again(other, m));
  EXPECT_EQ(sockets.back()->data().at("user"), "8");
}

TEST_F(socketio_recovery, a_stop_keeps_what_another_life_of_the_server_gives_back) {
  auto one = client();
  auto m = enter(one);
  std::thread stopping([&] { server->stop(); });
  while (!one.closing()) std::this_thread::yield();
  EXPECT_EQ(one.closing(), close_reason::server_stops);
  one.drop(close_reason::server_stops);
  std::atomic<bool> done{false};
  std::thread watch([&] {
    stopping.join();
    done = true;
  });
  while (!done) run();
  watch.join();
  EXPECT_THAT(reasons, ElementsAre("server shutting down"));
  begin();
  auto two = client();
  EXPECT_TRUE(enter_again(two, m));
}

// Many clients, each lost again and again between any two events.
TEST_F(socketio_recovery, nothing_is_lost_or_doubled_however_often_the_connection_is) {
  std::vector<memory> all;
  std::vector<std::unique_ptr<fake_client>> clients;
  for (std::size_t n = 0; n < 5; ++n) {
    clients.push_back(std::make_unique<fake_client>(*server, loop, n % reactors));
    all.push_back(enter(*clients.back()));
  }
  std::mt19937 dice(11);
  std::vector<std::int64_t> wanted;
  for (std::int64_t n = 0; n < 1'000; ++n) {
    emit(n);
    wanted.push_back(n);
    if (dice() % 3 == 0) server->of("/").everybody().volatile_().emit("typing", {"ana"});
    const auto who = dice() % clients.size();
    if (dice() % 4 != 0) continue;
    // What was on its way when it broke is lost or was read.
    if (dice() % 2 == 0) all[who].note(clients[who]->heard());
    const bool noticed = dice() % 3 != 0;
    if (noticed) clients[who]->drop(close_reason::transport_close);
    auto next = std::make_unique<fake_client>(*server, loop, dice() % reactors);
    ASSERT_TRUE(enter_again(*next, all[who]));
    clients[who] = std::move(next);
  }
  for (std::size_t n = 0; n < all.size(); ++n) {
    all[n].note(clients[n]->heard());
    EXPECT_EQ(all[n].seen, wanted) << n;
  }
}

}  // namespace
}  // namespace son1k::realtime::test
