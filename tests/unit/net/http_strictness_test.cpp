// What request smuggling and parser confusion live on must end in an error and a closed connection
// (RFC 9112).
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "unit/net/test_server.hpp"

namespace son1k::test {
namespace {

struct attack {
  const char* name;
  std::string bytes;
  int status;
};

void PrintTo(const attack& row, std::ostream* out) {
  *out << row.name;
}

const std::string nul(1, '\0');

const attack attacks[] = {
    {"length_beside_chunked",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\n\r\n",
     400},
    {"chunked_beside_length",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
     "0\r\n\r\n",
     400},
    {"two_lengths",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nhello", 400},
    {"two_equal_lengths",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
    {"length_list", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", 400},
    {"negative_length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
    {"signed_length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400},
    {"hex_length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", 400},
    {"empty_length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n", 400},
    {"length_overflow",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\nhello", 400},
    {"bare_lf_lines", "GET /hello HTTP/1.1\nHost: a\n\n", 400},
    {"bare_lf_in_field", "GET /hello HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n", 400},
    {"bare_cr_in_field", "GET /hello HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n", 400},
    {"folded_field", "GET /hello HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400},
    {"folded_first_field", "GET /hello HTTP/1.1\r\n Host: a\r\n\r\n", 400},
    {"space_before_colon", "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n", 400},
    {"space_before_length_colon",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello", 400},
    {"tab_before_colon", "GET /hello HTTP/1.1\r\nHost: a\r\nX\t: b\r\n\r\n", 400},
    {"no_colon", "GET /hello HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", 400},
    {"empty_field_name", "GET /hello HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400},
    {"nul_in_field", "GET /hello HTTP/1.1\r\nHost: a\r\nX: b" + nul + "c\r\n\r\n", 400},
    {"nul_in_target", "GET /hel" + nul + "lo HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"control_in_field", "GET /hello HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400},
    {"delete_in_field", "GET /hello HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n", 400},
    {"high_byte_in_target", "GET /h\xc3\xa9llo HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"no_host", "GET /hello HTTP/1.1\r\n\r\n", 400},
    {"two_hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"empty_host", "GET /hello HTTP/1.1\r\nHost:\r\n\r\n", 400},
    {"host_with_user", "GET /hello HTTP/1.1\r\nHost: me@a\r\n\r\n", 400},
    {"host_with_path", "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"host_list", "GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
    {"host_bad_port", "GET /hello HTTP/1.1\r\nHost: a:80x\r\n\r\n", 400},
    {"host_open_bracket", "GET /hello HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
    {"http_0_9", "GET /hello\r\n", 400},
    {"http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
    {"http_1_2", "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n", 400},
    {"lower_case_version", "GET /hello http/1.1\r\nHost: a\r\n\r\n", 400},
    {"two_spaces", "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"tab_for_space", "GET\t/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"trailing_space", "GET /hello HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
    {"leading_space", " GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"bad_method", "G@T /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"relative_target", "GET hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"fragment_in_target", "GET /hello#x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"star_for_get", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"tls_hello", "\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n", 400},
    {"coding_identity", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
     400},
    {"coding_list",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
    {"coding_twice",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "chunked\r\n\r\n0\r\n\r\n",
     400},
    {"coding_disguised",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
    {"chunked_over_1_0",
     "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"chunk_size_overflow",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "10000000000000005\r\nhello\r\n0\r\n\r\n",
     400},
    {"chunk_size_huge",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
     413},
    {"chunk_size_sign",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
     400},
    {"chunk_size_prefix",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
     "chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
     400},
    {"chunk_size_space",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
     400},
    {"chunk_size_empty",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n",
     400},
    {"chunk_bare_lf",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
     400},
    {"chunk_longer_than_said",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "4\r\nhello\r\n0\r\n\r\n",
     400},
    {"chunk_extension_bare_lf",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "5;a\nb\r\nhello\r\n0\r\n\r\n",
     400},
    {"chunk_extension_flood",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;" +
         std::string(20'000, 'x') + "\r\nhello\r\n0\r\n\r\n",
     400},
    {"trailer_flood",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " +
         std::string(20'000, 'x') + "\r\n\r\n",
     400},
    {"long_target", "GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
    {"endless_target", "GET /" + std::string(40'000, 'a'), 414},
    {"big_head", "GET /hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(17'000, 'b') + "\r\n\r\n",
     431},
    {"many_fields",
     [] {
       std::string out = "GET /hello HTTP/1.1\r\nHost: a\r\n";
       for (int i = 0; i < 101; ++i) out += "X: y\r\n";
       return out + "\r\n";
     }(),
     431},
    {"unknown_method", "BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n", 501},
    {"connect", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501},
    {"unknown_expectation",
     "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 5\r\n\r\nhello", 417},
    {"coded_body",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
     415},
    {"too_large_by_length",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11534336\r\n\r\nhello", 413},
    {"too_large_by_length_max",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\nhello", 413},
};

class http_strictness : public testing::TestWithParam<attack> {};

// A second request rides behind each attack: it must never be answered.
TEST_P(http_strictness, is_refused_and_closed) {
  test_server server({{net::http_method::get, "/hello", net::sync_handler(hello)},
                      {net::http_method::post, "/echo", net::sync_handler(echo)}});
  raw_client client(server.port());
  client.send(GetParam().bytes + get_hello);
  const auto reply = client.read_reply();
  EXPECT_EQ(reply.status, GetParam().status) << reply.head;
  EXPECT_EQ(reply.field("Connection"), "close");
  EXPECT_FALSE(reply.field("X-Request-Id").empty());
  EXPECT_TRUE(client.ends());
}

INSTANTIATE_TEST_SUITE_P(attack, http_strictness, testing::ValuesIn(attacks),
                         [](const auto& row) { return std::string(row.param.name); });

struct accepted {
  const char* name;
  std::string bytes;
  std::string body;
};

void PrintTo(const accepted& row, std::ostream* out) {
  *out << row.name;
}

const accepted good_requests[] = {
    {"plain", "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", "hello"},
    {"empty_line_before", "\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n", "hello"},
    {"absolute_form", "GET http://a:80/hello HTTP/1.1\r\nHost: a:80\r\n\r\n", "hello"},
    {"ipv6_host", "GET /hello HTTP/1.1\r\nHost: [::1]:3001\r\n\r\n", "hello"},
    {"http_1_0_without_host", "GET /hello HTTP/1.0\r\n\r\n", "hello"},
    {"value_spaces", "GET /hello HTTP/1.1\r\nHost: \t a \t\r\n\r\n", "hello"},
    {"utf8_in_value", "GET /hello HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\r\n\r\n", "hello"},
    {"query", "GET /hello?a=b&c HTTP/1.1\r\nHost: a\r\n\r\n", "hello"},
    {"lengthed", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "abc"},
    {"chunked",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
     "3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
     "abc0123456789"},
    {"no_body", "POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", ""},
};

class http_leniency : public testing::TestWithParam<accepted> {};

TEST_P(http_leniency, is_served_whole_and_byte_by_byte) {
  test_server server({{net::http_method::get, "/hello", net::sync_handler(hello)},
                      {net::http_method::post, "/echo", net::sync_handler(echo)}});
  EXPECT_EQ(server.ask(GetParam().bytes).body, GetParam().body);
  raw_client client(server.port());
  for (const char c : GetParam().bytes) client.send(std::string_view(&c, 1));
  const auto reply = client.read_reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, GetParam().body);
}

INSTANTIATE_TEST_SUITE_P(request, http_leniency, testing::ValuesIn(good_requests),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace son1k::test
