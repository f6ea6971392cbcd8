// A connection that is driven by the thread that asks.
#include "integration/redis/redis_test.hpp"
#include "net/redis/redis_solo.hpp"

namespace son1k::net {
namespace {

class redis_alone : public redis_test {
 protected:
  static std::unique_ptr<redis_solo> solo(const redis_client& like) {
    auto made = redis_solo::make(like, "alone");
    if (!made) throw std::runtime_error(made.error().what());
    return std::move(*made);
  }
  static redis_command read_stream() { return {"XREAD", "BLOCK", "0", "STREAMS", "events", "0"}; }
};

TEST_F(redis_alone, what_is_asked_is_answered_on_the_thread_that_asks) {
  redis_server server;
  const auto client = connect(server.url());
  const auto one = solo(*client);
  ASSERT_TRUE(one->ask({"SET", "a", "1"}));
  EXPECT_EQ(one->ask({"GET", "a"})->bytes(), "1");
  EXPECT_EQ(one->ask({"CLIENT", "GETNAME"})->bytes(), "alone");
  const auto refused = one->ask({"INCR"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message.en, testing::HasSubstr("wrong number"));
}

TEST_F(redis_alone, a_call_that_blocks_hears_what_comes) {
  redis_server server;
  const auto client = connect(server.url());
  const auto one = solo(*client);
  std::thread writer([&] {
    until([&] {
      const auto info = client->call_and_wait({"INFO", "clients"});
      return info && info->bytes().find("blocked_clients:1") != std::string_view::npos;
    });
    (void)client->call_and_wait({"XADD", "events", "*", "event", "added"});
  });
  redis_call_options options;
  options.block = 60s;
  const auto got = one->ask(read_stream(), options);
  writer.join();
  ASSERT_TRUE(got) << got.error().what();
  EXPECT_EQ((*got)[0][0].bytes(), "events");
}

TEST_F(redis_alone, it_comes_back_when_its_server_does) {
  redis_server server;
  const auto client = connect(server.url());
  const auto one = solo(*client);
  ASSERT_TRUE(one->ask({"PING"}));
  server.restart();
  // The loss may be seen only by a call that had left.
  until([&] { return one->ask({"PING"}).has_value(); });
}

TEST_F(redis_alone, its_end_ends_what_blocks_and_refuses_what_follows) {
  redis_server server;
  const auto client = connect(server.url());
  const auto one = solo(*client);
  std::thread other([&] { one->end(); });
  redis_call_options options;
  options.block = 60s;
  EXPECT_FALSE(one->ask(read_stream(), options));
  other.join();
  EXPECT_FALSE(one->ask({"PING"}));
}

}  // namespace
}  // namespace son1k::net
