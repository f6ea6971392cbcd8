// Sockets, rooms, handlers and their bounds, without a network.
#include "realtime/socketio/room_table.hpp"
#include "unit/realtime/fake_engine.hpp"

namespace son1k::realtime::test {
namespace {

using boost::asio::awaitable;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

using socketio_server = socketio_test;
using socket_ptr = io_space::socket_ptr;

TEST_F(socketio_server, tells_the_application_what_the_handshake_said) {
  serve();
  io_handshake seen;
  server->of("/").admit([&](io_request asked) -> awaitable<io_verdict> {
    seen = *asked.handshake;
    auto verdict = io_verdict::accept();
    co_return verdict;
  });
  server->start();
  auto one = client();
  one.connect();
  EXPECT_EQ(seen.remote_address, "192.0.2.1");
  EXPECT_EQ(seen.header("origin"), "https://son1k.test");
  EXPECT_THAT(seen.headers, SizeIs(1));
}

TEST_F(socketio_server, refuses_whom_the_application_refuses) {
  serve();
  server->of("/").admit([](io_request asked) -> awaitable<io_verdict> {
    if (!asked.auth.as_object().contains("token")) throw std::runtime_error("no token");
    auto verdict = io_verdict::refuse("expired", {{"code", "auth:expired"}});
    co_return verdict;
  });
  server->start();
  auto one = client();
  EXPECT_THAT(one.say(R"(0{"token":1})"),
              ElementsAre(R"(4{"message":"expired","data":{"code":"auth:expired"}})"));
  EXPECT_THAT(one.say("0"), ElementsAre(R"(4{"message":"Internal error"})"));
  EXPECT_FALSE(one.closing());
  EXPECT_EQ(server->figures().refused, 2U);
  EXPECT_EQ(server->figures().sockets, 0U);
}

TEST_F(socketio_server, reaches_rooms_ids_and_all_but_some_once_each) {
  serve();
  auto& space = server->of("/");
  std::vector<socket_ptr> sockets;
  space.on_connect([&](const socket_ptr& socket) { sockets.push_back(socket); });
  server->start();
  auto one = client(0);
  auto two = client(1);
  auto three = client(1);
  for (auto* each : {&one, &two, &three}) each->connect();
  const auto heard = [&] {
    return std::vector{one.heard().size(), two.heard().size(), three.heard().size()};
  };
  ASSERT_TRUE(sockets[0]->join("a"));
  ASSERT_TRUE(sockets[1]->join("a"));
  ASSERT_TRUE(sockets[1]->join("b"));
  ASSERT_TRUE(sockets[1]->join("b"));
  EXPECT_THAT(sockets[1]->rooms(), UnorderedElementsAre(sockets[1]->id(), "a", "b"));
  EXPECT_EQ(server->figures().rooms, 3U);  // "a" on both reactors
  space.to({"a"}).emit("x");
  EXPECT_THAT(heard(), ElementsAre(1, 1, 0));
  space.to({"a", "b", sockets[1]->id()}).emit("x");
  EXPECT_THAT(heard(), ElementsAre(1, 1, 0));
  space.everybody().except({"b"}).emit("x");
  EXPECT_THAT(heard(), ElementsAre(1, 0, 1));
  space.to({"a"}).except({sockets[0]->id()}).emit("x");
  EXPECT_THAT(heard(), ElementsAre(0, 1, 0));
  space.to({sockets[2]->id()}).emit("x", {1, "two"});
  EXPECT_THAT(three.heard(), ElementsAre(R"(2["x",1,"two"])"));
  space.to({"nobody"}).emit("x");
  EXPECT_THAT(heard(), ElementsAre(0, 0, 0));
  sockets[1]->leave("a");
  space.to({"a"}).emit("x");
  EXPECT_THAT(heard(), ElementsAre(1, 0, 0));
  space.leave_all({{"b"}, {}}, {"b"});
  space.join_all({{}, {sockets[0]->id()}}, {"c"});
  space.to({"b", "c"}).emit("x");
  EXPECT_THAT(heard(), ElementsAre(0, 1, 1));
  two.drop(close_reason::transport_close);
  EXPECT_FALSE(sockets[1]->connected());
  EXPECT_THAT(sockets[1]->rooms(), IsEmpty());
  space.everybody().emit("x");
  EXPECT_THAT(heard(), ElementsAre(1, 0, 1));
  EXPECT_EQ(server->figures().sockets, 2U);
}

TEST_F(socketio_server, bounds_rooms_and_says_so) {
  io_settings settings;
  settings.rooms_per_socket_max = 2;
  settings.rooms_max = 3;
  serve(settings);
  std::vector<socket_ptr> sockets;
  server->of("/").on_connect([&](const socket_ptr& socket) { sockets.push_back(socket); });
  server->start();
  auto one = client();
  auto two = client();
  one.connect();
  two.connect();
  EXPECT_TRUE(sockets[0]->join("a"));
  EXPECT_TRUE(sockets[0]->join("b"));
  EXPECT_EQ(sockets[0]->join("c").error().code, errc::unavailable);
  EXPECT_TRUE(sockets[1]->join("c"));
  EXPECT_EQ(sockets[1]->join("d").error().code, errc::unavailable);
  sockets[0]->leave("a");
  EXPECT_TRUE(sockets[1]->join("d"));
  EXPECT_EQ(sockets[0]->join("").error().field, "room");
  EXPECT_EQ(sockets[0]->join(std::string(257, 'r')).error().code, errc::validation);
}

TEST_F(socketio_server, volatile_events_are_dropped_for_clients_that_are_not_ready) {
  serve();
  server->start();
  auto one = client();
  one.connect();
  one.ready(false);
  server->of("/").everybody().volatile_().emit("x");
  EXPECT_THAT(one.heard(), IsEmpty());
  EXPECT_EQ(server->figures().dropped, 1U);
  server->of("/").everybody().emit("x");
  EXPECT_THAT(one.heard(), SizeIs(1));
}

TEST_F(socketio_server, what_cannot_be_an_event_is_not_sent) {
  serve();
  server->start();
  auto one = client();
  one.connect();
  auto all = server->of("/").everybody();
  all.emit("disconnect");
  all.emit(io_payload{"{}", {}});
  all.emit(io_payload{"[]", {}});
  all.emit(io_payload{R"(["a"])", std::vector<std::string>(11, "x")});
  all.emit(payload_of("a", {std::string(1'000'000, 'x')}));
  EXPECT_THAT(one.heard(), IsEmpty());
}

TEST_F(socketio_server, coroutines_of_a_socket_are_few_and_a_flood_is_cut) {
  io_settings settings;
  settings.handlers_per_socket_max = 2;
  settings.waiting_per_socket_max = 3;
  serve(settings);
  std::vector<std::string> begun;
  std::vector<std::shared_ptr<boost::asio::steady_timer>> gates;
  server->of("/").on_async("slow", [&](socket_ptr, io_event event, io_ack ack) -> awaitable<void> {
    begun.push_back(boost::json::serialize(event.args));
    auto gate = std::make_shared<boost::asio::steady_timer>(loop);
    gates.push_back(gate);
    gate->expires_at(boost::asio::steady_timer::time_point::max());
    boost::system::error_code cut;
    co_await gate->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cut));
    ack(event.args);
  });
  server->start();
  auto one = client();
  one.connect();
  for (int n = 0; n < 5; ++n) one.say(fmt::format(R"(2{0}["slow",{0}])", n));
  EXPECT_THAT(begun, ElementsAre("[0]", "[1]"));
  gates[0]->cancel();
  EXPECT_THAT(one.heard(), ElementsAre("30[0]"));
  EXPECT_THAT(begun, ElementsAre("[0]", "[1]", "[2]"));
  one.say(R"(2["slow",5])");
  EXPECT_FALSE(one.closing());
  one.say(R"(2["slow",6])");
  EXPECT_EQ(one.closing(), close_reason::forced);
  EXPECT_EQ(server->figures().cut, 1U);
  one.drop(close_reason::forced);
  while (!gates.empty()) {
    gates.back()->cancel();
    gates.pop_back();
  }
  run();
  EXPECT_THAT(begun, SizeIs(3));
}

