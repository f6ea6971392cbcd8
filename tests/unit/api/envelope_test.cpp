#include "api/envelope.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

namespace son1k::api {
namespace {
namespace json = boost::json;

json::object body_of(const net::http_response& r) {
  return json::parse(std::get<std::string>(r.body)).as_object();
}

net::http_request request_in(std::string_view language) {
  net::http_request r;
  r.request_id = "req-1";
  r.fields = {{"Accept-Language", language}};
  return r;
}

TEST(envelope, wraps_data) {
  const auto r = reply(202, json::value{{"generationId", "x"}});
  EXPECT_EQ(r.status, 202);
  EXPECT_EQ(body_of(r), (json::object{{"success", true}, {"data", {{"generationId", "x"}}}}));
}

TEST(envelope, an_error_names_code_field_request_and_time) {
  auto request = request_in("en");
  const auto r =
      refuse(error(errc::validation, "duration", text("too long", "muy larga")), request);
  EXPECT_EQ(r.status, 422);
  const auto body = body_of(r);
  EXPECT_FALSE(body.at("success").as_bool());
  const auto& e = body.at("error").as_object();
  EXPECT_EQ(e.at("code"), "VALIDATION");
  EXPECT_EQ(e.at("message"), "duration: too long");
  EXPECT_EQ(e.at("details").as_object().at("field"), "duration");
  EXPECT_EQ(e.at("requestId"), "req-1");
  EXPECT_EQ(e.at("timestamp").as_string().size(), 24u);
}

TEST(envelope, speaks_the_language_that_is_preferred) {
  auto request = request_in("fr, es-CL;q=0.9, en;q=0.5");
  const auto r = refuse(error(errc::not_found, "id", text("none", "no hay")), request);
  EXPECT_EQ(body_of(r).at("error").as_object().at("message"), "id: no hay");
  EXPECT_EQ(r.headers.get("Content-Language"), "es");
}

struct language_row {
  const char* header;
  bool spanish;
};
void PrintTo(const language_row& row, std::ostream* out) {
  *out << row.header;
}
class preferred_language : public testing::TestWithParam<language_row> {};
TEST_P(preferred_language, follows_the_qualities) {
  EXPECT_EQ(prefers_spanish(GetParam().header), GetParam().spanish) << GetParam().header;
}
INSTANTIATE_TEST_SUITE_P(rows, preferred_language,
                         testing::Values(language_row{"", false}, language_row{"es", true},
                                         language_row{"en", false},
                                         language_row{"es;q=0.2,en;q=0.9", false},
                                         language_row{"en;q=0.2, ES-mx", true},
                                         language_row{"es;q=0", false}, language_row{"*", false}));

TEST(envelope, every_errc_has_one_row) {
  std::set<errc> seen;
  for (int i = 0; i <= static_cast<int>(errc::internal); ++i) {
    const auto code = static_cast<errc>(i);
    EXPECT_EQ(row_of(code).code, code) << name_of(code);
    EXPECT_GE(row_of(code).status, 400);
    EXPECT_TRUE(seen.insert(code).second);
  }
}

}  // namespace
}  // namespace son1k::api
