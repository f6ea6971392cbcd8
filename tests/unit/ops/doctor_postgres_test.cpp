// What doctor makes of the facts of a PostgreSQL.
#include "ops/doctor_postgres.hpp"

#include <gmock/gmock.h>

namespace son1k::ops {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

postgres_facts sound() {
  postgres_facts out;
  out.version = "15.6";
  out.version_number = 150'006;
  out.may_create = out.fsync = true;
  out.synchronous_commit = "on";
  out.connections = 20;
  out.connections_max = 100;
  return out;
}

// The rows that are not well: "about: verdict".
std::vector<std::string> amiss(const postgres_facts& facts) {
  std::vector<std::string> out;
  for (const auto& one : judge_postgres(facts)) {
    if (one.how == verdict::good) continue;
    EXPECT_FALSE(one.advice.en.empty() || one.advice.es.empty()) << one.about;
    out.push_back(one.about + ": " + std::string(name_of(one.how)));
  }
  return out;
}

std::vector<std::string> amiss_with(auto postgres_facts::*field, auto value) {
  auto facts = sound();
  facts.*field = value;
  return amiss(facts);
}

TEST(doctor_postgres, a_server_in_order_has_nothing_to_do) {
  EXPECT_THAT(amiss(sound()), IsEmpty());
}

TEST(doctor_postgres, a_server_that_takes_no_writes_or_tables_is_bad) {
  using facts = postgres_facts;
  EXPECT_THAT(amiss_with(&facts::standby, true), ElementsAre("postgres: bad"));
  EXPECT_THAT(amiss_with(&facts::read_only, true), ElementsAre("postgres: bad"));
  EXPECT_THAT(amiss_with(&facts::may_create, false), ElementsAre("postgres: bad"));
  EXPECT_THAT(amiss_with(&facts::version_number, 120'010), ElementsAre("postgres: bad"));
}

TEST(doctor_postgres, what_may_lose_acknowledged_rows_is_bad) {
  using facts = postgres_facts;
  EXPECT_THAT(amiss_with(&facts::fsync, false), ElementsAre("postgres durability: bad"));
  EXPECT_THAT(amiss_with(&facts::synchronous_commit, "off"),
              ElementsAre("postgres durability: bad"));
  EXPECT_THAT(amiss_with(&facts::synchronous_commit, "remote_write"), IsEmpty());
}

TEST(doctor_postgres, few_connections_left_and_a_clock_apart_are_told) {
  using facts = postgres_facts;
  EXPECT_THAT(amiss_with(&facts::connections, 81), ElementsAre("postgres connections: warning"));
  EXPECT_THAT(amiss_with(&facts::skew_ms, -2'000), ElementsAre("postgres clock: warning"));
  EXPECT_THAT(amiss_with(&facts::skew_ms, 31'000), ElementsAre("postgres clock: bad"));
}

}  // namespace
}  // namespace son1k::ops
