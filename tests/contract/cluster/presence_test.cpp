#include <condition_variable>

#include "contract/cluster/cluster_contract.hpp"
#include "realtime/forward/redis/redis_node_book.hpp"
#include "realtime/rooms/redis/redis_presence.hpp"

namespace son1k::realtime::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

// What a server is told, once it is that many.
struct told_people {
  room_presence::told listener() {
    return [this](std::vector<present_person> people) {
      const std::scoped_lock lock(mutex);
      for (const auto& one : people) {
        all.push_back(one.room + "|" + one.socket + "|" + one.person);
      }
      changed.notify_all();
    };
  }
  std::vector<std::string> wait(std::size_t count) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(60), [&] { return all.size() >= count; });
    return all;
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> all;
};

class redis_presence_rules : public testing::Test {
 protected:
  struct node {
    std::unique_ptr<net::redis_client> client;
    std::unique_ptr<redis_node_book> book;
    std::unique_ptr<told_people> left = std::make_unique<told_people>();
    std::unique_ptr<told_people> back = std::make_unique<told_people>();
    std::unique_ptr<room_presence> presence;
  };

  node start(const std::string& name) {
    node out;
    out.client = client_of(redis_);
    redis_node_book_settings in_book;
    in_book.node = name;
    in_book.alive_ms = 600'000;
    in_book.renew_ms = 20;
    out.book = std::make_unique<redis_node_book>(*out.client, system_clock(), in_book);
    out.book->start();
    out.book->enter({"10.0.0.1", 1});
    redis_presence_settings with;
    with.node = name;
    with.look_ms = 20;
    out.presence = make_redis_presence(*out.client, with);
    out.presence->watch(out.left->listener(), out.back->listener());
    return out;
  }
  // It says nothing any more, and its time is over.
  void kill(node& one, const std::string& name) {
    one.client->stop();
    redis_.ask({"HDEL", "bull:s1k:realtime:nodes", name});
  }
  // Until as many of it are written down.
  bool has(const std::string& name, std::size_t people) {
    for (int n = 0; n < 60'000; ++n) {
      if (redis_.ask({"HLEN", "bull:s1k:realtime:people:" + name}) == std::to_string(people)) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  son1k::test::redis_server redis_;
};

TEST_F(redis_presence_rules, the_people_of_a_server_that_died_are_told_once_to_one) {
  auto a = start("a"), b = start("b");
  auto dead = start("dead");
  dead.presence->enter({"jam", "s1", "ana"});
  dead.presence->enter({"jam session", "s1", "ana"});
  dead.presence->enter({"jam", "s2", "bob"});
  dead.presence->leave("jam", "s2");
  ASSERT_TRUE(has("dead", 2));
  kill(dead, "dead");
  ASSERT_TRUE(has("dead", 0));
  // Whoever took them tells them before it looks again.
  std::vector<std::string> all;
  for (int n = 0; n < 60'000 && all.size() < 2; ++n) {
    all = a.left->wait(0);
    for (auto& one : b.left->wait(0)) all.push_back(std::move(one));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_THAT(all, UnorderedElementsAre("jam|s1|ana", "jam session|s1|ana"));
}

TEST_F(redis_presence_rules, many_people_are_told_in_pieces_and_all_of_them) {
  auto a = start("a");
  auto dead = start("dead");
  for (int n = 0; n < 2'000; ++n) dead.presence->enter({"r", "s" + std::to_string(n), "x"});
  ASSERT_TRUE(has("dead", 2'000));
  kill(dead, "dead");
  const auto all = a.left->wait(2'000);
  EXPECT_THAT(all, SizeIs(2'000));
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 2'000U);
  EXPECT_THAT(redis_.ask({"SISMEMBER", "bull:s1k:realtime:people", "dead"}), "0");
}

TEST_F(redis_presence_rules, who_is_emptied_out_is_written_down_again_and_said_to_be_back) {
  auto a = start("a");
  a.presence->enter({"r", "s1", "ana"});
  a.presence->enter({"r", "s2", "bob"});
  ASSERT_TRUE(has("a", 2));
  redis_.ask({"DEL", "bull:s1k:realtime:people:a"});
  EXPECT_TRUE(has("a", 2));
  EXPECT_THAT(a.back->wait(2), UnorderedElementsAre("r|s1|ana", "r|s2|bob"));
  EXPECT_THAT(a.left->wait(0), IsEmpty());
}

TEST_F(redis_presence_rules, nobody_is_told_after_the_end_of_watching) {
  auto a = start("a"), b = start("b");
  a.presence->watch(nullptr, nullptr);
  auto dead = start("dead");
  dead.presence->enter({"r", "s1", "ana"});
  ASSERT_TRUE(has("dead", 1));
  b.presence.reset();
  kill(dead, "dead");
  ASSERT_TRUE(has("dead", 0));
  EXPECT_THAT(a.left->wait(0), IsEmpty());
  EXPECT_THAT(b.left->wait(0), IsEmpty());
}

}  // namespace
}  // namespace son1k::realtime::test
