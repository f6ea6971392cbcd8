#include "accounts/jwt/jwt.hpp"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "unit/accounts/jwt/made_keys.hpp"

namespace son1k::accounts::jwt_tests {

using test::encoded;
using test::made_key;

constexpr std::int64_t now = 1'700'000'000'000;
const std::string secret = "a secret of this test, which is long enough";
const std::string sound_header = R"({"alg":"HS256","typ":"JWT"})";
const std::string sound_payload =
    R"({"iss":"here","aud":["others","us"],"sub":"ana","iat":1699999990,"exp":1700000900})";

token_key secret_key(std::string id = "") {
  return *token_key::hs256(secret, std::move(id));
}

std::string signed_with(const token_key& key, std::string_view header, std::string_view payload) {
  const auto part = encoded(header) + "." + encoded(payload);
  return part + "." + encoded(key.sign(part));
}
std::string signed_token(std::string_view header, std::string_view payload) {
  return signed_with(secret_key(), header, payload);
}

result<claims> judged(std::string_view token, std::int64_t at = now) {
  const std::vector<token_key> keys{secret_key("ours")};
  return verify_token(token, keys, {"here", "us"}, at);
}

void expect_faulty(const result<claims>& got, const std::string& what) {
  ASSERT_FALSE(got) << what;
  const error told = got.error();
  EXPECT_EQ(told.code, errc::unauthenticated) << what;
  EXPECT_EQ(told.message.en, "the token is not valid") << what;
  EXPECT_EQ(told.field, "") << what;
  EXPECT_TRUE(told.details.empty()) << what;
}

TEST(jwt, what_a_token_says_is_read) {
  const auto told = judged(signed_token(
      sound_header, R"({"iss":"here","aud":"us","sub":"ana","iat":1699999990.5,"exp":1700000900,)"
                    R"("nbf":1699999991,"sid":"s-1","email":"a@b.cl","role":"admin","more":[1]})"));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->issuer, "here");
  EXPECT_EQ(told->subject, "ana");
  EXPECT_EQ(told->audience, std::vector<std::string>{"us"});
  EXPECT_EQ(told->issued_at_ms, 1'699'999'990'500);
  EXPECT_EQ(told->not_before_ms, 1'699'999'991'000);
  EXPECT_EQ(told->expires_at_ms, 1'700'000'900'000);
  EXPECT_EQ(told->session, "s-1");
  EXPECT_EQ(told->email, "a@b.cl");
  EXPECT_EQ(told->role, "admin");
  EXPECT_TRUE(told->all.contains("more"));
}

struct fault {
  const char* name;
  std::string token;
};
void PrintTo(const fault& row, std::ostream* out) {
  *out << row.name;
}

std::string with_claim(const std::string& replaced, const std::string& by) {
  auto payload = sound_payload;
  payload.replace(payload.find(replaced), replaced.size(), by);
  return signed_token(sound_header, payload);
}
std::string with_header(const std::string& header) {
  return signed_token(header, sound_payload);
}
std::string with_ending(const std::string& ending) {
  return signed_token(sound_header, sound_payload) + ending;
}

// A last digit whose unused bits are not zero says the same bytes in another text.
std::string second_text_of_the_signature() {
  auto token = signed_token(sound_header, sound_payload);
  const std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  token.back() = digits[digits.find(token.back()) + 1];
  return token;
}

std::string unsigned_token(const std::string& algorithm, const std::string& signature = "") {
  return encoded(R"({"alg":")" + algorithm + "\"}") + "." + encoded(sound_payload) + "." +
         signature;
}

