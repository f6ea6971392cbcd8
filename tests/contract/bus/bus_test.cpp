// What every implementation of the `bus` port is held to.
#include "contract/bus/bus_contract.hpp"

namespace son1k::realtime::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class bus_contract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "local")
      backend_ = std::make_unique<local_backend>();
    else
      backend_ = std::make_unique<redis_backend>();
  }
  bus& node(std::size_t n) { return *backend_->nodes[n]; }
  errc refused(bus_message m) {
    const auto got = run(node(0).publish(std::move(m)));
    return got ? errc::internal : got.error().code;
  }

  std::unique_ptr<backend> backend_;
};

TEST_P(bus_contract, every_other_node_hears_what_one_publishes) {
  heard own(node(0));
  heard second(node(1));
  heard third(node(2));
  auto m = saying(R"({"a":"ñ"})", "/studio");
  m.type = bus_type::server_emit;
  const auto offset = publish(node(0), m);
  publish(node(1), saying("last"));
  EXPECT_THAT(own.wait(1), ElementsAre("last@/"));
  EXPECT_THAT(second.wait(1), ElementsAre(R"({"a":"ñ"}@/studio)"));
  EXPECT_THAT(third.wait(2), ElementsAre(R"({"a":"ñ"}@/studio)", "last@/"));
  const auto got = second.messages()[0];
  EXPECT_EQ(got.type, bus_type::server_emit);
  EXPECT_EQ(got.node, node(0).node());
  EXPECT_EQ(got.offset, offset);
}

