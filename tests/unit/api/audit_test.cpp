#include "api/audit.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace son1k::api {
namespace {

using net::http_method;

endpoint row(http_method method, std::string pattern, admission who) {
  return {method, std::move(pattern),
          net::sync_handler([](net::http_request&) { return net::http_response(200); }), who};
}

TEST(audit_test, what_operators_and_administrators_change_is_recorded_and_nothing_else) {
  const auto post = http_method::post;
  EXPECT_EQ(recording_of(row(post, "/api/queues/:queue/pause", operates)), recording::around);
  EXPECT_EQ(recording_of(row(http_method::put, "/api/x/:id", administers)), recording::around);
  EXPECT_EQ(recording_of(row(http_method::get, "/api/x", administers)), recording::none);
  EXPECT_EQ(recording_of(row(post, "/api/schedules/preview", reads_consoles)), recording::none);
  EXPECT_EQ(recording_of(row(post, "/api/generation/create", makes_own)), recording::none);
  EXPECT_EQ(recording_of(row(post, "/api/jobs", not_recorded(operates))), recording::none);
  EXPECT_EQ(recording_of(row(post, "/api/x", recorded_within(operates))), recording::within);
}

TEST(audit_test, what_people_do_to_their_own_account_is_looked_at_for_those_with_power) {
  EXPECT_EQ(recording_of(row(http_method::post, "/api/user/tokens", manages_own)),
            recording::around);
  EXPECT_EQ(recording_of(row(http_method::post, "/api/auth/password", manages_own)),
            recording::around);
  EXPECT_EQ(recording_of(row(http_method::get, "/api/user/tokens", reads_own)), recording::none);
  EXPECT_EQ(recording_of(row(http_method::post, "/api/webhooks", manages_own)), recording::none);
}

TEST(audit_test, an_action_is_named_by_its_row) {
  const std::tuple<http_method, const char*, const char*> rows[] = {
      {http_method::post, "/api/queues/:queue/pause", "queues.pause"},
      {http_method::put, "/api/queues/:queue/limits", "queues.limits.change"},
      {http_method::remove, "/api/queues/:queue/groups/:group/limits",
       "queues.groups.limits.remove"},
      {http_method::post, "/api/admin/users", "users.create"},
      {http_method::put, "/api/admin/users/:id", "users.change"},
      {http_method::post, "/api/admin/users/:id/password", "users.password"},
      {http_method::post, "/api/jobs/bulk", "jobs.bulk"},
      {http_method::remove, "/api/schedules/:id", "schedules.remove"},
      {http_method::post, "/api/schedules", "schedules.create"},
      {http_method::post, "/api/auth/setup", "auth.setup"},
  };
  for (const auto& [method, pattern, action] : rows) EXPECT_EQ(action_of(method, pattern), action);
}

boost::json::object details(std::string body, std::string_view query = {}) {
  net::http_request request;
  request.method = http_method::post;
  request.body = std::move(body);
  request.raw_query = query;
  return boost::json::parse(details_of(request)).as_object();
}

TEST(audit_test, details_show_values_that_are_known_to_be_harmless_and_names_of_the_others) {
  const auto told = details(R"({"role":"admin","disabled":true,"password":"hunter2 hunter2",
                                "token":"sk_1","tier":{"a":"b"}})",
                            "queue=probe&key=sk_2");
  EXPECT_EQ(told.at("role"), "admin");
  EXPECT_EQ(told.at("disabled"), true);
  EXPECT_EQ(told.at("queue"), "probe");
  const auto text = boost::json::serialize(told);
  for (const char* secret : {"hunter2", "sk_1", "sk_2", "\"b\""})
    EXPECT_EQ(text.find(secret), text.npos) << text;
  const boost::json::array names{"key", "password", "token", "tier"};
  EXPECT_EQ(told.at("fields"), names);
}

TEST(audit_test, details_are_bounded_whatever_is_sent) {
  std::string body = "{";
  for (int n = 0; n < 200; ++n) body += "\"m" + std::to_string(n) + std::string(90, 'x') + "\":1,";
  body += R"("query":")" + std::string(5'000, 'q') + "\"}";
  net::http_request request;
  request.body = body;
  EXPECT_LE(details_of(request).size(), 4'096u);
  EXPECT_TRUE(details("not JSON").empty());
  EXPECT_TRUE(details("[1]").empty());
}

}  // namespace
}  // namespace son1k::api
