// Two servers that share a cluster: what is said on one reaches the sockets of the other, once.
#include "unit/realtime/fake_engine.hpp"

namespace son1k::realtime::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using socket_ptr = io_space::socket_ptr;

class socketio_nodes : public testing::Test {
 protected:
  struct node {
    node(socketio_nodes& test)
        : shared(make_local_cluster(test.place)),
          server({test.loop.get_executor()}, test.clock, {}, shared.get()) {
      server.of("/").on_connect([this](const socket_ptr& s) {
        sockets.push_back(s);
        EXPECT_TRUE(s->join("all"));
      });
      server.of("/").on_server_event("sum", [](io_event event, auto reply) {
        EXPECT_THAT(event.args, SizeIs(1));
        if (reply) reply(answer_of({event.args[0].as_int64() + 1}));
      });
      server.start();
    }
    std::unique_ptr<cluster> shared;
    io_server server;
    std::vector<socket_ptr> sockets;
  };

  void SetUp() override {
    one = std::make_unique<node>(*this);
    two = std::make_unique<node>(*this);
  }
  void TearDown() override {
    std::atomic<bool> done{false};
    std::thread stopping([&] {
      one->server.stop();
      two->server.stop();
      done = true;
    });
    while (!done) run();
    stopping.join();
    run();
  }
  void run() {
    loop.restart();
    loop.poll();
  }
  template <class T>
  T wait(boost::asio::awaitable<T> work) {
    std::optional<T> out;
    boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr fault, T got) {
      if (!fault) out = std::move(got);
    });
    loop.restart();
    while (!out) loop.run_one();
    run();
    return std::move(*out);
  }
  io_space& space() { return one->server.of("/"); }

  boost::asio::io_context loop;
  son1k::test::manual_clock clock;
  std::shared_ptr<local_place> place = make_local_place(clock);
  std::unique_ptr<node> one, two;
};

TEST_F(socketio_nodes, a_broadcast_reaches_both_once_with_one_offset) {
  fake_client here(one->server, loop, 0);
  fake_client there(two->server, loop, 0);
  here.connect();
  there.connect();
  space().to({"all"}).emit("x", {1});
  const auto got = here.heard();
  EXPECT_THAT(got, SizeIs(1));
  EXPECT_EQ(there.heard(), got);
  space().to({"all"}).volatile_().emit("x", {1});
  EXPECT_THAT(there.heard(), ElementsAre(R"(2["x",1])"));
  here.heard();
  space().to({"all"}).local().emit("x", {2});
  EXPECT_THAT(here.heard(), ElementsAre(R"(2["x",2])"));
  EXPECT_THAT(there.heard(), IsEmpty());
}

TEST_F(socketio_nodes, a_client_comes_back_to_another_node) {
  auto here = std::make_unique<fake_client>(one->server, loop, 0);
  const auto first = here->connect();
  here->drop(close_reason::transport_close);
  space().to({"all"}).emit("x", {1});
  two->server.of("/").to({"all"}).emit("x", {2});
  fake_client there(two->server, loop, 0);
  const auto again =
      there.connect(boost::json::serialize(boost::json::object{{"pid", first.at("pid")}}));
  EXPECT_EQ(again, first);
  EXPECT_THAT(there.before, SizeIs(2));
}

TEST_F(socketio_nodes, a_connection_that_died_unnoticed_at_another_node_gives_way) {
  fake_client old(one->server, loop, 0);
  const auto first = old.connect();
  space().to({"all"}).emit("x", {1});  // sent to the dead connection
  fake_client fresh(two->server, loop, 0);
  const auto again =
      fresh.connect(boost::json::serialize(boost::json::object{{"pid", first.at("pid")}}));
  EXPECT_EQ(again, first);
  EXPECT_THAT(fresh.before, SizeIs(1));
  EXPECT_EQ(old.closing(), close_reason::transport_close);
  EXPECT_EQ(one->server.figures().sockets, 0U);
  EXPECT_EQ(two->server.figures().recovered, 1U);
}

