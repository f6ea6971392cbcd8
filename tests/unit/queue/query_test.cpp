// The query language: what each term means, and what is said of a bad one.
#include "queue/query.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace son1k::queue {
namespace {

constexpr std::int64_t now_ms = 1'769'860'800'000;  // 2026-01-31T12:00:00Z
constexpr std::int64_t hour_ms = 3'600'000;

job_view sample() {
  job_view job;
  job.queue = "music";
  job.id = "j-1";
  job.kind = "generation";
  job.state = job_state::failed;
  job.data = R"({"prompt":"Lofi ÁRBOL","n":3,"deep":{"list":["a",{"x":2.50}]},"on":true})";
  job.error = job_error{"timeout", "Timed out after 30 s", true};
  job.user = "ana";
  job.worker = "w 1";
  job.options.group = "g";
  job.options.priority = 5;
  job.attempts_made = 3;
  job.added_at_ms = now_ms - 3 * hour_ms;
  job.started_at_ms = now_ms - 2 * hour_ms;
  job.finished_at_ms = now_ms - 2 * hour_ms + 40'000;
  return job;
}

bool holds(std::string_view text) {
  const auto query = parse_query(text, now_ms);
  if (!query) {
    ADD_FAILURE() << text << ": " << query.error().what();
    return false;
  }
  return matches(*query, sample(), {"f00d", now_ms - 3 * hour_ms + 1'000});
}

TEST(query, terms_that_hold) {
  for (const auto* text : {"",
                           "  ",
                           "state:failed",
                           "kind:generation queue:music",
                           "id:j-1",
                           "user:ana",
                           "worker:\"w 1\"",
                           "group:g",
                           "fingerprint:f00d",
                           "error:timeout",
                           "error~\"timed OUT\"",
                           "data.prompt~lofi",
                           "data.prompt~árbol",
                           "data.n:3",
                           "data.n:3.0",
                           "data.deep.list:a",
                           "data.deep.list.x:2.5",
                           "data.on:true",
                           "priority:5",
                           "priority>4",
                           "priority<6",
                           "attempts>2",
                           "stalls:0",
                           "stalls<1",
                           "duration>30s",
                           "duration<41s",
                           "wait>59m",
                           "wait<1h",
                           "created>2h",
                           "created<4h",
                           "finished<2h",
                           "started<3h",
                           "created<2026-01-31T10:00",
                           "created>2026-01-31",
                           "created>2026-01-31T09:00:00Z",
                           "-state:completed",
                           "-user:eva -error~refused",
                           "-data.n:4",
                           "-created<2h"}) {
    EXPECT_TRUE(holds(text)) << text;
  }
}

TEST(query, terms_that_do_not_hold) {
  for (const auto* text : {"state:completed",    "state:cancelled",
                           "kind:Generation",    "user:\"\"",
                           "error:Timeout",      "error~refused",
                           "data.prompt~house",  "data.missing:3",
                           "data.n:30",          "data.deep:a",
                           "priority<5",         "attempts<3",
                           "attempts:2",         "duration>40s",
                           "duration<40s",       "wait>1h",
                           "created<2h",         "created>2026-01-31T09:00:01Z",
                           "created<2026-01-31", "-state:failed",
                           "-data.prompt~lofi",  "state:failed user:eva"}) {
    EXPECT_FALSE(holds(text)) << text;
  }
}

TEST(query, a_cancelled_job_is_not_a_failed_one) {
  auto job = sample();
  job.error->code = "cancelled";
  EXPECT_TRUE(matches(*parse_query("state:cancelled", now_ms), job));
  EXPECT_FALSE(matches(*parse_query("state:failed", now_ms), job));
}

TEST(query, a_time_that_is_not_known_compares_with_nothing) {
  auto job = sample();
  job.started_at_ms = job.finished_at_ms = 0;
  for (const auto* text : {"started>1m", "started<1m", "finished<1m", "duration<1h", "wait>0s"}) {
    EXPECT_FALSE(matches(*parse_query(text, now_ms), job)) << text;
  }
}

TEST(query, quotes_hold_spaces_and_escapes) {
  const auto query = parse_query(R"(user:"a \"b\" \\ c" kind:x)", now_ms);
  ASSERT_TRUE(query);
  ASSERT_EQ(query->terms.size(), 2U);
  EXPECT_EQ(query->terms[0].value, R"(a "b" \ c)");
  EXPECT_EQ(*query->wanted(query_field::kind), "x");
}

struct bad_row {
  std::string text;
  std::string says;  // part of the English message
};

TEST(query, a_bad_term_is_named_with_its_place_and_what_is_allowed) {
  const bad_row rows[] = {
      {"timeout", "at position 1, \"timeout\": a term is a field"},
      {"kind:x colour:red", "at position 8, \"colour:red\""},
      {"kind>3", "after kind comes one of: :"},
      {"error>x", "after error comes one of: : ~"},
      {"state:broken", "a state is one of: waiting, prioritized"},
      {"user:", "the value is missing"},
      {"user:\"ana", "closing quote is missing"},
      {"user:\"ana\"x", "after the closing quote comes a space"},
      {R"(user:"a\n")", "are escapes"},
      {"error~ab", "at least 3 bytes"},
      {"data.:3", "a path is 1 to 8"},
      {"data.a..b:3", "a path is 1 to 8"},
      {"data.a.b.c.d.e.f.g.h.i:3", "a path is 1 to 8"},
      {"priority:high", "a whole number"},
      {"priority:-1", "a whole number"},
      {"attempts>99999999999999999999", "a whole number"},
      {"duration>30", "a number and a unit"},
      {"duration>30x", "a number and a unit"},
      {"created<yesterday", "an age as 2h"},
      {"created<2026-02-30", "an age as 2h"},
      {"created<2026-01-31T25:00", "an age as 2h"},
      {"created>99999w", "an age as 2h"},
      {"--kind:x", "a term is a field"},
      {std::string(2'001, 'x'), "at most 2000 bytes"},
      {"user:" + std::string(501, 'x'), "at most 500 bytes"},
      {"user:\xff", "must be UTF-8"},
  };
  for (const auto& row : rows) {
    const auto query = parse_query(row.text, now_ms);
    ASSERT_FALSE(query) << row.text;
    EXPECT_EQ(query.error().code, errc::validation);
    EXPECT_EQ(query.error().field, "query");
    EXPECT_THAT(query.error().message.en, testing::HasSubstr(row.says)) << row.text;
    EXPECT_FALSE(query.error().message.es.empty()) << row.text;
  }
}

TEST(query, positions_count_characters) {
  const auto query = parse_query("user:ñandú x:1", now_ms);
  ASSERT_FALSE(query);
  EXPECT_THAT(query.error().message.en, testing::HasSubstr("at position 12"));
}

TEST(query, terms_are_bounded) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "user:a ";
  EXPECT_TRUE(parse_query(text, now_ms));
  EXPECT_FALSE(parse_query(text + "user:a", now_ms));
}

}  // namespace
}  // namespace son1k::queue
