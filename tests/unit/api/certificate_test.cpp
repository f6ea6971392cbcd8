// Certificates of provenance: the bytes that are signed, and that nothing else is believed.
#include "api/certificate.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "accounts/signing/ed25519.hpp"
#include "base/base64.hpp"

namespace son1k::api {
namespace {
namespace json = boost::json;

accounts::signing_key key_of(char seed) {
  accounts::signing_key out;
  out.secret = std::string(32, seed);
  out.public_key = accounts::ed25519_public_key(out.secret);
  out.id = accounts::key_id_of(out.public_key);
  return out;
}

std::string document(char seed = 'k') {
  generation_record piece;
  piece.id = "0192f000-7abc-7def-8123-000000000001";
  piece.owner = "0192f000-7abc-7def-8123-000000000002";
  piece.title = "Canción \"ñ\"\n";
  piece.request = R"({"generationId":"x","owner":"y","prompt":"piano","seed":7,"duration":5})";
  piece.result = R"({"key":"D minor","tempo":80.5,"understood":{"style":{"value":"lofi"}}})";
  piece.finished_at_ms = 1'763'900'000'000;
  return make_certificate({piece, "Ana", std::string(64, 'a'), "mp3", 1'763'900'001'000},
                          key_of(seed))
      .value();
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(certificate, holds_as_it_was_given_out) {
  const auto told = verify_certificate(document(), key_of('k').public_key);
  ASSERT_TRUE(told.has_value()) << told.error().what();
  EXPECT_EQ(told->key_id, key_of('k').id);
  EXPECT_EQ(told->certificate.at("author"), "Ana");
  EXPECT_EQ(told->certificate.at("seed"), 7);
  EXPECT_EQ(told->certificate.at("brief").at("tempo"), "80.5");
  EXPECT_FALSE(told->certificate.at("brief").get_object().contains("owner"));
}

TEST(certificate, holds_in_whatever_order_and_space_its_json_is_written) {
  const auto v = json::parse(document()).get_object();
  std::string spaced = "{ \"signature\" : " + json::serialize(v.at("signature")) +
                       ",\n \"publicKey\": " + json::serialize(v.at("publicKey")) +
                       ", \"algorithm\":\"Ed25519\", \"certificate\": {";
  std::string members;
  for (const auto& one : v.at("certificate").get_object()) {
    members = json::serialize(json::value(one.key())) + " : " + json::serialize(one.value()) +
              (members.empty() ? "" : ", " + members);
  }
  spaced += members + " } }";
  EXPECT_TRUE(verify_certificate(spaced, {}).has_value());
  EXPECT_TRUE(verify_certificate("{\"success\":true,\"data\":" + document() + "}", {}).has_value())
      << "as the API replies it";
}

TEST(certificate, does_not_hold_once_anything_is_changed) {
  const auto whole = document();
  const std::pair<std::string_view, std::string_view> changes[] = {
      {"\"Ana\"", "\"Eva\""},
      {"\"seed\":7", "\"seed\":8"},
      {"aaaa", "aaab"},
      {"piano", "Piano"},
      {"\"version\":1", "\"version\":2"},
      {"\"author\":", "\"extra\":1,\"author\":"}};
  for (const auto& [what, with] : changes) {
    const auto told = verify_certificate(replaced(whole, what, with), {});
    ASSERT_FALSE(told.has_value()) << what;
    EXPECT_EQ(told.error().field, "signature") << what;
  }
}

TEST(certificate, of_another_key_is_told_apart) {
  const auto told = verify_certificate(document('x'), key_of('k').public_key);
  ASSERT_FALSE(told.has_value());
  EXPECT_EQ(told.error().field, "key");
  // Its own key in the place of the signer's.
  std::string own, other;
  append_base64url(own, key_of('k').public_key);
  append_base64url(other, key_of('x').public_key);
  const auto forged = verify_certificate(replaced(document('x'), other, own), {});
  ASSERT_FALSE(forged.has_value());
  EXPECT_EQ(forged.error().field, "signature");
}

TEST(certificate, what_is_none_is_refused_with_a_sentence) {
  for (const char* text :
       {"", "{}", "[]", "null", "{\"certificate\":1}",
        R"({"certificate":{},"algorithm":"Ed25519","publicKey":"","signature":""})",
        R"({"certificate":{"type":"son1k-provenance"},"algorithm":"none"})"}) {
    const auto told = verify_certificate(text, {});
    ASSERT_FALSE(told.has_value()) << text;
    EXPECT_EQ(told.error().code, errc::malformed) << text;
  }
  const auto fraction = replaced(document(), "\"seed\":7", "\"seed\":7.5");
  EXPECT_EQ(verify_certificate(fraction, {}).error().field, "signature");
}

// RFC 8785 §3.2.2.2 and §3.2.3.
TEST(certificate, signs_canonical_bytes) {
  const auto v = json::parse(
      "{\"b\":[1,true,null],\"a\":\"\\u20ac$\\u000f\\n\\t\\\"\\\\/\\u00f6\","
      "\"A\":{\"z\":-5,\"y\":9007199254740991}}");
  EXPECT_EQ(signed_bytes(v),
            "son1k-provenance-v1\n{\"A\":{\"y\":9007199254740991,\"z\":-5},"
            "\"a\":\"\u20ac$\\u000f\\n\\t\\\"\\\\/\u00f6\",\"b\":[1,true,null]}");
  EXPECT_FALSE(signed_bytes(json::parse("{\"a\":1.5}")).has_value());
}

// RFC 8032 §7.1, test 2.
TEST(ed25519, signs_as_the_rfc_does) {
  const auto bytes = [](std::string_view hex) {
    std::string out;
    for (std::size_t n = 0; n + 1 < hex.size(); n += 2)
      out += static_cast<char>(std::stoi(std::string(hex.substr(n, 2)), nullptr, 16));
    return out;
  };
  const auto secret = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const auto open = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(accounts::ed25519_public_key(secret), open);
  const auto signature = accounts::ed25519_sign(secret, "\x72");
  EXPECT_EQ(signature, bytes("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                             "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
  EXPECT_TRUE(accounts::ed25519_verify(open, "\x72", signature));
  EXPECT_FALSE(accounts::ed25519_verify(open, "\x73", signature));
  EXPECT_FALSE(accounts::ed25519_verify("short", "\x72", signature));
  EXPECT_FALSE(accounts::ed25519_verify(std::string(32, '\0'), "\x72", signature));
}

}  // namespace
}  // namespace son1k::api