TEST_F(socketio_server, events_a_second_have_a_bound_where_one_is_set) {
  io_settings settings;
  settings.events_per_second_max = 10;
  serve(settings);
  server->start();
  auto one = client();
  one.connect();
  for (int n = 0; n < 40; ++n) one.say(R"(2["x"])");
  EXPECT_FALSE(one.closing());
  pass(4'000);
  for (int n = 0; n < 40; ++n) one.say(R"(2["x"])");
  EXPECT_FALSE(one.closing());
  one.say(R"(2["x"])");
  EXPECT_EQ(one.closing(), close_reason::forced);
}

TEST_F(socketio_server, an_emission_stays_before_the_answer_that_follows_it) {
  serve();
  server->of("/").on("q", [](const socket_ptr& socket, io_event&, const io_ack& ack) {
    socket->emit("first");
    ack(boost::json::array{});
    ack(boost::json::array{2});
    socket->emit("last");
  });
  server->start();
  auto one = client();
  one.connect();
  EXPECT_THAT(one.say(R"(27["q"])"), ElementsAre(R"(2["first"])", "37[]", R"(2["last"])"));
}

TEST_F(socketio_server, what_escapes_a_handler_ends_there) {
  serve();
  auto& space = server->of("/");
  space.on("bad", [](const auto&, io_event&, const io_ack&) { throw std::runtime_error("x"); });
  space.on_async("worse", [](socket_ptr, io_event, io_ack) -> awaitable<void> {
    throw std::runtime_error("x");
    co_return;
  });
  std::string last;
  space.on_any([&](const auto&, io_event& event, const io_ack&) { last = event.name; });
  server->start();
  auto one = client();
  one.connect();
  one.say(R"(2["bad"])");
  one.say(R"(2["worse"])");
  one.say(R"(2[12])");
  EXPECT_EQ(last, "12");
  EXPECT_FALSE(one.closing());
}

TEST_F(socketio_server, disconnects_from_a_namespace_or_altogether) {
  serve();
  std::vector<std::string> reasons;
  std::vector<socket_ptr> sockets;
  for (const auto* name : {"/", "/admin"}) {
    server->of(name).on_connect([&](const socket_ptr& s) { sockets.push_back(s); });
    server->of(name).on_disconnect([&](const socket_ptr& s, std::string_view reason) {
      EXPECT_THAT(s->rooms(), ElementsAre(s->id()));
      reasons.push_back(s->space() + " " + std::string(reason));
    });
  }
  server->start();
  auto one = client();
  one.connect();
  one.connect("", "/admin");
  sockets[1]->disconnect();
  EXPECT_THAT(one.heard(), ElementsAre("1/admin,"));
  EXPECT_FALSE(one.closing());
  one.connect("", "/admin");
  sockets[0]->disconnect(true);
  EXPECT_THAT(one.heard(), UnorderedElementsAre("1", "1/admin,"));
  EXPECT_EQ(one.closing(), close_reason::forced);
  auto two = client();
  two.connect();
  two.say("1");
  auto three = client();
  three.connect();
  three.drop(close_reason::ping_timeout);
  auto four = client();
  four.connect();
  server->of("/").disconnect_all({}, true);
  EXPECT_EQ(four.closing(), close_reason::forced);
  EXPECT_THAT(reasons,
              ElementsAre("/admin server namespace disconnect", "/ server namespace disconnect",
                          "/admin server namespace disconnect", "/ client namespace disconnect",
                          "/ ping timeout", "/ server namespace disconnect"));
}

TEST_F(socketio_server, a_client_that_leaves_while_it_is_asked_about_is_nobody) {
  serve();
  std::shared_ptr<boost::asio::steady_timer> gate;
  int connects = 0;
  server->of("/").on_connect([&](const socket_ptr&) { ++connects; });
  server->of("/").admit([&](io_request) -> awaitable<io_verdict> {
    gate = std::make_shared<boost::asio::steady_timer>(loop);
    gate->expires_at(boost::asio::steady_timer::time_point::max());
    boost::system::error_code cut;
    co_await gate->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cut));
    auto verdict = io_verdict::accept();
    co_return verdict;
  });
  server->start();
  {
    auto one = client();
    EXPECT_THAT(one.say("0"), IsEmpty());
    EXPECT_THAT(one.say("0/other"), SizeIs(1));
  }
  gate->cancel();
  run();
  EXPECT_EQ(connects, 0);
  auto two = client();
  two.say("0");
  two.say(R"(2["early"])");
  EXPECT_EQ(two.closing(), close_reason::parse_error);
  gate->cancel();
  run();
  EXPECT_EQ(connects, 0);
}