std::vector<fault> shape_faults() {
  const auto sound = signed_token(sound_header, sound_payload);
  const auto payload_part = sound.substr(0, sound.rfind('.'));
  return {
      {"empty", ""},
      {"dots", ".."},
      {"two_parts", payload_part},
      {"four_parts", sound + ".x"},
      {"no_signature", payload_part + "."},
      {"cut_signature", sound.substr(0, sound.size() - 2)},
      {"longer_signature", sound + "AA"},
      {"padding", with_ending("=")},
      {"line_break", with_ending("\n")},
      {"leading_blank", " " + sound},
      {"other_alphabet", sound.substr(0, sound.size() - 2) + "+/"},
      {"second_text_of_the_signature", second_text_of_the_signature()},
      {"longer_than_8_kib",
       with_claim(R"("sub":"ana")", R"("sub":"ana","x":")" + std::string(8'192, 'x') + '"')},
  };
}

std::vector<fault> header_faults() {
  return {
      {"header_array", with_header("[]")},
      {"header_no_json", with_header("{alg:HS256}")},
      {"no_alg", with_header(R"({"typ":"JWT"})")},
      {"alg_number", with_header(R"({"alg":256})")},
      {"alg_twice", with_header(R"({"alg":"HS256","alg":"HS256"})")},
      {"alg_twice_by_escape", with_header("{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}")},
      {"alg_lower_case", with_header(R"({"alg":"hs256"})")},
      {"alg_hs512", with_header(R"({"alg":"HS512"})")},
      {"alg_none", unsigned_token("none")},
      {"alg_None", unsigned_token("None")},
      {"alg_NONE_signed", with_header(R"({"alg":"NONE"})")},
      {"alg_none_with_a_signature", unsigned_token("none", "AAAA")},
      {"alg_es256_signed_by_the_secret", with_header(R"({"alg":"ES256"})")},
      {"alg_es256_of_zeros", unsigned_token("ES256", encoded(std::string(64, '\0')))},
      {"crit", with_header(R"({"alg":"HS256","crit":["exp"]})")},
      {"crit_empty", with_header(R"({"alg":"HS256","crit":[]})")},
      {"b64", with_header(R"({"alg":"HS256","b64":false})")},
      {"jwk", with_header(R"({"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}})")},
      {"jku", with_header(R"({"alg":"HS256","jku":"https://evil.example/keys"})")},
      {"x5u", with_header(R"({"alg":"HS256","x5u":"https://evil.example/cert"})")},
      {"x5c", with_header(R"({"alg":"HS256","x5c":["AAAA"]})")},
      {"zip", with_header(R"({"alg":"HS256","zip":"DEF"})")},
      {"typ_other", with_header(R"({"alg":"HS256","typ":"at+jwt"})")},
      {"typ_null", with_header(R"({"alg":"HS256","typ":null})")},
      {"kid_of_nobody", with_header(R"({"alg":"HS256","kid":"theirs"})")},
      {"kid_path", with_header(R"({"alg":"HS256","kid":"../../dev/null"})")},
      {"kid_sql", with_header(R"({"alg":"HS256","kid":"ours' or '1'='1"})")},
      {"kid_number", with_header(R"({"alg":"HS256","kid":1})")},
      {"kid_long", with_header(R"({"alg":"HS256","kid":")" + std::string(300, 'k') + "\"}")},
      {"header_deep", with_header(R"({"alg":"HS256","x":[[[[[[1]]]]]]})")},
  };
}

std::vector<fault> claim_faults() {
  return {
      {"payload_array", signed_token(sound_header, "[]")},
      {"payload_no_json", signed_token(sound_header, "ana")},
      {"payload_not_utf8", with_claim("ana", "caf\xe9")},
      {"exp_twice", with_claim(R"("iat")", R"("exp":1900000000,"iat")")},
      {"no_exp", with_claim(R"(,"exp":1700000900)", "")},
      {"exp_text", with_claim("1700000900", "\"1700000900\"")},
      {"exp_null", with_claim("1700000900", "null")},
      {"exp_negative", with_claim("1700000900", "-1")},
      {"exp_beyond_all_years", with_claim("1700000900", "18446744073709551615")},
      {"exp_huge", with_claim("1700000900", "1e300")},
      {"no_iss", with_claim(R"("iss":"here",)", "")},
      {"iss_other", with_claim("here", "there")},
      {"iss_longer", with_claim("here", "here/")},
      {"iss_list", with_claim("\"here\"", "[\"here\"]")},
      {"no_aud", with_claim(R"("aud":["others","us"],)", "")},
      {"aud_other", with_claim(R"(["others","us"])", "\"others\"")},
      {"aud_empty", with_claim(R"(["others","us"])", "[]")},
      {"aud_part_of_a_word", with_claim(R"(["others","us"])", "\"users\"")},
      {"aud_of_numbers", with_claim(R"(["others","us"])", R"(["us",1])")},
      {"no_sub", with_claim(R"("sub":"ana",)", "")},
      {"sub_empty", with_claim("ana", "")},
      {"sub_number", with_claim("\"ana\"", "7")},
      {"sub_with_a_nul", with_claim("ana", "ana\\u0000x")},
      {"sub_long", with_claim("ana", std::string(513, 'a'))},
      {"nbf_ahead", with_claim(R"("iat")", R"("nbf":1700000031,"iat")")},
      {"nbf_text", with_claim(R"("iat")", R"("nbf":"soon","iat")")},
      {"iat_ahead", with_claim("1699999990", "1700000031")},
      {"email_number", with_claim(R"("iat")", R"("email":7,"iat")")},
      {"role_list", with_claim(R"("iat")", R"("role":["admin"],"iat")")},
  };
}

std::vector<fault> faults() {
  auto out = shape_faults();
  for (auto& more : {header_faults(), claim_faults()})
    out.insert(out.end(), more.begin(), more.end());
  return out;
}

class faulty_jwt : public testing::TestWithParam<fault> {};
TEST_P(faulty_jwt, gets_the_one_answer) {
  expect_faulty(judged(GetParam().token), GetParam().name);
}
INSTANTIATE_TEST_SUITE_P(all, faulty_jwt, testing::ValuesIn(faults()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(jwt, the_token_that_the_faulty_ones_are_made_of_is_sound) {
  EXPECT_TRUE(judged(signed_token(sound_header, sound_payload)));
  EXPECT_TRUE(judged(signed_token(R"({"alg":"HS256"})", sound_payload)));
  EXPECT_TRUE(judged(signed_token(R"({"alg":"HS256","kid":"ours"})", sound_payload)));
}

TEST(jwt, any_changed_character_is_a_fault) {
  const auto sound = signed_token(sound_header, sound_payload);
  for (std::size_t i = 0; i < sound.size(); ++i) {
    auto changed = sound;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    expect_faulty(judged(changed), "character " + std::to_string(i));
  }
}

TEST(jwt, clocks_may_be_thirty_seconds_apart_and_no_more) {
  const auto token = signed_token(
      sound_header, R"({"iss":"here","aud":"us","sub":"ana","nbf":1700000030,"iat":1700000030,)"
                    R"("exp":1700000100})");
  EXPECT_TRUE(judged(token, now));
  expect_faulty(judged(token, now - 1), "before its time");
  EXPECT_TRUE(judged(token, now + 129'999));
  const auto late = judged(token, now + 130'000);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, errc::token_expired);
  const std::vector<token_key> keys{secret_key()};
  EXPECT_FALSE(verify_token(token, keys, {"here", "us", 3'600'000}, now + 130'000));
  EXPECT_TRUE(verify_token(token, keys, {"here", "us", 0}, now + 99'999));
  EXPECT_FALSE(verify_token(token, keys, {"here", "us", 0}, now + 100'000));
}

TEST(jwt, only_a_token_that_is_sound_otherwise_is_told_to_be_expired) {
  const auto much_later = now + 10'000'000;
  EXPECT_EQ(judged(signed_token(sound_header, sound_payload), much_later).error().code,
            errc::token_expired);
  for (const auto& row : faults()) {
    const std::string name = row.name;
    if (name != "nbf_ahead" && name != "iat_ahead")
      expect_faulty(judged(row.token, much_later), name);
  }
  expect_faulty(judged(with_claim("here", "there"), much_later), "another's");
  expect_faulty(judged(signed_token(sound_header, sound_payload) + "AAAA", much_later), "forged");
}

TEST(jwt, a_public_key_is_no_secret) {
  const auto theirs = made_key::point("k");
  const std::vector<token_key> keys{*token_key::es256(theirs.x(), theirs.y(), "k")};
  const token_rules rules{"here", "us"};
  EXPECT_TRUE(verify_token(theirs.token(sound_payload), keys, rules, now));
  const auto point = "\x04" + theirs.x() + theirs.y();
  for (const auto& known : {theirs.x(), point, theirs.jwk()}) {
    const auto as_secret = *token_key::hs256(known);
    expect_faulty(
        verify_token(signed_with(as_secret, R"({"alg":"HS256","kid":"k"})", sound_payload), keys,
                     rules, now),
        "named HS256");
    expect_faulty(
        verify_token(signed_with(as_secret, R"({"alg":"ES256","kid":"k"})", sound_payload), keys,
                     rules, now),
        "named ES256");
  }
  EXPECT_FALSE(token_key::hs256("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQ"));
}

TEST(jwt, another_key_of_the_same_kind_does_not_fit) {
  const auto ours = made_key::point("k");
  const auto evil = made_key::point("k");
  const std::vector<token_key> keys{*token_key::es256(ours.x(), ours.y(), "k")};
  const token_rules rules{"here", "us"};
  expect_faulty(verify_token(evil.token(sound_payload), keys, rules, now), "another key");
  const auto brought = R"({"alg":"ES256","kid":"k","jwk":)" + evil.jwk() + "}";
  expect_faulty(verify_token(evil.token(brought, sound_payload), keys, rules, now), "brings a key");
  // ASN.1, as other uses of ECDSA have it, is another text of the same signature.
  const auto part = encoded(R"({"alg":"ES256","kid":"k"})") + "." + encoded(sound_payload);
  const auto raw = ours.sign(part);
  const std::vector<std::string> others{raw + std::string(1, '\0'), std::string(1, '\0') + raw,
                                        raw.substr(0, 32) + '\0' + raw.substr(32),
                                        raw.substr(0, 63), std::string(64, '\xff')};
  for (const auto& other : others)
    expect_faulty(verify_token(part + "." + encoded(other), keys, rules, now), "another form");
}

TEST(token_key, weak_and_broken_keys_are_refused) {
  EXPECT_FALSE(token_key::hs256(std::string(31, 's')));
  EXPECT_TRUE(token_key::hs256(std::string(32, 's')));
  const auto point = made_key::point("k");
  EXPECT_FALSE(token_key::es256(point.y(), point.x()));  // not on the curve
  EXPECT_FALSE(token_key::es256(point.x().substr(1), point.y()));
  EXPECT_FALSE(token_key::es256(std::string(32, '\0'), std::string(32, '\0')));
  const auto small = made_key::modulus("k", 1'024);
  EXPECT_FALSE(token_key::rs256(small.n(), small.e()));
  const auto n = std::string(1, '\xc1') + std::string(254, 'n') + '\x01';
  EXPECT_TRUE(token_key::rs256(n, "\x01\x01"));
  EXPECT_FALSE(token_key::rs256('\0' + n, "\x01\x01"));
  EXPECT_FALSE(token_key::rs256(n, "\x01"));
  EXPECT_FALSE(token_key::rs256(n, "\x02"));
  EXPECT_FALSE(token_key::rs256(n, ""));
  EXPECT_FALSE(token_key::rs256(std::string(256, '\x02'), "\x03"));
  EXPECT_FALSE(token_key::rs256(std::string(1'025, '\x03'), "\x03"));
  const auto just_short = std::string(1, '\x7f') + std::string(254, 'n') + '\x01';
  EXPECT_FALSE(token_key::rs256(just_short, "\x01\x01"));
}

TEST(token_issuer, accepts_what_it_signed) {
  const auto issuer = *token_issuer::make({secret});
  claims what;
  what.subject = "0190-ana";
  what.session = "s-1";
  what.email = "ana \"n\"@b.cl";
  what.role = "admin";
  what.issued_at_ms = now;
  what.expires_at_ms = now + 900'000;
  const auto token = issuer.sign(what);
  const auto told = issuer.verify(token, now);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->issuer, "son1k");
  EXPECT_EQ(told->audience, std::vector<std::string>{"son1k"});
  EXPECT_EQ(told->subject, what.subject);
  EXPECT_EQ(told->session, what.session);
  EXPECT_EQ(told->email, what.email);
  EXPECT_EQ(told->role, what.role);
  EXPECT_EQ(told->issued_at_ms, what.issued_at_ms);
  EXPECT_EQ(told->expires_at_ms, what.expires_at_ms);
  EXPECT_EQ(issuer.verify(token, now + 1'000'000).error().code, errc::token_expired);
}

TEST(token_issuer, a_replaced_secret_is_accepted_as_long_as_it_is_named) {
  claims what;
  what.subject = "ana";
  what.expires_at_ms = now + 900'000;
  const std::string fresh = "the secret that comes after the first one";
  const auto token = token_issuer::make({secret})->sign(what);
  EXPECT_TRUE(token_issuer::make({fresh, secret})->verify(token, now));
  EXPECT_FALSE(token_issuer::make({fresh})->verify(token, now));
  const auto renewed = token_issuer::make({fresh, secret})->sign(what);
  EXPECT_TRUE(token_issuer::make({fresh})->verify(renewed, now));
  const auto late = token_issuer::make({fresh, secret})->verify(token, now + 1'000'000);
  EXPECT_EQ(late.error().code, errc::token_expired);
  EXPECT_FALSE(token_issuer::make({}));
  EXPECT_FALSE(token_issuer::make({secret, "short"}));
}

}  // namespace son1k::accounts::jwt_tests
