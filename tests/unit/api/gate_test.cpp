#include "api/gate.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>

#include "accounts/limits/local/local_limiter.hpp"
#include "api/envelope.hpp"
#include "support/manual_clock.hpp"

namespace son1k::api {
namespace {

// Tokens are "name" or "name/role" or "name/key:scope"; "old" has expired.
class named_identities final : public accounts::identities {
 public:
  boost::asio::awaitable<result<accounts::identity>> verify(accounts::caller_facts,
                                                            std::string token) override {
    if (token == "old") co_return error(errc::token_expired, text("expired"));
    if (token.empty() || token == "bad")
      co_return error(errc::unauthenticated, text("the signature of this token is wrong"));
    accounts::identity who;
    const auto slash = token.find('/');
    who.user = token.substr(0, slash);
    who.roles = {"user"};
    const std::string more = slash == token.npos ? "" : token.substr(slash + 1);
    if (more.starts_with("key:")) {
      who.shown = accounts::credential::api_key;
      who.scopes = {more.substr(4)};
    } else if (!more.empty()) {
      who.roles.push_back(more);
    }
    co_return who;
  }
  std::shared_ptr<void> on_revoked(std::function<void(const accounts::revocation&)>) override {
    return {};
  }
};

class gate_test : public testing::Test {
 protected:
  net::http_response call(admission who, std::vector<net::header_field> fields,
                          net::http_method method = net::http_method::get) {
    net::http_request request;
    request.method = method;
    request.fields = std::move(fields);
    request.remote_address = "192.0.2.1";
    request.request_id = "r";
    const endpoint one(method, "/x", net::sync_handler([this](net::http_request& r) {
                         user = caller_of(r).user;
                         ++ran;
                         return reply_serialized(200, "{}");
                       }),
                       who);
    const auto run = before.guard(one);
    boost::asio::io_context loop;
    auto reply = boost::asio::co_spawn(loop, run(request), boost::asio::use_future);
    loop.run();
    return reply.get();
  }
  static std::string code_of(const net::http_response& reply) {
    return boost::json::parse(std::get<std::string>(reply.body))
        .at("error")
        .at("code")
        .as_string()
        .c_str();
  }

