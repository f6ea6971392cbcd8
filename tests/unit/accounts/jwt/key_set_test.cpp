#include "accounts/jwt/key_set.hpp"

#include <gtest/gtest.h>

#include "unit/accounts/jwt/made_keys.hpp"

namespace son1k::accounts::key_set_tests {

using test::encoded;
using test::made_key;

// RFC 7517, appendix A.1: the first key is for encryption, the second for anything.
const std::string rfc_7517_a_1 =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
    R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"},{"kty":"RSA","n":")"
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
    "BJECPebW"
    "KRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
    "FDW2QvzqY368QQM"
    "icAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"
    "bFTWhAI4vMQFh6WeZu0fM4lFd2NcR"
    "wr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    R"(","e":"AQAB","alg":"RS256","kid":"2011-04-29"}]})";

std::string replaced(std::string in, const std::string& what, const std::string& by) {
  return in.replace(in.find(what), what.size(), by);
}
std::vector<token_key> keys_of(const std::string& jwk) {
  const auto parsed = parse_key_set(R"({"keys":[)" + jwk + "]}");
  EXPECT_TRUE(parsed) << jwk;
  return parsed ? *parsed : std::vector<token_key>();
}

TEST(key_set, of_rfc_7517_a_1_has_one_key_for_signatures) {
  const auto parsed = parse_key_set(rfc_7517_a_1);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->size(), 1u);
  EXPECT_EQ(parsed->front().id(), "2011-04-29");
  EXPECT_EQ(parsed->front().algorithm(), "RS256");
  const auto both = parse_key_set(replaced(rfc_7517_a_1, R"("use":"enc")", R"("use":"sig")"));
  ASSERT_TRUE(both);
  ASSERT_EQ(both->size(), 2u);
  EXPECT_EQ(both->front().algorithm(), "ES256");
}

TEST(key_set, keys_check_what_their_owner_signed) {
  const auto point = made_key::point("p");
  const auto modulus = made_key::modulus("m");
  const auto parsed = parse_key_set(test::key_set_text({point, modulus}));
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->size(), 2u);
  EXPECT_TRUE((*parsed)[0].fits("some words", point.sign("some words")));
  EXPECT_TRUE((*parsed)[1].fits("some words", modulus.sign("some words")));
  EXPECT_FALSE((*parsed)[0].fits("some words", modulus.sign("some words")));
  EXPECT_FALSE((*parsed)[1].fits("other words", modulus.sign("some words")));
}

TEST(key_set, keys_that_may_not_check_tokens_are_left_out) {
  const auto jwk = made_key::point("p").jwk();
  ASSERT_EQ(keys_of(jwk).size(), 1u);
  EXPECT_EQ(keys_of(replaced(jwk, R"("use":"sig",)", R"("key_ops":["verify"],)")).size(), 1u);
  const auto rsa = made_key::modulus("m").jwk();
  ASSERT_EQ(keys_of(rsa).size(), 1u);
  const std::vector<std::string> others{
      replaced(jwk, R"("kid":"p",)", ""),
      replaced(jwk, R"("kid":"p")", R"("kid":"")"),
      replaced(jwk, R"("kid":"p")", R"("kid":7)"),
      replaced(jwk, "\"sig\"", "\"enc\""),
      replaced(jwk, "\"sig\"", "null"),
      replaced(jwk, R"("use":"sig")", R"("key_ops":["sign"])"),
      replaced(jwk, R"("use":"sig")", R"("key_ops":"verify")"),
      replaced(jwk, "ES256", "ES384"),
      replaced(jwk, "ES256", "HS256"),
      replaced(jwk, "P-256", "secp256k1"),
      replaced(jwk, R"("y":")", R"("y":"A)"),
      replaced(jwk, R"("kty":"EC")", R"("kty":"EC","d":"AAAA")"),
      replaced(rsa, "RS256", "none"),
      replaced(rsa, R"("e":"AQAB")", R"("e":"AQ")"),
      replaced(rsa, R"("e":"AQAB")", R"("e":"AAEAAQ")"),
      made_key::modulus("small", 1'024).jwk(),
      R"({"kty":"oct","kid":"s","alg":"HS256","k":")" + encoded(std::string(32, 's')) + "\"}",
      R"({"kty":"OKP","kid":"o","crv":"Ed25519","x":"AAAA"})",
      "7",
      "{}",
  };
  for (const auto& other : others) EXPECT_TRUE(keys_of(other).empty()) << other;
}

TEST(key_set, what_is_no_set_is_refused) {
  std::string list;
  for (std::size_t i = 0; i < 33; ++i) list += list.empty() ? "{}" : ",{}";
  for (const auto& wrong :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"keys":{}})"),
        std::string(R"({"keys":[],"keys":[]})"), R"({"keys":[)" + list + "]}",
        R"({"keys":[],"x":")" + std::string(key_set_bytes_max, 'x') + "\"}"}) {
    const auto parsed = parse_key_set(wrong);
    ASSERT_FALSE(parsed) << wrong.substr(0, 40);
    EXPECT_EQ(parsed.error().code, errc::malformed);
  }
  EXPECT_TRUE(parse_key_set(R"({"keys":[]})")->empty());
  EXPECT_TRUE(parse_key_set(R"({"keys":[)" + list.substr(3) + "]}"));
}

}  // namespace son1k::accounts::key_set_tests
