// The examples of RFC 7515, appendix A. Their payload names no audience and no subject, so they are
// signatures for these tests and no tokens.
#include <gtest/gtest.h>

#include "accounts/jwt/jwt.hpp"
#include "base/base64.hpp"

namespace son1k::accounts::rfc_vectors {

const std::string payload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";

std::string bytes(std::string_view text) {
  return from_base64url(text).value();
}

void expect_only_the_example(const token_key& key, const std::string& header,
                             const std::string& signature) {
  const auto token = header + "." + payload + "." + signature;
  const auto parts = take_token_apart(token);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->algorithm, key.algorithm());
  EXPECT_EQ(parts->signed_part, header + "." + payload);
  EXPECT_TRUE(key.fits(parts->signed_part, parts->signature));
  auto other = parts->signature;
  other.front() = static_cast<char>(other.front() ^ 1);
  EXPECT_FALSE(key.fits(parts->signed_part, other));
  EXPECT_FALSE(key.fits(header + "." + payload + "A", parts->signature));
  EXPECT_EQ(verify_token(*parts, key, {"joe", "us"}, 1'300'819'379'000).error().code,
            errc::unauthenticated);
}

TEST(rfc_7515, a_1_hmac_sha_256) {
  const auto key = token_key::hs256(bytes(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"));
  ASSERT_TRUE(key);
  expect_only_the_example(*key, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
                          "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  EXPECT_EQ(key->sign("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + payload),
            bytes("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
}

TEST(rfc_7515, a_2_rsa_sha_256) {
  const auto key = token_key::rs256(
      bytes("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPME"
            "zP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf"
            "63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5Z"
            "wKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FR"
            "WyuXpoQ"),
      bytes("AQAB"));
  ASSERT_TRUE(key);
  expect_only_the_example(
      *key, "eyJhbGciOiJSUzI1NiJ9",
      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2F"
      "p5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQB"
      "MHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeY"
      "I2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");
}

TEST(rfc_7515, a_3_ecdsa_p_256) {
  const auto key = token_key::es256(bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                                    bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
  ASSERT_TRUE(key);
  expect_only_the_example(
      *key, "eyJhbGciOiJFUzI1NiJ9",
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  EXPECT_EQ(key->sign("anything"), "");
}

TEST(rfc_7515, a_5_unsecured_is_no_token) {
  EXPECT_FALSE(take_token_apart("eyJhbGciOiJub25lIn0." + payload + "."));
}

}  // namespace son1k::accounts::rfc_vectors
