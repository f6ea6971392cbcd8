// What is read of a Redis for start-up and doctor.
#include "net/redis/redis_facts.hpp"
#include "redis_test.hpp"

namespace son1k::net {
namespace {

using test::redis_options;

class redis_facts_of : public redis_test {};

TEST_F(redis_facts_of, a_server_are_its_version_role_policy_durability_and_clock) {
  redis_server server({{"appendonly", "yes"},
                       {"appendfsync", "always"},
                       {"maxmemory", "100mb"},
                       {"maxmemory-policy", "allkeys-lru"}});
  auto client = connect(server.url());
  const auto facts = read_redis_facts(*client, system_clock());
  ASSERT_TRUE(facts) << facts.error().what();
  EXPECT_GE(version_number(facts->version), 60'000);
  EXPECT_EQ(facts->mode, "standalone");
  EXPECT_EQ(facts->role, "master");
  EXPECT_EQ(facts->maxmemory_policy, "allkeys-lru");
  EXPECT_EQ(facts->maxmemory, 100 * 1024 * 1024);
  EXPECT_GT(facts->used_memory, 100'000);
  EXPECT_TRUE(facts->aof);
  EXPECT_EQ(facts->aof_fsync, "always");
  EXPECT_FALSE(facts->loading);
  // The same machine's clock: apart by no more than the question took, and rounding.
  EXPECT_LE(std::abs(facts->skew_ms), facts->round_ms + 1);
}

TEST_F(redis_facts_of, a_server_that_forbids_config_are_read_all_the_same) {
  redis_server server(redis_options{{"user", "app on >pw ~* &* +@all -config"}});
  auto client = connect("redis://app:pw@" + server.host_port());
  const auto facts = read_redis_facts(*client, system_clock());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->maxmemory_policy, "noeviction");
  EXPECT_EQ(facts->aof_fsync, "");
}

TEST_F(redis_facts_of, a_replica_say_so) {
  redis_server master;
  redis_server replica(redis_options{{"replicaof", "127.0.0.1 " + std::to_string(master.port())}});
  auto client = connect(replica.url());
  EXPECT_EQ(read_redis_facts(*client, system_clock()).value().role, "slave");
}

TEST(redis_info, a_field_is_found_by_its_whole_name) {
  const std::string_view info = "# Memory\r\nmaxmemory_policy:noeviction\r\nmaxmemory:12\r\nlast:x";
  EXPECT_EQ(info_field(info, "maxmemory"), "12");
  EXPECT_EQ(info_field(info, "last"), "x");
  EXPECT_EQ(info_field(info, "memory"), "");
}

TEST(redis_info, versions_compare_as_numbers) {
  EXPECT_EQ(version_number("7.0.15"), 70'015);
  EXPECT_GT(version_number("10.0"), version_number("9.9.99"));
  EXPECT_EQ(version_number("unknown"), 0);
}

}  // namespace
}  // namespace son1k::net
