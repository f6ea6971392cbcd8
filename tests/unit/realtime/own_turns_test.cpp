// When a node's own broadcast is delivered: once, where the reader comes to it, or by who told it.
#include "realtime/cluster/redis/own_turns.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "support/manual_clock.hpp"

namespace son1k::realtime {
namespace {

class own_turns_test : public testing::Test {
 protected:
  std::uint64_t open() {
    return turns.open([this](const std::string& offset) { delivered.push_back(offset); });
  }
  void wait(std::uint64_t mark, result<std::string> recorded) {
    ended.reset();
    boost::asio::co_spawn(loop, turns.wait(mark, std::move(recorded), 5'000),
                          [this](std::exception_ptr fault, result<std::string> how) {
                            EXPECT_FALSE(fault);
                            ended = std::move(how);
                          });
    run();
  }
  void run() {
    loop.restart();
    loop.poll();
  }
  static error lost() { return {errc::unavailable, {"lost", "perdido"}}; }

  boost::asio::io_context loop;
  test::manual_clock clock;
  own_turns turns{clock};
  std::vector<std::string> delivered;
  std::optional<result<std::string>> ended;
};

TEST_F(own_turns_test, it_is_delivered_when_the_reader_comes_after_the_record) {
  const auto mark = open();
  wait(mark, std::string("1-1"));
  EXPECT_FALSE(ended);
  turns.come(mark, "1-1");
  turns.come(mark, "1-1");
  run();
  EXPECT_EQ(delivered, std::vector<std::string>{"1-1"});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->value(), "1-1");
}

TEST_F(own_turns_test, the_reader_may_come_before_the_reply_also_where_that_is_lost) {
  for (const bool is_lost : {false, true}) {
    delivered.clear();
    const auto mark = open();
    turns.come(mark, "1-1");
    EXPECT_EQ(delivered, std::vector<std::string>{"1-1"});
    wait(mark, is_lost ? result<std::string>(lost()) : result<std::string>("1-1"));
    ASSERT_TRUE(ended);
    ASSERT_TRUE(*ended) << ended->error().what();
    EXPECT_EQ(ended->value(), "1-1");
  }
}

TEST_F(own_turns_test, what_failed_is_not_delivered_when_the_reader_finds_it_yet) {
  const auto mark = open();
  wait(mark, lost());
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->error().message.en, "lost");
  turns.come(mark, "1-1");
  EXPECT_TRUE(delivered.empty());
}

TEST_F(own_turns_test, a_reader_that_does_not_come_is_not_waited_for_after_its_time) {
  const auto mark = open();
  wait(mark, std::string("1-1"));
  clock.advance(4'999);
  turns.on_time();
  run();
  EXPECT_FALSE(ended);
  clock.advance(1);
  turns.on_time();
  run();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->error().code, errc::unavailable);
  turns.come(mark, "1-1");
  EXPECT_TRUE(delivered.empty());
}

TEST_F(own_turns_test, a_gap_ends_what_is_recorded_and_no_other) {
  const auto recorded = open();
  const auto under_way = open();
  wait(recorded, std::string("1-1"));
  turns.on_gap();
  run();
  ASSERT_TRUE(ended);
  EXPECT_FALSE(*ended);
  turns.come(under_way, "2-1");
  EXPECT_EQ(delivered, std::vector<std::string>{"2-1"});
}

TEST_F(own_turns_test, a_stop_ends_all_and_opens_no_more) {
  const auto waits = open();
  const auto under_way = open();
  wait(waits, std::string("1-1"));
  turns.stop();
  run();
  ASSERT_TRUE(ended);
  EXPECT_FALSE(*ended);
  wait(under_way, std::string("1-2"));
  ASSERT_TRUE(ended);
  EXPECT_FALSE(*ended);
  EXPECT_EQ(open(), 0u);
}

TEST_F(own_turns_test, what_throws_in_its_turn_had_it) {
  const auto mark = turns.open([](const std::string&) { throw std::runtime_error("broken"); });
  wait(mark, std::string("1-1"));
  EXPECT_THROW(turns.come(mark, "1-1"), std::runtime_error);
  run();
  EXPECT_TRUE(ended);
}

TEST_F(own_turns_test, they_are_bounded) {
  std::uint64_t last = 0;
  for (std::size_t n = 0; n < own_turns::open_max; ++n) last = open();
  EXPECT_EQ(open(), 0u);
  turns.forget(last);
  EXPECT_NE(open(), 0u);
}

}  // namespace
}  // namespace son1k::realtime