TEST_P(bus_contract, each_node_has_a_name_of_16_hexadecimal_digits) {
  EXPECT_THAT(node(0).node(), testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_NE(node(0).node(), node(1).node());
}

TEST_P(bus_contract, all_nodes_hear_one_order) {
  constexpr int each = 200;
  std::vector<std::unique_ptr<heard>> listening;
  for (std::size_t n = 0; n < 3; ++n) listening.push_back(std::make_unique<heard>(node(n)));
  std::vector<std::thread> publishing;
  for (std::size_t n = 0; n < 2; ++n)
    publishing.emplace_back([this, n] {
      for (int i = 0; i < each; ++i)
        publish(node(n), saying(std::to_string(n) + ":" + std::to_string(i)));
    });
  for (auto& one : publishing) one.join();
  const auto all = listening[2]->wait(2 * each);
  ASSERT_EQ(all.size(), std::size_t{2 * each});
  for (std::size_t n = 0; n < 2; ++n) {
    std::vector<std::string> of_the_other;
    const auto other = std::to_string(1 - n) + ":";
    for (const auto& text : all)
      if (text.starts_with(other)) of_the_other.push_back(text);
    EXPECT_EQ(listening[n]->wait(each), of_the_other);
  }
}

TEST_P(bus_contract, a_node_hears_its_own_where_they_stand_among_the_others) {
  heard all(node(2));
  std::mutex mutex;
  std::vector<std::string> seen;
  bus_listener listener;
  const auto note = [&](const bus_message& m) {
    const std::lock_guard lock(mutex);
    seen.push_back(m.data);
    if (m.node == node(0).node()) {
      EXPECT_EQ(m.mark, std::stoull(m.data));
    }
  };
  listener.message = listener.own = note;
  auto listening = node(0).listen(std::move(listener));
  const auto say = [this](std::size_t from, int first) {
    for (int i = first; i < first + 200; ++i) {
      auto m = saying(std::to_string(i));
      m.mark = static_cast<std::uint64_t>(i);
      publish(node(from), m);
    }
  };
  std::thread other([&] { say(1, 1'000); });
  say(0, 1);
  other.join();
  auto expected = all.wait(400);
  for (auto& text : expected) text.resize(text.find('@'));
  for (int i = 0; i < 60'000; ++i) {
    const std::lock_guard lock(mutex);
    if (seen.size() >= 400) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  listening.reset();
  EXPECT_EQ(seen, expected);
}

TEST_P(bus_contract, what_a_listener_publishes_comes_after_what_it_heard) {
  heard third(node(2));
  std::promise<void> answered;
  bus_listener answering;
  answering.message = [&](const bus_message& m) {
    if (m.data != "question") return;
    // A bus may be asked from its own calls, though not waited for there.
    std::thread([&] {
      publish(node(1), saying("answer"));
      answered.set_value();
    }).detach();
  };
  const auto listening = node(1).listen(std::move(answering));
  publish(node(0), saying("question"));
  answered.get_future().wait();
  EXPECT_THAT(third.wait(2), ElementsAre("question@/", "answer@/"));
}

TEST_P(bus_contract, nothing_is_heard_after_the_end) {
  heard first(node(1));
  heard second(node(1));
  publish(node(0), saying("1"));
  EXPECT_THAT(first.wait(1), ElementsAre("1@/"));
  second.wait(1);
  first.end();
  publish(node(0), saying("2"));
  second.wait(2);
  EXPECT_THAT(first.wait(1), ElementsAre("1@/"));
}

TEST_P(bus_contract, what_followed_an_offset_is_kept_for_all) {
  publish(node(0), saying("0"));
  const auto from = publish(node(0), saying("1"));
  publish(node(1), saying("2"));
  const auto last = publish(node(0), saying("3", "/studio"));
  for (std::size_t n = 0; n < 3; ++n) {
    const auto missed = run(node(n).since(from));
    ASSERT_TRUE(missed) << missed.error().what();
    EXPECT_THAT(texts(*missed), ElementsAre("2", "3"));
    EXPECT_EQ((*missed)[1].offset, last);
    EXPECT_EQ((*missed)[1].space, "/studio");
    EXPECT_EQ((*missed)[0].node, node(1).node());
  }
  EXPECT_THAT(texts(*run(node(2).since(last))), IsEmpty());
}

TEST_P(bus_contract, an_offset_that_is_not_kept_is_not_found) {
  const auto from = publish(node(0), saying("0"));
  // Redis keeps somewhat more than it is told.
  for (std::size_t i = 0; i < 6 * kept_max; ++i) publish(node(0), saying("more"));
  for (const std::string& offset : {from, std::string("1-1"), std::string("9999999999999-0"),
                                    std::string(""), std::string("x"), std::string("-")}) {
    const auto missed = run(node(1).since(offset));
    ASSERT_FALSE(missed) << offset;
    EXPECT_EQ(missed.error().code, errc::not_found) << offset;
  }
}

TEST_P(bus_contract, a_session_is_taken_once_by_whichever_node) {
  ASSERT_TRUE(run(node(0).keep_session("p", "state \xc3\xb1", 60'000)));
  EXPECT_EQ(*run(node(1).take_session("p")), "state \xc3\xb1");
  for (std::size_t n = 0; n < 3; ++n)
    EXPECT_EQ(run(node(n).take_session("p")).error().code, errc::not_found);
}

TEST_P(bus_contract, a_session_is_the_last_that_was_kept_and_ends_with_its_time) {
  ASSERT_TRUE(run(node(0).keep_session("p", "1", 60'000)));
  ASSERT_TRUE(run(node(1).keep_session("p", "2", 60'000)));
  EXPECT_EQ(*run(node(2).take_session("p")), "2");
  ASSERT_TRUE(run(node(0).keep_session("p", "3", 20)));
  backend_->wait_ms(40);
  EXPECT_EQ(run(node(0).take_session("p")).error().code, errc::not_found);
}

TEST_P(bus_contract, what_is_out_of_bounds_is_refused_by_name) {
  heard second(node(1));
  EXPECT_EQ(refused(saying("x", "")), errc::validation);
  EXPECT_EQ(refused(saying("x", std::string(257, 'n'))), errc::validation);
  EXPECT_EQ(refused(saying("x", "\xff")), errc::validation);
  EXPECT_EQ(refused(saying(std::string(1'000'001, 'x'))), errc::payload_too_large);
  auto typeless = saying("x");
  typeless.type = bus_type{14};
  EXPECT_EQ(refused(std::move(typeless)), errc::validation);
  EXPECT_EQ(run(node(0).keep_session("", "x", 1)).error().field, "pid");
  EXPECT_EQ(run(node(0).keep_session("p", "x", 0)).error().field, "ms");
  EXPECT_EQ(run(node(0).keep_session("p", std::string(65'537, 'x'), 1)).error().code,
            errc::payload_too_large);
  publish(node(0), saying("good"));
  EXPECT_THAT(second.wait(1), ElementsAre("good@/"));
}

TEST_P(bus_contract, a_message_may_be_as_long_as_it_may) {
  heard second(node(1));
  const std::string longest(1'000'000, 'x');
  publish(node(0), saying(longest));
  publish(node(0), saying(""));
  EXPECT_THAT(second.wait(2), ElementsAre(longest + "@/", "@/"));
}

INSTANTIATE_TEST_SUITE_P(each, bus_contract, testing::Values("local", "redis"),
                         [](const auto& p) { return p.param; });

}  // namespace
}  // namespace son1k::realtime::test