TEST_F(socketio_server, describes_its_sockets) {
  serve();
  server->of("/").on_connect([&](const socket_ptr& s) {
    s->data() = {{"user", 7}};
    EXPECT_TRUE(s->join("a"));
  });
  server->start();
  auto one = client(0);
  auto two = client(1);
  const auto id = one.connect_id();
  two.connect();
  const auto all = wait(server->of("/").fetch({}));
  ASSERT_TRUE(all);
  EXPECT_THAT(*all, SizeIs(2));
  const auto mine = wait(server->of("/").fetch({{id}, {}}));
  ASSERT_THAT(*mine, SizeIs(1));
  EXPECT_EQ(mine->front().id, id);
  EXPECT_THAT(mine->front().rooms, ElementsAre(id, "a"));
  EXPECT_EQ(mine->front().data.at("user"), 7);
}

// Against a plain model: whatever the order of joins, leaves and ends, a room has its members.
TEST(room_table, keeps_every_member_in_its_rooms) {
  struct member : room_member {
    std::string id;
    std::set<std::string> in;
    bool there = false;
  };
  room_table table;
  std::vector<member> all(20);
  for (std::size_t n = 0; n < all.size(); ++n) all[n].id = "id" + std::to_string(n);
  std::mt19937 dice(7);
  for (int step = 0; step < 20'000; ++step) {
    auto& who = all[dice() % all.size()];
    const auto room = "r" + std::to_string(dice() % 8);
    const auto what = dice() % 16;
    if (!who.there) {
      EXPECT_TRUE(table.add(who, who.id));
      who.there = true;
    } else if (what == 0) {
      table.remove(who);
      who.there = false;
      who.in.clear();
    } else if (what < 9) {
      EXPECT_EQ(table.join(who, room), who.in.insert(room).second);
    } else {
      EXPECT_EQ(table.leave(who, room), who.in.erase(room) == 1);
    }
    if (step % 50 != 0) continue;
    std::multiset<std::string> wanted, got;
    const room_selection whom{{room, "id3"}, {"r0"}};
    for (const auto& each : all)
      if (each.there && !each.in.contains("r0") && (each.in.contains(room) || each.id == "id3"))
        wanted.insert(each.id);
    table.each(whom, [&](room_member& m) { got.insert(static_cast<member&>(m).id); });
    EXPECT_EQ(got, wanted);
    got.clear();
    wanted.clear();
    for (const auto& each : all)
      if (each.there && each.in.contains(room)) wanted.insert(each.id);
    table.each({{room}, {}}, [&](room_member& m) { got.insert(static_cast<member&>(m).id); });
    EXPECT_EQ(got, wanted);
  }
}

}  // namespace
}  // namespace son1k::realtime::test
