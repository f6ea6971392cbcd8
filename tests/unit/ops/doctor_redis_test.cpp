// What doctor makes of the facts of a Redis.
#include "ops/doctor_redis.hpp"

#include <gmock/gmock.h>

namespace son1k::ops {
namespace {

using testing::HasSubstr;
using testing::Not;

net::redis_facts well() {
  net::redis_facts out;
  out.version = "7.0.15";
  out.mode = "standalone";
  out.role = "master";
  out.maxmemory_policy = "noeviction";
  out.aof = true;
  out.aof_fsync = "everysec";
  return out;
}

// The rows that are not well: "about: verdict".
std::vector<std::string> ill(const net::redis_facts& facts) {
  std::vector<std::string> out;
  for (const auto& one : judge_redis(facts)) {
    if (one.how == verdict::good) continue;
    EXPECT_FALSE(one.advice.en.empty() || one.advice.es.empty()) << one.about;
    out.push_back(one.about + ": " + std::string(name_of(one.how)));
  }
  return out;
}

TEST(doctor_redis, a_server_in_order_has_nothing_to_do) {
  EXPECT_EQ(ill(well()), std::vector<std::string>());
}

TEST(doctor_redis, a_policy_that_evicts_jobs_is_bad) {
  auto facts = well();
  facts.maxmemory_policy = "allkeys-lru";
  EXPECT_EQ(ill(facts), std::vector<std::string>{"redis memory: bad"});
}

TEST(doctor_redis, without_the_append_only_file_it_warns) {
  auto facts = well();
  facts.aof = false;
  EXPECT_EQ(ill(facts), std::vector<std::string>{"redis durability: warning"});
}

TEST(doctor_redis, a_replica_and_an_old_version_are_bad) {
  auto facts = well();
  facts.role = "slave";
  EXPECT_EQ(ill(facts), std::vector<std::string>{"redis: bad"});
  facts = well();
  facts.version = "6.2.9";
  EXPECT_EQ(ill(facts), std::vector<std::string>{"redis: bad"});
}

TEST(doctor_redis, a_clock_apart_counts_beyond_what_the_question_took) {
  auto facts = well();
  facts.skew_ms = -1'400;
  facts.round_ms = 1'000;
  EXPECT_EQ(ill(facts), std::vector<std::string>());
  facts.round_ms = 10;
  EXPECT_EQ(ill(facts), std::vector<std::string>{"redis clock: warning"});
  facts.skew_ms = 31'000;
  EXPECT_EQ(ill(facts), std::vector<std::string>{"redis clock: bad"});
}

TEST(doctor_redis, a_fleet_of_another_version_than_the_setting_is_bad_and_names_the_queue) {
  const auto how = [](const char* version, std::int64_t set) {
    return judge_fleet({{"songs", version}}, set);
  };
  EXPECT_EQ(judge_fleet({}, 6).how, verdict::good);
  for (const auto& [version, set] : {std::pair("bullmq:5.81.5", 5),
                                     {"bullmq:6.7.0", 6},
                                     {"bullmq:7.0.0", 6},
                                     {"something else", 6}})
    EXPECT_EQ(how(version, set).how, verdict::good) << version;
  for (const auto& [version, set] : {std::pair("bullmq:5.81.5", 6),
                                     {"bullmq:6.7.0", 5},
                                     {"bullmq:4.18.2", 5},
                                     {"bullmq:4.18.2", 6}}) {
    const auto found = how(version, set);
    EXPECT_EQ(found.how, verdict::bad) << version;
    EXPECT_THAT(found.what.en, HasSubstr("songs"));
    EXPECT_THAT(found.what.es, HasSubstr(version));
    EXPECT_THAT(found.advice.en, HasSubstr("SON1K_BULLMQ_VERSION"));
    EXPECT_FALSE(found.advice.es.empty());
  }
}

TEST(doctor_redis, an_address_that_is_none_is_said_without_its_password) {
  const auto findings = check_redis("http://:hunter2@host", {});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].how, verdict::bad);
  EXPECT_THAT(findings[0].what.en + findings[0].advice.en, Not(HasSubstr("hunter2")));
  EXPECT_THAT(findings[0].advice.en, HasSubstr("REDIS_URL"));
}

}  // namespace
}  // namespace son1k::ops
