// What an account's tier allows, as its requests meet it.
#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "api/bind.hpp"
#include "kinds/generation/generation_kind.hpp"
#include "net/route_caller.hpp"
#include "unit/queue/schedules/schedule_place.hpp"

namespace son1k::test {
namespace {

namespace json = boost::json;
using net::http_method;

// A token is "USER/TIER".
class tiered_identities final : public accounts::identities {
 public:
  boost::asio::awaitable<result<accounts::identity>> verify(accounts::caller_facts,
                                                            std::string token) override {
    accounts::identity who;
    const auto slash = token.find('/');
    who.user = token.substr(0, slash);
    who.tier = token.substr(slash + 1);
    who.roles = {std::string(accounts::user_role)};
    co_return who;
  }
  std::shared_ptr<void> on_revoked(std::function<void(const accounts::revocation&)>) override {
    return {};
  }
};

class tier_limits : public testing::Test {
 protected:
  tier_limits() {
    place_.clock.set_wall(1'795'392'000'000);  // 2026-11-23
    const auto kind = kinds::make_generation_kind({"/nowhere", {}});
    api::services with{place_.db(), place_.queue(), place_.clock, {}, "1"};
    with.settle = [kind](const queue::job_view& job, store::transaction& tx) {
      kind->settle(job, tx);
    };
    resources_ = std::make_unique<api::resources>(with, identities_);
    resources_->bind(router_);
  }

  struct answer {
    int status = 0;
    json::object body;
    json::object& error() { return body.at("error").as_object(); }
    json::object& data() { return body.at("data").as_object(); }
  };
  answer call(http_method method, std::string target, std::string body = {},
              std::string token = "ana/FREE", std::string key = {}) {
    net::client_request request;
    request.method = method;
    request.target = std::move(target);
    request.headers = {{"Authorization", "Bearer " + token}};
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    if (!key.empty()) request.headers.emplace_back("Idempotency-Key", key);
    request.body = std::move(body);
    auto got = caller_.call(request).value();
    return {got.status, json::parse(got.body).as_object()};
  }
  answer create(std::string more = {}, std::string token = "ana/FREE", std::string key = {}) {
    return call(http_method::post, "/api/generation/create",
                R"({"prompt":"a waltz","duration":30)" + more + "}", std::move(token),
                std::move(key));
  }
  std::int64_t used(std::string token = "ana/FREE") {
    auto limits = call(http_method::get, "/api/auth/limits", {}, std::move(token));
    return limits.data().at("day").at("used").as_int64();
  }

  tiered_identities identities_;
  net::router router_;
  net::route_caller caller_{router_, api::render_error};
  queue::test::schedule_place place_;
  std::unique_ptr<api::resources> resources_;
};

TEST_F(tier_limits, the_piece_beyond_the_quota_is_refused_whole) {
  const std::string first(create().data().at("generationId").as_string());
  EXPECT_EQ(create().status, 202);
  for (int n = 0; n < 2; ++n) {
    auto third = create("", "ana/FREE", "the-key");
    ASSERT_EQ(third.status, 429) << json::serialize(third.body);
    EXPECT_EQ(third.error().at("code").as_string(), "QUOTA_EXCEEDED");
    const auto& details = third.error().at("details").as_object();
    EXPECT_EQ(details.at("period").as_string(), "day");
    EXPECT_EQ(details.at("limit").as_int64(), 2);
    EXPECT_EQ(details.at("resetAt").as_string(), "2026-11-24T00:00:00.000Z");
  }
  EXPECT_EQ(place_.queue().counts("generation")->prioritized, 2);
  EXPECT_EQ(used(), 2);
  EXPECT_EQ(create("", "bea/FREE").status, 202) << "another account";
  EXPECT_EQ(create("", "ana/PRO").status, 202) << "another tier holds at once";
  EXPECT_EQ(call(http_method::post, "/api/generation/" + first + "/cancel").status, 200);
  EXPECT_EQ(used(), 2);
  EXPECT_EQ(create("", "ana/FREE", "the-key").status, 429);
  place_.clock.advance(86'400'000);
  EXPECT_EQ(create("", "ana/FREE", "the-key").status, 202) << "a refusal takes no key";
}

TEST_F(tier_limits, longer_and_better_pieces_are_those_of_higher_tiers) {
  auto longer =
      call(http_method::post, "/api/generation/create", R"({"prompt":"a","duration":61})");
  ASSERT_EQ(longer.status, 422);
  EXPECT_EQ(longer.error().at("details").at("field").as_string(), "duration");
  auto better = create(R"(,"quality":"premium")");
  ASSERT_EQ(better.status, 403);
  EXPECT_EQ(better.error().at("details").at("field").as_string(), "quality");
  EXPECT_EQ(used(), 0);
  EXPECT_EQ(create(R"(,"quality":"premium")", "ana/PRO").status, 202);
}

TEST_F(tier_limits, jobs_have_the_priority_of_the_tier) {
  for (const auto& [tier, priority] : {std::pair("FREE", 20), std::pair("PREMIUM", 5),
                                       std::pair("SYSTEM", 0), std::pair("unknown", 20)}) {
    const std::string who = std::string(tier) + "-user/" + tier;
    const std::string id(create("", who).data().at("generationId").as_string());
    const auto job = place_.run(place_.queue().get("generation", id));
    ASSERT_TRUE(job) << job.error().what();
    EXPECT_EQ(job->options.priority, priority) << tier;
  }
}

TEST_F(tier_limits, everyone_sees_their_own_ledger) {
  EXPECT_EQ(create().status, 202);
  auto own = call(http_method::get, "/api/user/ledger");
  ASSERT_EQ(own.body.at("data").as_array().size(), 1u);
  EXPECT_EQ(own.body.at("data").as_array()[0].at("kind").as_string(), "reserve");
  auto other = call(http_method::get, "/api/user/ledger", {}, "bea/FREE");
  EXPECT_EQ(other.body.at("data").as_array().size(), 0u);
  auto tier = call(http_method::get, "/api/auth/tier", {}, "bea/PREMIUM");
  EXPECT_EQ(tier.data().at("piecesPerDay").as_int64(), 25);
}

}  // namespace
}  // namespace son1k::test
