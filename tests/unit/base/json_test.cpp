#include "base/json.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace son1k {
namespace {

struct refused_row {
  const char* name;
  std::string bytes;
  const char* part_of_message;
};
void PrintTo(const refused_row& row, std::ostream* out) {
  *out << row.name;
}

std::string many_members(int n) {
  std::string out = "{";
  for (int i = 0; i < n; ++i) out += (i == 0 ? "\"m" : ",\"m") + std::to_string(i) + "\":0";
  return out + "}";
}

class parse_json_refuses : public testing::TestWithParam<refused_row> {};

TEST_P(parse_json_refuses, with_the_reason) {
  const auto parsed = parse_json(GetParam().bytes);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, errc::malformed);
  EXPECT_NE(parsed.error().message.en.find(GetParam().part_of_message), std::string::npos)
      << parsed.error().message.en;
  EXPECT_FALSE(parsed.error().message.es.empty());
}

INSTANTIATE_TEST_SUITE_P(
    rows, parse_json_refuses,
    testing::Values(refused_row{"empty", "", "not valid JSON"},
                    refused_row{"cut", "{\"a\":", "not valid JSON"},
                    refused_row{"trailing", "{} {}", "not valid JSON"},
                    refused_row{"infinite", "{\"a\":1e400}", "not valid JSON"},
                    refused_row{"many_members", many_members(257), "more than 256"},
                    refused_row{"nan", "{\"a\":NaN}", "not valid JSON"},
                    refused_row{"lone_surrogate", "{\"a\":\"\\ud800\"}", "not valid JSON"},
                    refused_row{"bad_utf8", "{\"a\":\"\xff\"}", "not valid JSON"},
                    refused_row{"twice", "{\"a\":1,\"a\":2}", "twice"},
                    refused_row{"twice_inside", "{\"o\":{\"tier\":1,\"x\":2,\"tier\":3}}", "twice"},
                    refused_row{"deep", std::string(33, '[') + std::string(33, ']'),
                                "deeper than 32"},
                    refused_row{"depth_bomb", std::string(1'000'000, '['), "deeper than 32"}),
    [](const auto& row) { return row.param.name; });

TEST(parse_json, takes_the_depth_it_promises) {
  EXPECT_TRUE(parse_json(std::string(32, '[') + std::string(32, ']')).has_value());
}

TEST(parse_json, takes_the_members_it_promises) {
  EXPECT_EQ(parse_json(many_members(256))->as_object().size(), 256u);
}

TEST(parse_json, builds_what_was_written) {
  const std::string text =
      R"({"a":[1,-2,18446744073709551615,0.5,"\u00e9x",true,null,{}],"b":{"c":[]}})";
  EXPECT_EQ(*parse_json(text), boost::json::parse(text));
}

TEST(parse_json, nothing_of_a_refused_text_is_in_the_next) {
  const std::string many(20'000, ' ');
  for (const std::string refused : {R"({"a":{"b":[1,{"c":)", R"({"a":1,"a":2})", R"({"name)"}) {
    for (const auto& space : {std::string(), many}) {
      EXPECT_FALSE(parse_json(refused + space).has_value()) << refused;
      EXPECT_EQ(*parse_json(R"([{"a":1}])"), boost::json::parse(R"([{"a":1}])")) << refused;
    }
  }
}

TEST(json_writer, writes_what_parses_to_the_same) {
  json_writer out;
  out.text("t", "quote \" back \\ tab \t nul\x01 é");
  out.integer("n", -7);
  out.boolean("b", true);
  EXPECT_EQ(
      boost::json::parse(out.finish()),
      (boost::json::value{{"t", "quote \" back \\ tab \t nul\x01 é"}, {"n", -7}, {"b", true}}));
  EXPECT_EQ(out.finish(), "{}");
}

TEST(parse_json, allows_one_name_in_two_objects) {
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":2},{"b":{"a":3},"a":4}])").has_value());
}

TEST(object_reader, reads_what_is_there_and_leaves_the_rest_open) {
  const auto v = *parse_json(R"({"n":7,"d":60.0,"s":"é","b":true,"l":["x"],"z":null})");
  object_reader in(v);
  EXPECT_EQ(in.integer("n", 0, 10), 7);
  EXPECT_EQ(in.integer("d", 0, 100), 60);
  EXPECT_EQ(in.utf8("s", {1, 1, false}), "é");
  EXPECT_EQ(in.boolean("b"), true);
  EXPECT_EQ(in.texts("l", 1, 1), std::vector<std::string>{"x"});
  EXPECT_EQ(in.integer("z", 0, 1), std::nullopt);
  EXPECT_EQ(in.integer("absent", 0, 1), std::nullopt);
  EXPECT_TRUE(in.finish().has_value());
}

TEST(object_reader, names_the_first_wrong_field) {
  const auto v = *parse_json(R"({"duration":601,"quality":3})");
  object_reader in(v, "request.");
  EXPECT_FALSE(in.integer("duration", 5, 600).has_value());
  EXPECT_FALSE(in.boolean("quality").has_value());
  const auto done = in.finish();
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, errc::validation);
  EXPECT_EQ(done.error().field, "request.duration");
}

TEST(object_reader, refuses_a_member_nobody_reads) {
  const auto v = *parse_json(R"({"prompt":"x","is_admin":true})");
  object_reader in(v);
  in.utf8("prompt", {});
  const auto done = in.finish();
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().field, "is_admin");
}

struct number_row {
  const char* name;
  const char* json;
};
void PrintTo(const number_row& row, std::ostream* out) {
  *out << row.name;
}
class integer_refuses : public testing::TestWithParam<number_row> {};
TEST_P(integer_refuses, what_is_no_whole_number_in_range) {
  const auto v = *parse_json(std::string("{\"n\":") + GetParam().json + "}");
  object_reader in(v);
  EXPECT_FALSE(in.integer("n", 5, 600).has_value());
  EXPECT_FALSE(in.finish().has_value());
}
INSTANTIATE_TEST_SUITE_P(rows, integer_refuses,
                         testing::Values(number_row{"below", "4"}, number_row{"above", "601"},
                                         number_row{"text", "\"x\""}, number_row{"huge", "1e9"},
                                         number_row{"fraction", "5.5"},
                                         number_row{"unsigned", "18446744073709551615"},
                                         number_row{"truth", "true"}, number_row{"list", "[6]"}),
                         [](const auto& row) { return row.param.name; });

TEST(object_reader, refuses_blank_and_nul_text) {
  const auto blank = *parse_json("{\"s\":\" \\t\\u00a0\"}");
  object_reader first(blank);
  first.utf8("s", {1, 10, false});
  EXPECT_FALSE(first.finish().has_value());
  const auto nul = *parse_json("{\"s\":\"a\\u0000b\"}");
  object_reader second(nul);
  second.utf8("s", {});
  EXPECT_FALSE(second.finish().has_value());
}

TEST(object_reader, refuses_what_is_no_object) {
  object_reader in(*parse_json("[1]"));
  EXPECT_EQ(in.finish().error().field, "body");
}

}  // namespace
}  // namespace son1k
