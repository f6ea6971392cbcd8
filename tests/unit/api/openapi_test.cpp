#include "api/openapi.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace son1k::api {
namespace {

namespace json = boost::json;
using net::http_method;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view shared = R"({
  "info": {"title": "T"},
  "refusals": {"401": {"code": "AUTHENTICATION", "message": "log in", "description": "who?"}},
  "components": {"schemas": {"Refusal": {"type": "object"},
                             "Page": {"type": "object", "examples": [{"limit": 3}]}}}})";
constexpr std::string_view things = R"({
  "tag": "Things", "about": "All of them.",
  "paths": {"id": {"description": "which", "schema": {"type": "string"}}},
  "operations": {
    "GET /api/things": {"operationId": "list", "summary": "All",
      "replies": {"200": {"description": "they", "page": "Page", "example": ["a"],
                          "data": {"type": "array"}}}},
    "PUT /api/things/:id": {"operationId": "put", "summary": "One",
      "body": {"schema": {"type": "object"}, "example": {}},
      "replies": {"200": {"description": "it", "data": {}}},
      "refusals": {"409": "it is held"}}},
  "schemas": {"Thing": {"type": "object"}}})";

endpoint row(http_method method, std::string pattern, const admission& who,
             net::route_options options = {}) {
  const auto nothing = [](net::http_request&) { return net::http_response(200); };
  return {method, std::move(pattern), net::sync_handler(nothing), who, std::move(options)};
}

api_description described(std::vector<endpoint> rows, std::string_view second = things) {
  endpoint_table table;
  table.add_all(std::move(rows));
  const std::vector<written_description> files{{"components.json", shared},
                                               {"things.json", second}};
  return describe(table, files, "1.2.3");
}

const json::object& at(const json::value& from, std::string_view pointer) {
  return from.at_pointer(pointer).as_object();
}

TEST(openapi, a_row_that_nobody_described_is_named_and_left_out) {
  const auto got = described({row(http_method::get, "/api/things", open_to_all),
                              row(http_method::put, "/api/things/:id", makes_own),
                              row(http_method::post, "/api/new", makes_own)});
  EXPECT_THAT(got.missing, ElementsAre("POST /api/new"));
  EXPECT_THAT(got.left_over, IsEmpty());
  EXPECT_THAT(got.wrong, IsEmpty());
  EXPECT_EQ(got.document.at("paths").as_object().size(), 2U);
  EXPECT_EQ(got.document.at("info").at("version").as_string(), "1.2.3");
}

TEST(openapi, a_description_of_no_row_is_named) {
  const auto got = described({row(http_method::get, "/api/things", open_to_all)});
  EXPECT_THAT(got.left_over, ElementsAre("PUT /api/things/:id"));
}

TEST(openapi, who_may_call_and_what_it_counts_as_come_from_the_row) {
  const auto got =
      described({row(http_method::get, "/api/things", open_to_all),
                 row(http_method::put, "/api/things/:id", operates, json_body_of(512))});
  const json::value document = got.document;
  const auto& open = at(document, "/paths/~1api~1things/get");
  EXPECT_TRUE(open.at("security").as_array().empty());
  EXPECT_FALSE(open.at("responses").as_object().contains("401"));
  const auto& put = at(document, "/paths/~1api~1things~1{id}/put");
  EXPECT_EQ(put.at("security").as_array().size(), 3U);
  EXPECT_EQ(put.at("x-role").as_string(), "operator");
  EXPECT_EQ(put.at("x-counts-as").as_string(), "request");
  EXPECT_EQ(put.at("requestBody").at("x-max-bytes").to_number<int>(), 512);
  for (const auto* status : {"200", "400", "401", "403", "404", "409", "413", "415", "422", "429"})
    EXPECT_TRUE(put.at("responses").as_object().contains(status)) << status;
}

TEST(openapi, a_part_of_the_path_that_its_file_does_not_explain_is_named) {
  const auto got = described(
      {row(http_method::get, "/api/x/:name", makes_own)},
      R"({"tag": "X", "operations": {"GET /api/x/:name": {"operationId": "x", "summary": "x",
          "replies": {"200": {"description": "it"}}}}})");
  ASSERT_EQ(got.wrong.size(), 1U);
  EXPECT_THAT(got.wrong.front(), ::testing::HasSubstr(":name"));
}

TEST(openapi, data_stands_in_the_envelope_and_lists_have_their_page) {
  const auto got = described({row(http_method::get, "/api/things", reads_own),
                              row(http_method::put, "/api/things/:id", makes_own)});
  const json::value document = got.document;
  const auto& media =
      at(document, "/paths/~1api~1things/get/responses/200/content/application~1json");
  const json::value expected = {
      {"success", true}, {"data", json::array{"a"}}, {"pagination", {{"limit", 3}}}};
  EXPECT_EQ(media.at("example"), expected);
  EXPECT_EQ(media.at("schema").at("properties").at("pagination").at("$ref").as_string(),
            "#/components/schemas/Page");
}

TEST(openapi, a_file_that_is_no_json_is_named) {
  const auto got = described({}, "{");
  EXPECT_THAT(got.wrong, ElementsAre(::testing::StartsWith("things.json")));
}

}  // namespace
}  // namespace son1k::api
