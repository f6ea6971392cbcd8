// What a job must look like to be added.
#include <gtest/gtest.h>

#include "queue/job.hpp"

namespace son1k::queue {
namespace {

job_spec good() {
  job_spec s;
  s.queue = "songs";
  s.kind = "probe";
  return s;
}

TEST(check, a_plain_job_passes) {
  EXPECT_TRUE(check(good()));
}

TEST(check, ids_follow_bullmq) {
  struct row {
    std::string id;
    bool good;
  };
  const row rows[] = {
      {"", true},
      {"a", true},
      {"a:b:c", true},
      {"3f-1", true},
      {"a-1.b_c", true},
      {"0", false},
      {"0:a:b", false},
      {"12", false},
      {"-7", false},
      {"a:b", false},
      {"a:b:c:d", false},
      {"a b", false},
      {"a\nb", false},
      {"\xff", false},
      {"canción", true},
      {std::string(128, 'x'), true},
      {std::string(129, 'x'), false},
      {"99999999999999999999999", false},
      {"1.5", true},
  };
  for (const auto& r : rows) {
    auto s = good();
    s.id = r.id;
    const auto ok = check(s);
    EXPECT_EQ(ok.has_value(), r.good) << r.id;
    if (!ok) {
      EXPECT_EQ(ok.error().field, "id");
    }
  }
}

TEST(check, names_are_bounded_and_plain) {
  for (const auto& name : {std::string(), std::string("a:b"), std::string("a b"), std::string("ñ"),
                           std::string(129, 'q')}) {
    auto s = good();
    s.queue = name;
    ASSERT_FALSE(check(s)) << name;
    EXPECT_EQ(check(s).error().field, "queue");
  }
  for (const auto& name :
       {std::string(), std::string("  "), std::string("a\tb"), std::string(129, 'q')}) {
    auto s = good();
    s.kind = name;
    ASSERT_FALSE(check(s)) << name;
    EXPECT_EQ(check(s).error().field, "kind");
  }
}

TEST(check, data_is_one_json_value_of_at_most_a_mebibyte) {
  const std::string deep(65, '['), close(65, ']');
  for (const auto& text :
       {std::string("{}"), std::string("null"), std::string("[1,\"a\"]"),
        std::string("  {\"a\":1} "), '"' + std::string(data_bytes_max - 2, 'x') + '"'}) {
    auto s = good();
    s.data = text;
    EXPECT_TRUE(check(s)) << text.substr(0, 40);
  }
  for (const auto& text : {std::string(), std::string("{"), std::string("{}{}"),
                           std::string("{a:1}"), std::string("\"\xff\""), deep + close}) {
    auto s = good();
    s.data = text;
    ASSERT_FALSE(check(s)) << text;
    EXPECT_EQ(check(s).error().code, errc::validation);
    EXPECT_EQ(check(s).error().field, "data");
    EXPECT_FALSE(check(s).error().message.es.empty());
  }
  auto s = good();
  s.data = '"' + std::string(data_bytes_max - 1, 'x') + '"';
  EXPECT_EQ(check(s).error().code, errc::payload_too_large);
}

TEST(check, options_are_in_range_and_the_field_is_named) {
  struct row {
    std::string field;
    void (*spoil)(job_options&);
  };
  const row rows[] = {
      {"options.priority", [](job_options& o) { o.priority = priority_max + 1; }},
      {"options.priority", [](job_options& o) { o.priority = -1; }},
      {"options.delay", [](job_options& o) { o.delay_ms = -1; }},
      {"options.attempts", [](job_options& o) { o.attempts = 0; }},
      {"options.backoff.delay", [](job_options& o) { o.backoff.delay_ms = 86'400'001; }},
      {"options.backoff.jitter", [](job_options& o) { o.backoff.jitter = 1.1; }},
      {"options.timeout", [](job_options& o) { o.timeout_ms = -1; }},
      {"options.expiresIn", [](job_options& o) { o.expires_in_ms = -1; }},
      {"options.keepCompleted.age", [](job_options& o) { o.keep_completed.age_ms = -1; }},
      {"options.keepFailed.count", [](job_options& o) { o.keep_failed.count = 1'000'001; }},
      {"options.traceparent", [](job_options& o) { o.traceparent = "a\nb"; }},
  };
  for (const auto& r : rows) {
    auto s = good();
    r.spoil(s.options);
    ASSERT_FALSE(check(s)) << r.field;
    EXPECT_EQ(check(s).error().field, r.field);
    EXPECT_EQ(check(s).error().code, errc::validation);
  }
  auto s = good();
  s.options.priority = priority_max;
  EXPECT_TRUE(check(s));
}

}  // namespace
}  // namespace son1k::queue
