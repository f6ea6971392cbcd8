// The request of a piece that goes on where another ends.
#include "api/generation_extend.hpp"

#include <gtest/gtest.h>

#include "music/brief/brief.hpp"

namespace son1k::api {
namespace {

constexpr std::string_view piece_id = "0192f000-7abc-7def-8123-000000000001";

generation_request asked(std::string_view body) {
  return read_generation_request(body, piece_id).value();
}

TEST(job_data, is_read_as_it_was_written) {
  auto one = asked(
      R"({"prompt":"cumbia","style":"alegre","duration":45,"quality":"premium","lyrics":"la",
          "title":"T","instrumental":false,"negativeTags":"drums","seed":7,"format":"ogg"})");
  one.extends = std::string(piece_id);
  one.piece.parts = {{30, ""}, {45, "add \"brass\""}};
  const auto data = to_job_data(one, piece_id, "ana");
  const auto two = read_job_data(data);
  ASSERT_TRUE(two.has_value()) << two.error().what();
  EXPECT_EQ(to_job_data(*two, piece_id, "ana"), data);
  EXPECT_EQ(two->extends, piece_id);
  ASSERT_EQ(two->piece.parts.size(), 2U);
  EXPECT_EQ(two->piece.parts[1].until_seconds, 45);
  EXPECT_EQ(two->piece.parts[1].prompt, "add \"brass\"");
  for (const char* broken : {"", "[]", "{}", R"({"quality":"best","format":"mp3"})",
                             R"({"quality":"ultra","format":"mp3","parts":[1]})"})
    EXPECT_FALSE(read_job_data(broken).has_value()) << broken;
}

TEST(extension, adds_to_what_sounds) {
  const auto once = read_extension(R"({"duration":20})", asked(R"({"prompt":"x","duration":40})"));
  ASSERT_TRUE(once.has_value()) << once.error().what();
  EXPECT_EQ(once->piece.duration_seconds, 60);
  const auto twice = read_extension(R"({"duration":15,"prompt":"sad"})", *once);
  ASSERT_TRUE(twice.has_value()) << twice.error().what();
  ASSERT_EQ(twice->piece.parts.size(), 3U);
  EXPECT_EQ(twice->piece.parts[0].until_seconds, 40);
  EXPECT_EQ(twice->piece.parts[1].until_seconds, 60);
  EXPECT_EQ(twice->piece.parts[2].until_seconds, 75);
  EXPECT_EQ(twice->piece.parts[2].prompt, "sad");
}

TEST(extension, counts_the_seconds_of_a_piece_that_nobody_gave_a_length) {
  const auto before = asked(R"({"prompt":"pop, 30 seconds"})");
  const auto made = read_extension(R"({"duration":10})", before);
  ASSERT_TRUE(made.has_value()) << made.error().what();
  EXPECT_EQ(made->piece.parts[0].until_seconds, 30);
  EXPECT_EQ(made->piece.duration_seconds, 40);
}

TEST(extension, counts_bars_by_tempo_and_metre) {
  const auto four = asked(R"({"prompt":"pop 120 bpm in 4/4","duration":30})");
  EXPECT_EQ(read_extension(R"({"bars":8})", four)->piece.duration_seconds, 46);
  const auto waltz = asked(R"({"prompt":"waltz 90 bpm in 3/4","duration":30})");
  EXPECT_EQ(read_extension(R"({"bars":8})", waltz)->piece.duration_seconds, 46);
  EXPECT_EQ(read_extension(R"({"bars":1})", four)->piece.duration_seconds, 35) << "at least 5 s";
}

TEST(extension, beyond_600_seconds_or_20_parts_is_refused) {
  const auto long_one = asked(R"({"prompt":"x","duration":590})");
  EXPECT_EQ(read_extension(R"({"duration":11})", long_one).error().field, "duration");
  EXPECT_TRUE(read_extension(R"({"duration":10})", long_one).has_value());
  auto grown = asked(R"({"prompt":"x","duration":10})");
  for (int n = 2; n <= static_cast<int>(music::piece_parts_max); ++n)
    grown = read_extension(R"({"duration":5})", grown).value();
  EXPECT_EQ(read_extension(R"({"duration":5})", grown).error().field, "id");
}

}  // namespace
}  // namespace son1k::api
