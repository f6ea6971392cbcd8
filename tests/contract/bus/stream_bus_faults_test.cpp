// The bus over Redis when Redis goes away, or holds what is not ours.
#include "contract/bus/bus_contract.hpp"

namespace son1k::realtime::test {
namespace {

using testing::ElementsAre;

// A Redis of its own, which goes away and comes back.
class stream_bus_faults : public testing::Test {
 protected:
  son1k::test::redis_server server_{{{"appendonly", "yes"}, {"appendfsync", "always"}}};
  // A call that had left when the server died may have run: its outcome is unknown, and a publisher
  // is told so. These tests publish once that has been noticed.
  void kill_and_notice() {
    server_.kill();
    for (int i = 0; i < 60'000 && first_->connected(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_FALSE(first_->connected());
  }

  std::unique_ptr<net::redis_client> first_ = client_of(server_), second_ = client_of(server_);
  stream_bus_settings settings_ = own_names();
};

TEST_F(stream_bus_faults, a_restart_of_redis_loses_nothing_that_was_published) {
  auto from = make_stream_bus(*first_, settings_).value();
  auto to = make_stream_bus(*second_, settings_).value();
  heard hears(*to);
  publish(*from, saying("1"));
  hears.wait(1);
  kill_and_notice();
  std::thread later([&] { server_.start(); });
  publish(*from, saying("2"));
  later.join();
  publish(*from, saying("3"));
  EXPECT_THAT(hears.wait(3), ElementsAre("1@/", "2@/", "3@/"));
}

TEST_F(stream_bus_faults, a_node_that_was_away_too_long_is_told_of_the_gap_and_goes_on) {
  auto from = make_stream_bus(*first_, settings_).value();
  auto to = make_stream_bus(*second_, settings_).value();
  heard hears(*to);
  publish(*from, saying("1"));
  hears.wait(1);
  kill_and_notice();
  server_.set("appendonly", "no");
  std::filesystem::remove_all(server_.folder() / "appendonlydir");
  server_.start();
  publish(*from, saying("2"));
  EXPECT_THAT(hears.wait(3), ElementsAre("1@/", "gap", "2@/"));
}

TEST_F(stream_bus_faults, a_node_that_falls_behind_is_told_of_the_gap) {
  auto from = make_stream_bus(*first_, settings_).value();
  auto to = make_stream_bus(*second_, settings_).value();
  std::promise<void> entered, held, noticed;
  std::vector<std::string> seen;
  bus_listener slow;
  slow.message = [&, wait = held.get_future().share()](const bus_message& m) {
    if (m.data == "first") entered.set_value();
    wait.wait();
    if (seen.size() < 3) seen.push_back(m.data);
    if (m.data == "last") noticed.set_value();
  };
  slow.gap = [&] { seen.push_back("gap"); };
  const auto listening = to->listen(std::move(slow));
  publish(*from, saying("first"));
  ASSERT_EQ(entered.get_future().wait_for(patience), std::future_status::ready);
  for (std::size_t n = 0; n < 5 * kept_max; ++n) publish(*from, saying("more"));
  publish(*from, saying("last"));
  held.set_value();
  ASSERT_EQ(noticed.get_future().wait_for(patience), std::future_status::ready);
  EXPECT_THAT(seen, ElementsAre("first", "gap", "more"));
}

TEST_F(stream_bus_faults, what_is_no_message_is_passed_over) {
  auto to = make_stream_bus(*second_, settings_).value();
  heard hears(*to);
  server_.ask({"XADD", settings_.stream, "*", "uid", "node", "nsp", "/", "type", "99"});
  server_.ask({"XADD", settings_.stream, "*", "any", "thing"});
  server_.ask(
      {"XADD", settings_.stream, "*", "uid", "node", "nsp", "/", "type", "3", "data", "{}"});
  EXPECT_THAT(hears.wait(1), ElementsAre("{}@/"));
}

TEST_F(stream_bus_faults, a_name_that_belongs_to_something_else_is_refused) {
  server_.ask({"SET", settings_.stream, "1"});
  const auto made = make_stream_bus(*first_, settings_);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::conflict);
  EXPECT_EQ(made.error().field, settings_.stream);
}

}  // namespace
}  // namespace son1k::realtime::test