TEST_F(socketio_nodes, servers_ask_each_other_for_dead_connections_unheard_by_the_application) {
  one->server.of("/").on_server_event("son1k:give_up", [](io_event, auto) { FAIL(); });
  fake_client here(one->server, loop, 0);
  const auto first = here.connect();
  const auto asked = [&](std::string pid) {
    return wait(two->server.of("/").server_ask(payload_of("son1k:give_up", {pid}), 60'000));
  };
  EXPECT_EQ(asked("no such pid")->at(0).json, "[false]");
  EXPECT_FALSE(here.closing());
  EXPECT_EQ(asked(std::string(first.at("pid").as_string()))->at(0).json, "[true]");
  EXPECT_TRUE(here.closing());
}

TEST_F(socketio_nodes, a_coalesced_event_is_coalesced_at_the_other_node_too) {
  fake_client there(two->server, loop, 0);
  there.connect();
  space().to({"all"}).latest("piece").emit("x", {1});
  space().to({"all"}).emit("x", {2});
  there.heard();
  EXPECT_THAT(there.keys(), ElementsAre("piece"));
}

TEST_F(socketio_nodes, rooms_and_ends_hold_everywhere) {
  fake_client here(one->server, loop, 0);
  fake_client there(two->server, loop, 0);
  here.connect();
  const auto id = there.connect_id();
  space().join_all({{id}, {}}, {"chosen"});
  run();
  space().to({"chosen"}).emit("x");
  EXPECT_THAT(there.heard(), SizeIs(1));
  EXPECT_THAT(here.heard(), IsEmpty());
  const auto all = wait(space().fetch({}));
  ASSERT_TRUE(all);
  EXPECT_THAT(*all, SizeIs(2));
  const auto chosen = wait(space().fetch({{"chosen"}, {}}));
  ASSERT_THAT(*chosen, SizeIs(1));
  EXPECT_THAT(chosen->front().rooms, UnorderedElementsAre(id, "all", "chosen"));
  space().leave_all({{}, {}}, {"chosen"});
  run();
  EXPECT_FALSE(two->sockets[0]->in("chosen"));
  space().disconnect_all({{id}, {}}, true);
  EXPECT_EQ(there.closing(), close_reason::forced);
  EXPECT_FALSE(here.closing());
}

TEST_F(socketio_nodes, sockets_and_servers_elsewhere_answer) {
  fake_client here(one->server, loop, 0);
  fake_client there(two->server, loop, 0);
  here.connect();
  there.connect();
  std::optional<io_answers> got;
  boost::asio::co_spawn(loop, space().to({"all"}).ask(payload_of("q"), 60'000),
                        [&](std::exception_ptr, result<io_answers> all) { got = *all; });
  EXPECT_THAT(here.heard(), ElementsAre(R"(20["q"])"));
  EXPECT_THAT(there.heard(), ElementsAre(R"(20["q"])"));
  here.say("30[1]");
  EXPECT_FALSE(got);
  there.say("30[2]");
  run();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->asked, 2U);
  EXPECT_THAT(got->answers, SizeIs(2));
  const auto sums = wait(space().server_ask(payload_of("sum", {41}), 60'000));
  ASSERT_TRUE(sums);
  ASSERT_THAT(*sums, SizeIs(1));
  EXPECT_EQ(sums->front().json, "[42]");
  space().server_emit(payload_of("sum", {1}));
  run();
}

TEST_F(socketio_nodes, a_namespace_that_is_not_here_answers_for_no_sockets) {
  one->server.of("/other");
  const auto got = wait(one->server.of("/other").to({"x"}).ask(payload_of("q"), 60'000));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->asked, 0U);
  const auto all = wait(one->server.of("/other").fetch({}));
  ASSERT_TRUE(all);
  EXPECT_THAT(*all, IsEmpty());
}

}  // namespace
}  // namespace son1k::realtime::test
