// What the clusters over Redis bear: a Redis that goes and comes back, and whatever others write to
// the stream and the channels that are shared with them.
#include <future>
#include <thread>

#include "contract/cluster/cluster_contract.hpp"
#include "realtime/bus/bus.hpp"
#include "realtime/cluster/redis/classic_cluster.hpp"
#include "realtime/cluster/redis/streams_cluster.hpp"

namespace son1k::realtime::test {
namespace {

using son1k::test::fake_peer;
using testing::ElementsAre;

// Two nodes on a Redis of their own.
class redis_cluster_faults : public testing::Test {
 protected:
  void TearDown() override {
    for (auto& node : nodes_) node->attach(nullptr);
    nodes_.clear();
  }
  void streams() {
    for (std::size_t n = 0; n < 2; ++n) keep(n, make_streams_cluster(*clients_[n], clock_).value());
  }
  void classic() {
    for (std::size_t n = 0; n < 2; ++n) keep(n, make_classic_cluster(*clients_[n], clock_).value());
  }
  void keep(std::size_t n, std::unique_ptr<cluster> node) {
    node->attach(&peers_[n]);
    nodes_.push_back(std::move(node));
  }
  // Calls that had left when the server died have an unknown outcome; these tests send later.
  void kill_and_notice() {
    server_.kill();
    for (auto& client : clients_) {
      for (int i = 0; i < 60'000 && client->connected(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ASSERT_FALSE(client->connected());
    }
  }
  // An answer that is lost is a timeout, which the clock that a test holds would never bring.
  result<std::vector<remote_socket>> fetch() {
    std::promise<void> done;
    std::thread patience([this, ended = done.get_future()] {
      if (ended.wait_for(std::chrono::seconds(20)) == std::future_status::timeout)
        clock_.advance(60'000);
    });
    auto found = run(nodes_[0]->fetch("/", {}));
    done.set_value();
    patience.join();
    return found;
  }
  std::string tell(const std::string& json) {
    auto told = run(nodes_[0]->broadcast(saying(json), {}));
    EXPECT_TRUE(told) << told.error().what();
    return told ? *told : "";
  }
  double refused(std::size_t n) {
    std::vector<metrics::family> families;
    nodes_[n]->gather_figures(families);
    for (const auto& family : families)
      if (family.name == "son1k_cluster_refused_total") return family.samples.at(0).value;
    return -1;
  }

  son1k::test::redis_server server_{{{"appendonly", "yes"}, {"appendfsync", "always"}}};
  son1k::test::manual_clock clock_;
  std::unique_ptr<net::redis_client> clients_[2] = {client_of(server_), client_of(server_)};
  fake_peer peers_[2];
  std::vector<std::unique_ptr<cluster>> nodes_;
};

TEST_F(redis_cluster_faults, a_restart_loses_no_broadcast_of_a_stream) {
  streams();
  peers_[1].add("b");
  const auto first = tell(R"(["1"])");
  peers_[1].wait(1);
  kill_and_notice();
  std::thread later([&] { server_.start(); });
  tell(R"(["2"])");
  later.join();
  EXPECT_THAT(peers_[1].wait(2), ElementsAre(R"(b<-["1"])", R"(b<-["2"])"));
  EXPECT_EQ(run(nodes_[1]->since("/", first))->size(), 1u);
  // Questions find their way again, too.
  for (int i = 0; i < 1'000; ++i) {
    const auto found = fetch();
    if (found && found->size() == 1) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL() << "the other node does not answer";
}

TEST_F(redis_cluster_faults, a_stream_that_is_gone_is_told_as_a_gap) {
  streams();
  peers_[1].add("b");
  const auto first = tell(R"(["1"])");
  peers_[1].wait(1);
  kill_and_notice();
  server_.set("appendonly", "no");
  std::filesystem::remove_all(server_.folder() / "appendonlydir");
  server_.start();
  tell(R"(["2"])");
  EXPECT_THAT(peers_[1].wait(3), ElementsAre(R"(b<-["1"])", "gap", R"(b<-["2"])"));
  EXPECT_EQ(run(nodes_[1]->since("/", first)).error().code, errc::not_found);
}

TEST_F(redis_cluster_faults, a_restart_is_a_gap_of_channels) {
  classic();
  peers_[1].add("b");
  tell(R"(["1"])");
  peers_[1].wait(1);
  kill_and_notice();
  server_.start();
  ASSERT_TRUE(peers_[1].wait_until([](const auto& notes) { return notes.back() == "gap"; }));
  tell(R"(["2"])");
  EXPECT_THAT(peers_[1].wait(3), ElementsAre(R"(b<-["1"])", "gap", R"(b<-["2"])"));
}

std::vector<std::string> junk() {
  return {"",
          "{",
          "[]",
          "null",
          "{}",
          std::string(2'000'000, 'x'),
          "\xdd\xff\xff\xff\xff",
          std::string(100'000, '\x91'),
          "\xdb\xff\xff\xff\xff",
          R"({"packet":1,"opts":[]})",
          R"({"packet":{"type":2,"data":["x"]},"opts":{"rooms":[{}],"except":[]}})",
          R"({"packet":{"type":2,"data":{}},"opts":{"rooms":["nobody"],"except":[]}})",
          R"({"packet":{"type":4,"data":["x"]},"opts":{"rooms":["nobody"],"except":[]}})",
          R"({"opts":{"rooms":["nobody"],"except":[]},"rooms":7})",
          R"({"requestId":"r","sockets":[1]})",
          R"({"requestId":7,"opts":{}})",
          R"({"type":5,"opts":{"rooms":[{}]}})",
          R"({"type":99})",
          R"({"packet":[]})"};
}

TEST_F(redis_cluster_faults, what_others_write_to_the_stream_harms_nobody) {
  streams();
  peers_[1].add("b");
  for (const auto& data : junk())
    for (const auto* type :
         {"0", "1", "2", "3", "4", "6", "7", "8", "9", "10", "12", "13", "99", "x"})
      server_.ask({"XADD", "socket.io", "*", "uid", "u", "nsp", "/", "type", type, "data", data});
  server_.ask({"XADD", "socket.io", "*", "any", "thing"});
  tell(R"(["alive"])");
  EXPECT_TRUE(peers_[1].wait_until(
      [](const auto& notes) { return !notes.empty() && notes.back() == R"(b<-["alive"])"; }));
  EXPECT_GT(refused(1), 50);
}

TEST_F(redis_cluster_faults, entries_that_are_passed_over_are_counted) {
  streams();
  peers_[1].add("b");
  const std::string large(bus_data_bytes_max + 1, '{');
  server_.ask({"XADD", "socket.io", "*", "uid", "u", "nsp", "/", "type", "3", "data", large});
  server_.ask({"XADD", "socket.io", "*", "any", "thing"});
  tell(R"(["alive"])");
  EXPECT_THAT(peers_[1].wait(1), ElementsAre(R"(b<-["alive"])"));
  EXPECT_EQ(refused(1), 2);
}

TEST_F(redis_cluster_faults, what_others_publish_harms_nobody) {
  classic();
  streams();
  peers_[1].add("b");
  for (const auto& data : junk())
    for (const auto* channel : {"socket.io#/#", "socket.io#/#room#", "socket.io#/#####",
                                "socket.io-request#/#", "socket.io-response#/#"})
      server_.ask({"PUBLISH", channel, data});
  tell(R"(["alive"])");
  EXPECT_TRUE(peers_[1].wait_until(
      [](const auto& notes) { return !notes.empty() && notes.back() == R"(b<-["alive"])"; }));
  EXPECT_GT(refused(1), 20);
}

TEST_F(redis_cluster_faults, what_is_no_event_or_too_long_is_refused) {
  classic();
  streams();
  for (const auto& node : {nodes_[0].get(), nodes_[2].get()}) {
    for (const auto* json : {"", "{}", "\"x\""}) {
      const auto told = run(node->broadcast(saying(json), {}));
      ASSERT_FALSE(told);
      EXPECT_EQ(told.error().field, "event") << json;
    }
    const auto told = run(node->broadcast(saying("[\"" + std::string(1'100'000, 'x') + "\"]"), {}));
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().code, errc::payload_too_large);
  }
}

// More clients than fit an entry of the stream.
TEST_F(redis_cluster_faults, many_sockets_are_fetched) {
  streams();
  for (int n = 0; n < 10'000; ++n) peers_[1].add("socket-" + std::to_string(n), {"all"});
  const auto found = fetch();
  ASSERT_TRUE(found) << found.error().what();
  EXPECT_EQ(found->size(), 10'000u);
}

TEST_F(redis_cluster_faults, a_session_of_others_that_is_none_is_not_found) {
  streams();
  server_.ask({"SET", "sio:session:p", "%%%"});
  EXPECT_EQ(run(nodes_[0]->take_session("p")).error().code, errc::not_found);
}

TEST_F(redis_cluster_faults, a_redis_that_is_away_is_said) {
  server_.kill();
  auto settings = net::parse_redis_url(server_.url()).value();
  settings.call_time = std::chrono::milliseconds(50);
  auto client = net::redis_client::make(settings).value();
  client->start();
  const auto made = make_streams_cluster(*client, clock_);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::unavailable);
}

}  // namespace
}  // namespace son1k::realtime::test
