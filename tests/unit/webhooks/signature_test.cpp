// Signatures as the Standard Webhooks specification makes them.
#include "webhooks/signature.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/base64.hpp"
#include "webhooks/deliveries.hpp"

namespace son1k::webhooks {
namespace {

// The example of its reference libraries.
TEST(webhook_signature, is_that_of_the_specification) {
  const auto got = sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
                        1'614'265'330, R"({"test": 2432232314})");
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(webhook_signature, covers_id_time_and_body) {
  const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const std::set<std::string> all{
      sign(secret, "a", 1, "b").value(), sign(secret, "b", 1, "b").value(),
      sign(secret, "a", 2, "b").value(), sign(secret, "a", 1, "c").value(),
      sign(new_secret(), "a", 1, "b").value()};
  EXPECT_EQ(all.size(), 5U);
}

TEST(webhook_signature, a_secret_has_256_bits_in_the_form_that_is_shown) {
  const auto one = new_secret();
  EXPECT_TRUE(one.starts_with("whsec_"));
  EXPECT_EQ(from_base64(one.substr(6)).value().size(), 32U);
  EXPECT_NE(one, new_secret());
  EXPECT_FALSE(sign("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a", 1, "b"));
  EXPECT_FALSE(sign("whsec_", "a", 1, "b"));
  EXPECT_FALSE(sign("whsec_***", "a", 1, "b"));
}

TEST(webhook_deliveries, an_id_names_its_webhook) {
  const std::string webhook = "0199f1e2-0000-7000-8000-000000000001";
  EXPECT_EQ(webhook_of(delivery_id(webhook)), webhook);
  for (const auto* none : {"", "x", "0199f1e2-0000-7000-8000-000000000001"})
    EXPECT_EQ(webhook_of(none), "");
}

TEST(webhook_deliveries, a_payload_says_type_time_and_data) {
  EXPECT_EQ(
      payload_of("generation.failed", 1'763'900'000'000, R"({"a":1})"),
      R"({"type":"generation.failed","timestamp":"2025-11-23T12:13:20.000Z","data":{"a":1}})");
}

}  // namespace
}  // namespace son1k::webhooks
