// What every implementation of the `cluster` port is held to.
#include <atomic>
#include <barrier>
#include <set>
#include <thread>

#include "contract/cluster/cluster_contract.hpp"
#include "realtime/socketio/offset.hpp"

namespace son1k::realtime::test {
namespace {

using son1k::test::fake_peer;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class cluster_contract : public testing::TestWithParam<backend_row> {
 protected:
  void SetUp() override {
    backend_ = GetParam().make();
    for (auto& peer : peers_) {
      nodes_.push_back(backend_->make());
      nodes_.back()->attach(&peer);
    }
    wait_until_met();
  }
  void TearDown() override {
    for (auto& node : nodes_)
      if (node) node->attach(nullptr);
    nodes_.clear();
  }

  template <class Holds>
  void let_time_pass_until(Holds holds) {
    for (int i = 0; i < 10'000 && !holds(); ++i) {
      backend_->advance(100);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ASSERT_TRUE(holds());
  }
  // Both at once: while time passes, a node that is slow to speak is given up by the other again.
  void wait_until_met() {
    let_time_pass_until([&] { return node(0).servers() == 1 && node(1).servers() == 1; });
  }
  std::string tell(std::size_t from, io_broadcast message) {
    auto told = run(nodes_[from]->broadcast(std::move(message), {}));
    EXPECT_TRUE(told) << told.error().what();
    return told ? *told : "";
  }
  cluster& node(std::size_t n) { return *nodes_[n]; }
  std::string offset_of(const std::string& text) { return backend_->recovers() ? text : ""; }

  std::unique_ptr<cluster_backend> backend_;
  fake_peer peers_[2];
  std::vector<std::unique_ptr<cluster>> nodes_;
};

TEST_P(cluster_contract, each_node_has_a_name_of_its_own) {
  EXPECT_THAT(node(0).node(), testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_NE(node(0).node(), node(1).node());
}

TEST_P(cluster_contract, a_broadcast_reaches_the_other_nodes_and_not_its_own) {
  peers_[0].add("a");
  peers_[1].add("b");
  const auto offset = tell(0, saying(R"(["hello",{"text":"ñ","n":[1,2.5,null,true]}])"));
  tell(1, saying(R"(["back"])"));
  EXPECT_THAT(peers_[1].wait(1),
              ElementsAre(R"(b<-["hello",{"text":"ñ","n":[1,2.5E0,null,true]}])"));
  EXPECT_THAT(peers_[0].wait(1), ElementsAre(R"(a<-["back"])"));
  EXPECT_EQ(offset.empty(), !backend_->recovers());
  EXPECT_EQ(peers_[1].broadcasts()[0].offset, offset);
}

TEST_P(cluster_contract, a_broadcast_reaches_who_is_in_a_room_and_in_none_that_is_excepted) {
  peers_[1].add("1", {"a"});
  peers_[1].add("2", {"a", "b"});
  peers_[1].add("3", {"c"});
  peers_[1].add("4");
  tell(0, saying(R"(["one"])", {{"a"}, {}}));
  tell(0, saying(R"(["two"])", {{"a", "c"}, {"b"}}));
  tell(0, saying(R"(["rest"])", {{}, {"a"}}));
  tell(0, saying(R"(["socket"])", {{"4"}, {}}));
  EXPECT_THAT(peers_[1].wait(7),
              ElementsAre(R"(1<-["one"])", R"(2<-["one"])", R"(1<-["two"])", R"(3<-["two"])",
                          R"(3<-["rest"])", R"(4<-["rest"])", R"(4<-["socket"])"));
}

TEST_P(cluster_contract, a_broadcast_keeps_its_namespace_flags_and_bytes) {
  peers_[1].add("b");
  auto message = saying(R"(["file",{"_placeholder":true,"num":0},)"
                        R"({"deep":[{"_placeholder":true,"num":1}]},"\ud83d\ude00"])");
  message.space = "/studio";
  message.event.attachments = {std::string("\0\xff\x80", 3), "second"};
  message.flags.is_volatile = true;
  message.flags.compress = false;
  message.flags.latest = "piece:1";
  tell(0, message);
  peers_[1].wait(1);
  const auto got = peers_[1].broadcasts().at(0);
  EXPECT_EQ(got.space, "/studio");
  EXPECT_EQ(got.event.attachments, message.event.attachments);
  EXPECT_EQ(boost::json::parse(got.event.json), boost::json::parse(message.event.json));
  EXPECT_TRUE(got.flags.is_volatile);
  EXPECT_FALSE(got.flags.compress);
  EXPECT_EQ(got.flags.latest, "piece:1");
}

TEST_P(cluster_contract, broadcasts_of_one_node_arrive_in_their_order) {
  constexpr std::size_t each = 300, at_a_time = 20;
  peers_[1].add("b");
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < each; ++i) {
    // The node does not fall behind by as much as a stream of these tests keeps.
    if (i % at_a_time == 0) {
      ASSERT_EQ(peers_[1].wait(i).size(), i);
    }
    tell(0, saying("[\"n\"," + std::to_string(i) + "]"));
    expected.push_back("b<-[\"n\"," + std::to_string(i) + "]");
  }
  EXPECT_EQ(peers_[1].wait(each), expected);
}

TEST_P(cluster_contract, own_broadcasts_have_their_turn_among_those_of_others) {
  constexpr std::size_t each = 300, at_a_time = 20;
  for (auto& peer : peers_) peer.add("a");
  // No node falls behind by as much as a stream of these tests keeps.
  std::barrier round(2);
  const auto say = [&](std::size_t from) {
    boost::asio::io_context loop;
    std::size_t ended = 0;
    for (std::size_t i = 0; i < each; ++i) {
      if (i % at_a_time == 0) {
        loop.run_for(std::chrono::seconds(60));
        loop.restart();
        EXPECT_EQ(ended, i);
        round.arrive_and_wait();
      }
      auto message = saying("[\"" + std::to_string(from) + "\"," + std::to_string(i) + "]");
      io_turn turn = [this, from, message](const std::string& offset) mutable {
        message.offset = offset;
        peers_[from].own(message);
      };
      boost::asio::co_spawn(loop, node(from).broadcast(message, std::move(turn)),
                            [&](std::exception_ptr fault, const result<std::string>& told) {
                              ++ended;
                              EXPECT_FALSE(fault);
                              EXPECT_TRUE(told);
                            });
    }
    loop.run_for(std::chrono::seconds(60));
  };
  std::thread other([&] { say(1); });
  say(0);
  other.join();
  std::vector<std::vector<std::string>> offsets;
  for (auto& peer : peers_) {
    EXPECT_THAT(peer.wait(2 * each), testing::SizeIs(2 * each));
    auto& seen = offsets.emplace_back();
    std::set<std::string> texts;
    for (const auto& message : peer.broadcasts()) {
      texts.insert(message.event.json);
      seen.push_back(message.offset);
      if (seen.size() < 2 || !backend_->recovers()) continue;
      EXPECT_LT(*read_offset(seen[seen.size() - 2]), *read_offset(seen.back()));
    }
    EXPECT_THAT(texts, testing::SizeIs(2 * each));
  }
  EXPECT_EQ(offsets[0], offsets[1]);
}

TEST_P(cluster_contract, an_own_broadcast_that_fails_has_no_turn) {
  bool delivered = false;
  io_turn turn = [&](const std::string&) { delivered = true; };
  EXPECT_FALSE(run(node(0).broadcast(saying("{}"), turn)));
  EXPECT_FALSE(delivered);
  auto gone = saying(R"(["volatile"])");
  gone.flags.is_volatile = true;
  std::string offset = "none";
  turn = [&](const std::string& given) { offset = given; };
  EXPECT_TRUE(run(node(0).broadcast(gone, turn)));
  EXPECT_EQ(offset, "");
}

TEST_P(cluster_contract, sockets_elsewhere_join_and_leave_rooms) {
  peers_[1].add("1", {"a"});
  peers_[1].add("2", {"b"});
  ASSERT_TRUE(run(node(0).join("/", {{"a"}, {}}, {"x", "y"})));
  peers_[1].wait(1);
  EXPECT_THAT(peers_[1].rooms("1"), UnorderedElementsAre("1", "a", "x", "y"));
  EXPECT_THAT(peers_[1].rooms("2"), UnorderedElementsAre("2", "b"));
  ASSERT_TRUE(run(node(0).leave("/", {{}, {"b"}}, {"x", "a"})));
  peers_[1].wait(2);
  EXPECT_THAT(peers_[1].rooms("1"), UnorderedElementsAre("1", "y"));
}

TEST_P(cluster_contract, sockets_elsewhere_are_disconnected) {
  peers_[1].add("1", {"a"});
  peers_[1].add("2", {"b"});
  peers_[1].add("3");
  ASSERT_TRUE(run(node(0).disconnect("/", {{"a"}, {}}, true)));
  ASSERT_TRUE(run(node(0).disconnect("/", {{}, {"b"}}, false)));
  EXPECT_THAT(peers_[1].wait(2), ElementsAre("1 closed", "3 disconnected"));
}

TEST_P(cluster_contract, sockets_of_the_other_nodes_are_fetched) {
  peers_[0].add("own");
  peers_[1].add("1", {"a"});
  peers_[1].add("2", {"a", "b"});
  const auto all = run(node(0).fetch("/", {}));
  ASSERT_TRUE(all) << all.error().what();
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].id, "1");
  EXPECT_THAT((*all)[0].rooms, UnorderedElementsAre("1", "a"));
  EXPECT_EQ((*all)[0].data, boost::json::value({{"user", "1"}}));
  EXPECT_EQ((*all)[0].handshake.at("address"), "127.0.0.1");
  const auto some = run(node(0).fetch("/", {{"a"}, {"b"}}));
  ASSERT_TRUE(some);
  EXPECT_EQ(some->size(), 1u);
}

TEST_P(cluster_contract, servers_hear_events_and_answer_them) {
  ASSERT_TRUE(run(node(0).server_emit("/", {R"(["tell",1])", {}}, 0)));
  EXPECT_THAT(peers_[1].wait(1), ElementsAre(R"(server<-["tell",1])"));
  peers_[1].answer_servers(R"([{"n":7},"not sent"])");
  const auto answers = run(node(0).server_emit("/studio", {R"(["ask"])", {}}, 5'000));
  ASSERT_TRUE(answers) << answers.error().what();
  ASSERT_EQ(answers->size(), 1u);
  // Of its arguments the formats may carry the first alone.
  EXPECT_EQ(boost::json::parse((*answers)[0].json).at(0), boost::json::value({{"n", 7}}));
  EXPECT_THAT(peers_[1].wait(2), ElementsAre(testing::_, R"(server<-["ask"]@/studio)"));
  EXPECT_THAT(peers_[0].wait(0), IsEmpty());
}

TEST_P(cluster_contract, a_server_event_may_hold_bytes) {
  io_payload event{R"(["bytes",{"_placeholder":true,"num":0}])", {"\xff\x01"}};
  ASSERT_TRUE(run(node(0).server_emit("/", event, 0)));
  EXPECT_THAT(peers_[1].wait(1),
              ElementsAre("server<-[\"bytes\",{\"_placeholder\":true,\"num\":0}]+\xff\x01"));
}

TEST_P(cluster_contract, a_server_that_does_not_answer_is_a_timeout) {
  peers_[1].answer_servers("");
  std::thread later([&] {
    peers_[1].wait(1);
    backend_->advance(6'000);
  });
  const auto answers = run(node(0).server_emit("/", {R"(["ask"])", {}}, 5'000));
  later.join();
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().code, errc::timeout);
  EXPECT_THAT(answers.error().message.en, testing::StartsWith("1 "));
}

TEST_P(cluster_contract, acks_of_clients_elsewhere_come_back) {
  peers_[1].add("1", {"a"}, R"("first")");
  peers_[1].add("2", {"a"}, "2");
  peers_[1].add("3", {}, "3");
  std::size_t asked = 0;
  std::vector<std::string> acks;
  auto on_asked = [&](std::size_t n) { asked += n; };
  auto on_acked = [&](io_payload ack) { acks.push_back(ack.json); };
  const auto done =
      run(node(0).broadcast_with_ack(saying(R"(["ask"])", {{"a"}, {}}), on_asked, on_acked, 5'000));
  ASSERT_TRUE(done) << done.error().what();
  EXPECT_EQ(asked, 2u);
  EXPECT_THAT(acks, UnorderedElementsAre(R"(["first"])", "[2]"));
  EXPECT_EQ(peers_[1].broadcasts().at(0).offset, "");
}

TEST_P(cluster_contract, what_clients_do_not_acknowledge_in_time_is_let_go) {
  peers_[1].add("1", {}, "1");
  peers_[1].add("2");
  std::atomic<std::size_t> asked = 0, acked = 0;
  // What is answered has arrived when the time is over.
  std::thread later([&] {
    for (int i = 0; i < 12'000 && (asked < 2 || acked < 1); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    backend_->advance(6'000);
  });
  auto on_asked = [&](std::size_t n) { asked += n; };
  auto on_acked = [&](io_payload) { ++acked; };
  const auto done =
      run(node(0).broadcast_with_ack(saying(R"(["ask"])"), on_asked, on_acked, 5'000));
  later.join();
  EXPECT_TRUE(done);
  EXPECT_EQ(asked.load(), 2u);
  EXPECT_EQ(acked.load(), 1u);
}

TEST_P(cluster_contract, a_node_that_goes_is_noticed_and_not_waited_for) {
  nodes_[1].reset();
  let_time_pass_until([&] { return node(0).servers() == 0; });
  EXPECT_THAT(*run(node(0).fetch("/", {})), IsEmpty());
  nodes_[1] = backend_->make();
  nodes_[1]->attach(&peers_[1]);
  wait_until_met();
}

TEST_P(cluster_contract, nothing_is_heard_without_a_peer) {
  peers_[1].add("b");
  tell(0, saying(R"(["1"])"));
  peers_[1].wait(1);
  node(1).attach(nullptr);
  tell(0, saying(R"(["2"])"));
  // What follows in the order of the first node has been passed over once this is answered.
  EXPECT_THAT(*run(node(0).fetch("/", {})), IsEmpty());
  EXPECT_THAT(peers_[1].wait(1), ElementsAre(R"(b<-["1"])"));
}

TEST_P(cluster_contract, a_session_is_taken_once_by_whichever_node) {
  kept_session session{"sid", "pid", {"sid", "room ñ"}, {{"user", "ana"}, {"n", 3}}};
  const auto kept = run(node(0).keep_session(session, 60'000));
  EXPECT_EQ(node(0).recovers(), backend_->recovers());
  if (!backend_->recovers()) {
    EXPECT_EQ(kept.error().code, errc::not_found);
    EXPECT_EQ(run(node(1).take_session("pid")).error().code, errc::not_found);
    return;
  }
  ASSERT_TRUE(kept);
  const auto taken = run(node(1).take_session("pid"));
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->sid, "sid");
  EXPECT_EQ(taken->pid, "pid");
  EXPECT_EQ(taken->rooms, session.rooms);
  EXPECT_EQ(taken->data, session.data);
  EXPECT_EQ(run(node(0).take_session("pid")).error().code, errc::not_found);
  ASSERT_TRUE(run(node(0).keep_session(session, 20)));
  backend_->wait_for_kept_ms(40);
  EXPECT_EQ(run(node(0).take_session("pid")).error().code, errc::not_found);
}

TEST_P(cluster_contract, what_followed_an_offset_can_be_asked_for) {
  const auto from = tell(0, saying(R"(["0"])"));
  if (!backend_->recovers()) {
    EXPECT_EQ(run(node(1).since("/", "1-1")).error().code, errc::not_found);
    return;
  }
  tell(0, saying(R"(["1"])", {{"a"}, {"b"}}));
  auto elsewhere = saying(R"(["elsewhere"])");
  elsewhere.space = "/studio";
  tell(1, elsewhere);
  ASSERT_TRUE(run(node(0).join("/", {}, {"x"})));
  auto gone = saying(R"(["volatile"])");
  gone.flags.is_volatile = true;
  tell(1, gone);
  const auto last = tell(1, saying(R"(["2"])"));
  const auto page = run(node(0).since("/", from));
  ASSERT_TRUE(page) << page.error().what();
  ASSERT_EQ(page->size(), 2u);
  EXPECT_EQ((*page)[0].event.json, R"(["1"])");
  EXPECT_THAT((*page)[0].whom.rooms, ElementsAre("a"));
  EXPECT_THAT((*page)[0].whom.except, ElementsAre("b"));
  EXPECT_EQ((*page)[1].offset, last);
  EXPECT_THAT(*run(node(1).since("/", last)), IsEmpty());
  EXPECT_EQ(run(node(1).since("/", "1-1")).error().code, errc::not_found);
  EXPECT_EQ(run(node(1).since("/", "x")).error().code, errc::not_found);
}

TEST_P(cluster_contract, a_node_knows_from_its_start_an_offset_to_ask_from) {
  const auto from = node(1).last_offset();
  EXPECT_EQ(from.empty(), !backend_->recovers());
  if (from.empty()) return;
  const auto told = tell(0, saying(R"(["1"])"));
  const auto page = run(node(0).since("/", from));
  ASSERT_TRUE(page) << page.error().what();
  ASSERT_EQ(page->size(), 1u);
  EXPECT_EQ((*page)[0].offset, told);
}

INSTANTIATE_TEST_SUITE_P(each, cluster_contract, testing::ValuesIn(backend_rows()),
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace son1k::realtime::test
