#include "contract/cluster/cluster_contract.hpp"
#include "realtime/forward/redis/redis_node_book.hpp"

namespace son1k::realtime::test {
namespace {

class redis_node_book_rules : public testing::Test {
 protected:
  struct node {
    std::unique_ptr<net::redis_client> client;
    std::unique_ptr<redis_node_book> book;
  };

  node start(const std::string& name, std::uint16_t port, std::int64_t alive_ms = 60'000,
             std::int64_t renew_ms = 1) {
    node out;
    out.client = client_of(redis_);
    redis_node_book_settings with;
    with.node = name;
    with.alive_ms = alive_ms;
    with.renew_ms = renew_ms;
    out.book = std::make_unique<redis_node_book>(*out.client, system_clock(), with);
    out.book->start();
    if (port != 0) out.book->enter({"10.0.0.1", port});
    return out;
  }

  static std::string find(const node& in, const std::string& name) {
    const auto found = run(in.book->find(name));
    return found ? found->host + ":" + std::to_string(found->port) : "nobody";
  }

  // Until it holds; a minute at most.
  template <class Check>
  static bool becomes(Check check) {
    for (int n = 0; n < 60'000; ++n) {
      if (check()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  son1k::test::redis_server redis_;
};

TEST_F(redis_node_book_rules, servers_find_each_other_at_once) {
  const auto a = start("a", 1);
  const auto b = start("b", 2);
  EXPECT_EQ(find(a, "b"), "10.0.0.1:2");
  EXPECT_EQ(find(b, "a"), "10.0.0.1:1");
  EXPECT_EQ(find(a, "c"), "nobody");
  EXPECT_EQ(find(a, ""), "nobody");
  EXPECT_EQ(find(a, std::string(1'000, 'x')), "nobody");
}

TEST_F(redis_node_book_rules, one_that_only_reads_is_not_found) {
  const auto a = start("a", 0);
  const auto b = start("b", 2);
  EXPECT_EQ(find(a, "b"), "10.0.0.1:2");
  EXPECT_EQ(find(b, "a"), "nobody");
}

TEST_F(redis_node_book_rules, all_have_the_secret_of_the_first) {
  const auto a = start("a", 1);
  const auto b = start("b", 2);
  EXPECT_EQ(a.book->keys().now.size(), 44U);
  EXPECT_EQ(a.book->keys().now, b.book->keys().now);
}

TEST_F(redis_node_book_rules, a_removed_secret_is_replaced_and_counts_for_a_while) {
  const auto a = start("a", 1);
  const auto b = start("b", 2);
  const auto first = a.book->keys().now;
  redis_.ask({"DEL", "bull:s1k:realtime:key"});
  ASSERT_TRUE(becomes(
      [&] { return a.book->keys().now != first && a.book->keys().now == b.book->keys().now; }));
  EXPECT_EQ(a.book->keys().before, first);
  EXPECT_EQ(b.book->keys().before, first);
}

TEST_F(redis_node_book_rules, one_that_leaves_is_gone) {
  const auto a = start("a", 1);
  auto b = start("b", 2);
  EXPECT_EQ(find(a, "b"), "10.0.0.1:2");
  b.book->stop();
  EXPECT_TRUE(becomes([&] { return find(a, "b") == "nobody"; }));
}

TEST_F(redis_node_book_rules, one_that_died_is_gone_when_its_time_is_over) {
  const auto a = start("a", 1);
  {
    auto b = start("b", 2, 300, 600'000);
    // It says nothing any more.
    b.client->stop();
  }
  EXPECT_TRUE(becomes([&] { return find(a, "b") == "nobody"; }));
  EXPECT_EQ(redis_.ask({"HEXISTS", "bull:s1k:realtime:nodes", "b"}), "0");
}

TEST_F(redis_node_book_rules, while_redis_is_away_what_was_read_last_holds) {
  const auto a = start("a", 1);
  const auto b = start("b", 2);
  ASSERT_TRUE(becomes([&] { return find(a, "b") != "nobody"; }));
  const auto secret = a.book->keys().now;
  redis_.freeze();
  EXPECT_EQ(find(a, "b"), "10.0.0.1:2");
  EXPECT_EQ(a.book->keys().now, secret);
  redis_.thaw();
}

}  // namespace
}  // namespace son1k::realtime::test
