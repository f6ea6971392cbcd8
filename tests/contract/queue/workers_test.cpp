// Workers: who is there, and what is asked of them.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class queue_contract_workers : public queue_contract {
 protected:
  worker_order beat(const std::string& name, std::int64_t busy = 0) {
    worker_facts facts;
    facts.name = name;
    facts.host = "here";
    facts.pid = 42;
    facts.queues = {"songs"};
    facts.slots = 5;
    facts.busy = busy;
    return q().beat(facts);
  }
  std::vector<std::string> names() {
    std::vector<std::string> out;
    for (const auto& w : q().workers()) out.push_back(w.name);
    return out;
  }
};

TEST_P(queue_contract_workers, a_worker_that_beats_is_listed_with_what_it_said) {
  beat("one", 3);
  clock().advance(10);
  beat("two");
  const auto all = q().workers();
  ASSERT_EQ(all.size(), 2u);
  const auto& one = all[0].name == "one" ? all[0] : all[1];
  EXPECT_EQ(one.busy, 3);
  EXPECT_EQ(one.slots, 5);
  EXPECT_EQ(one.pid, 42);
  EXPECT_THAT(one.queues, ElementsAre("songs"));
  EXPECT_EQ(one.seen_at_ms, clock().now_ms() - 10);
}

TEST_P(queue_contract_workers, one_that_leaves_or_falls_silent_is_forgotten) {
  beat("leaves");
  beat("silent");
  beat("stays");
  q().leave("leaves");
  q().leave("leaves");
  EXPECT_EQ(names().size(), 2u);
  clock().advance(worker_silence_ms);
  beat("stays");
  clock().advance(1);
  EXPECT_THAT(names(), ElementsAre("stays"));
}

TEST_P(queue_contract_workers, an_order_reaches_its_worker_at_the_next_beat_and_stands) {
  EXPECT_FALSE(beat("one").paused);
  beat("two");
  ASSERT_TRUE(q().order("one", {true, false}));
  EXPECT_TRUE(beat("one").paused);
  EXPECT_TRUE(beat("one").paused);
  EXPECT_FALSE(beat("two").paused);
  ASSERT_TRUE(q().order("one", {false, true}));
  const auto order = beat("one");
  EXPECT_FALSE(order.paused);
  EXPECT_TRUE(order.drain);
}

TEST_P(queue_contract_workers, an_order_to_nobody_is_said) {
  EXPECT_EQ(q().order("nobody", {true, false}).error().code, errc::not_found);
  beat("gone");
  q().leave("gone");
  EXPECT_EQ(q().order("gone", {true, false}).error().code, errc::not_found);
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_workers);

}  // namespace son1k::queue::test
