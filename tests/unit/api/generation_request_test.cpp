#include "api/generation_request.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/generation_events.hpp"
#include "api/pace.hpp"

namespace son1k::api {
namespace {
namespace json = boost::json;

constexpr std::string_view id = "0192f000-7abc-7def-8123-000000000001";

TEST(generation_request, reads_every_field) {
  const auto r = read_generation_request(
      R"({"prompt":"cumbia alegre","style":"tropical","duration":45,"quality":"premium",
          "customMode":true,"lyrics":"la la","title":"T","instrumental":false,"tags":["fun"],
          "negativeTags":"drums","seed":7,"provider":"local","format":"ogg"})",
      id);
  ASSERT_TRUE(r.has_value()) << r.error().what();
  EXPECT_EQ(r->piece.prompt, "cumbia alegre");
  EXPECT_EQ(r->piece.style, "tropical, fun");
  EXPECT_EQ(r->piece.duration_seconds, 45);
  EXPECT_EQ(r->piece.grade, music::quality::premium);
  EXPECT_EQ(r->piece.seed, 7u);
  EXPECT_EQ(r->piece.negative_tags, "drums");
  EXPECT_EQ(r->format, music::audio_format::ogg);
}

TEST(generation_request, without_a_seed_the_id_gives_one) {
  const auto one = read_generation_request(R"({"prompt":"x"})", id);
  const auto two = read_generation_request(R"({"prompt":"x"})", id);
  const auto other = read_generation_request(R"({"prompt":"x"})", "other");
  EXPECT_EQ(one->piece.seed, two->piece.seed);
  EXPECT_NE(one->piece.seed, other->piece.seed);
  EXPECT_FALSE(one->piece.duration_seconds.has_value());
}

struct bad_row {
  const char* name;
  std::string body;
  errc code;
  const char* field;
};
void PrintTo(const bad_row& row, std::ostream* out) {
  *out << row.name;
}
class generation_request_refuses : public testing::TestWithParam<bad_row> {};
TEST_P(generation_request_refuses, naming_the_field) {
  const auto r = read_generation_request(GetParam().body, id);
  ASSERT_FALSE(r.has_value());
  EXPECT_EQ(r.error().code, GetParam().code);
  EXPECT_EQ(r.error().field, GetParam().field);
  EXPECT_FALSE(r.error().message.en.empty());
  EXPECT_FALSE(r.error().message.es.empty());
}
std::string with(const std::string& more) {
  return R"({"prompt":"x",)" + more + "}";
}
INSTANTIATE_TEST_SUITE_P(
    rows, generation_request_refuses,
    testing::Values(bad_row{"no_prompt", "{}", errc::validation, "prompt"},
                    bad_row{"empty_prompt", R"({"prompt":""})", errc::validation, "prompt"},
                    bad_row{"blank_prompt", R"({"prompt":" \n\u3000"})", errc::validation,
                            "prompt"},
                    bad_row{"long_prompt", R"({"prompt":")" + std::string(2001, 'a') + "\"}",
                            errc::validation, "prompt"},
                    bad_row{"bytes_prompt", "{\"prompt\":\"\xc3\x28\"}", errc::malformed, "body"},
                    bad_row{"short", with(R"("duration":4)"), errc::validation, "duration"},
                    bad_row{"long", with(R"("duration":601)"), errc::validation, "duration"},
                    bad_row{"text", with(R"("duration":"x")"), errc::validation, "duration"},
                    bad_row{"huge", with(R"("duration":1e9)"), errc::validation, "duration"},
                    bad_row{"quality", with(R"("quality":"best")"), errc::validation, "quality"},
                    bad_row{"format", with(R"("format":"aac")"), errc::validation, "format"},
                    bad_row{"provider", with(R"("provider":"suno")"), errc::validation, "provider"},
                    bad_row{"tier", with(R"("tier":"ENTERPRISE")"), errc::validation, "tier"},
                    bad_row{"credits", with(R"("credits":9)"), errc::validation, "credits"},
                    bad_row{"broken", R"({"prompt":)", errc::malformed, "body"},
                    bad_row{"list", "[]", errc::validation, "body"}),
    [](const auto& row) { return row.param.name; });

TEST(generation_request, exactly_2000_characters_pass_whatever_their_bytes) {
  std::string prompt;
  for (int i = 0; i < 2000; ++i) prompt += "é";
  EXPECT_TRUE(read_generation_request(R"({"prompt":")" + prompt + "\"}", id).has_value());
}

TEST(generation_request, job_data_holds_what_the_kind_needs) {
  const auto r = read_generation_request(R"({"prompt":"x","duration":5,"seed":1})", id);
  const auto data = json::parse(to_job_data(*r, id, "local")).as_object();
  EXPECT_EQ(data.at("generationId").as_string(), id);
  EXPECT_EQ(data.at("duration").as_int64(), 5);
  EXPECT_EQ(data.at("format"), "mp3");
  EXPECT_EQ(data.at("quality"), "standard");
}

queue::job_event event_of(queue::event_type type) {
  queue::job_event e;
  e.queue = "generation";
  e.job_id = "j";
  e.type = type;
  return e;
}

TEST(generation_event, shows_progress_completion_and_failure) {
  auto e = event_of(queue::event_type::progress);
  e.progress = {42, "mixing"};
  const auto progress = generation_event(e);
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(progress->name, "generation:progress");
  EXPECT_EQ(progress->topic, "generation:j");
  EXPECT_EQ(progress->data.at("progress").to_number<int>(), 42);

  e = event_of(queue::event_type::completed);
  e.detail = R"({"duration":60.01})";
  const auto complete = generation_event(e);
  ASSERT_TRUE(complete.has_value());
  const auto& data = complete->data;
  EXPECT_EQ(data.at("audioUrl"), "/api/generation/j/audio");
  EXPECT_DOUBLE_EQ(data.at("duration").as_double(), 60.01);

  e = event_of(queue::event_type::cancelled);
  EXPECT_EQ(generation_event(e)->name, "generation:error");
}

TEST(generation_event, other_queues_are_not_shown) {
  auto e = event_of(queue::event_type::completed);
  e.queue = "probe";
  EXPECT_FALSE(generation_event(e).has_value());
}

TEST(pace, says_nothing_before_it_has_learnt) {
  pace p;
  EXPECT_FALSE(p.estimate(60, 0, 2).has_value());
  p.learn(3.0, 60.0);
  EXPECT_NEAR(*p.estimate(60, 0, 2), 3.0, 1e-9);
  EXPECT_NEAR(*p.estimate(60, 4, 2), 9.0, 1e-9);
}

}  // namespace
}  // namespace son1k::api