  test::manual_clock clock;
  accounts::local_limiter limiter{clock};
  named_identities identities;
  accounts::tier_table tiers;
  gate before{{identities, tiers, &limiter, nullptr}};
  std::string user;
  int ran = 0;
};

TEST_F(gate_test, a_handler_knows_who_calls) {
  EXPECT_EQ(call(reads_own, {{"Authorization", "Bearer ana"}}).status, 200);
  EXPECT_EQ(user, "ana");
  EXPECT_EQ(call(reads_own, {{"X-API-Key", "bob/key:read"}}).status, 200);
  EXPECT_EQ(user, "bob");
  EXPECT_EQ(call(open_by_address, {{"Authorization", "Bearer ana"}}).status, 200);
  EXPECT_EQ(user, "");
}

TEST_F(gate_test, every_faulty_token_gets_one_and_the_same_reply) {
  const auto none = call(reads_own, {});
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.headers.get("WWW-Authenticate"), "Bearer");
  const auto words = [](const net::http_response& r) {
    return boost::json::parse(std::get<std::string>(r.body)).at("error").at("message");
  };
  EXPECT_EQ(words(call(reads_own, {{"Authorization", "Bearer bad"}})), words(none));
  EXPECT_EQ(code_of(call(reads_own, {{"Authorization", "Bearer old"}})), "TOKEN_EXPIRED");
  EXPECT_EQ(call(reads_own, {{"Authorization", "Basic YTpi"}}).status, 401);
  EXPECT_EQ(ran, 0);
}

TEST_F(gate_test, a_role_or_a_scope_that_is_missing_is_told) {
  EXPECT_EQ(call(operates, {{"Authorization", "Bearer ana"}}).status, 403);
  EXPECT_EQ(call(operates, {{"Authorization", "Bearer olga/operator"}}).status, 200);
  const auto narrow = call(makes_own, {{"Authorization", "Bearer ana/key:read"}});
  EXPECT_EQ(narrow.status, 403);
  EXPECT_EQ(code_of(narrow), "AUTHORIZATION");
}

TEST_F(gate_test, a_tier_allows_its_number_a_minute_and_says_how_much_is_left) {
  for (int n = 0; n < 10; ++n) {
    const auto reply = call(reads_own, {{"Authorization", "Bearer ana"}});
    ASSERT_EQ(reply.status, 200) << n;
    EXPECT_EQ(reply.headers.get("X-RateLimit-Limit"), "10");
    EXPECT_EQ(reply.headers.get("X-RateLimit-Remaining"), std::to_string(9 - n));
    EXPECT_EQ(reply.headers.get("X-RateLimit-Reset"), std::to_string(6 * (n + 1)));
  }
  const auto over = call(reads_own, {{"Authorization", "Bearer ana"}});
  EXPECT_EQ(over.status, 429);
  EXPECT_EQ(over.headers.get("Retry-After"), "6");
  EXPECT_EQ(call(reads_own, {{"Authorization", "Bearer bob"}}).status, 200);
  clock.advance(6'000);
  EXPECT_EQ(call(reads_own, {{"Authorization", "Bearer ana"}}).status, 200);
}

TEST_F(gate_test, a_tier_of_the_most_requests_there_may_be_can_watch_too) {
  tiers = *accounts::tier_table::parse("FREE:requests=1000000");
  const auto reply = call(watches_own, {{"Authorization", "Bearer ana"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.get("X-RateLimit-Limit"), "1000000");
}

TEST_F(gate_test, what_a_page_reads_leaves_room_for_what_it_makes) {
  const net::header_field cookie{"Cookie", "son1k_access=ana"};
  const net::header_field host{"Host", "127.0.0.1:3001"};
  const net::header_field own{"Origin", "http://127.0.0.1:3001"};
  for (int n = 0; n < 50; ++n) ASSERT_EQ(call(reads_own, {cookie, host}).status, 200) << n;
  const auto read = call(reads_own, {cookie, host});
  EXPECT_EQ(read.headers.get("X-RateLimit-Limit"), "200");
  const auto made = call(makes_own, {cookie, host, own}, net::http_method::post);
  EXPECT_EQ(made.headers.get("X-RateLimit-Limit"), "10");
  EXPECT_EQ(made.headers.get("X-RateLimit-Remaining"), "9");
}

TEST_F(gate_test, who_guesses_tokens_is_limited_by_address) {
  for (int n = 0; n < 20; ++n)
    ASSERT_EQ(call(reads_own, {{"Authorization", "Bearer bad"}}).status, 401) << n;
  EXPECT_EQ(call(reads_own, {{"Authorization", "Bearer bad"}}).status, 429);
  EXPECT_EQ(call(reads_own, {{"Authorization", "Bearer ana"}}).status, 200);
}

TEST_F(gate_test, a_cookie_changes_something_only_from_a_page_of_this_server) {
  const net::header_field cookie{"Cookie", "theme=dark; son1k_access=ana"};
  const net::header_field host{"Host", "127.0.0.1:3001"};
  const auto post = net::http_method::post;
  EXPECT_EQ(call(reads_own, {cookie, host}).status, 200);
  EXPECT_EQ(call(makes_own, {cookie, host}, post).status, 403);
  EXPECT_EQ(call(makes_own, {cookie, host, {"Origin", "http://evil.example"}}, post).status, 403);
  EXPECT_EQ(
      call(makes_own,
           {cookie, host, {"Origin", "http://127.0.0.1:3001"}, {"Sec-Fetch-Site", "same-site"}},
           post)
          .status,
      403);
  EXPECT_EQ(
      call(makes_own,
           {cookie, host, {"Origin", "http://127.0.0.1:3001"}, {"Sec-Fetch-Site", "same-origin"}},
           post)
          .status,
      200);
  EXPECT_EQ(ran, 2);
}

TEST_F(gate_test, a_cookie_is_taken_where_the_server_was_asked_for_by_a_name_of_its_own) {
  const net::header_field cookie{"Cookie", "son1k_access=ana"};
  for (const auto* host : {"localhost:3001", "[::1]:3001", "192.0.2.7"})
    EXPECT_EQ(call(reads_own, {cookie, {"Host", host}}).status, 200) << host;
  for (const auto* host : {"evil.example", "localhost.evil.example", "0.0.0.0", ""})
    EXPECT_EQ(call(reads_own, {cookie, {"Host", host}}).status, 403) << host;
  EXPECT_EQ(call(reads_own, {{"Authorization", "Bearer ana"}, {"Host", "evil.example"}}).status,
            200);
}

}  // namespace
}  // namespace son1k::api
