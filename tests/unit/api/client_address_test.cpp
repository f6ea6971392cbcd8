#include "api/client_address.hpp"

#include <gtest/gtest.h>

namespace son1k::api {
namespace {

struct walk_row {
  const char* trusted;
  const char* peer;
  std::vector<const char*> forwarded;  // a field each
  const char* client;
};
void PrintTo(const walk_row& row, std::ostream* out) {
  *out << row.trusted << " | " << row.peer;
  for (const auto* field : row.forwarded) *out << " | " << field;
}

class client_address : public testing::TestWithParam<walk_row> {};
TEST_P(client_address, is_the_rightmost_hop_that_is_not_trusted) {
  const auto& row = GetParam();
  const auto proxies = trusted_proxies::parse(row.trusted);
  ASSERT_TRUE(proxies) << proxies.error().what();
  net::http_request request;
  request.remote_address = row.peer;
  request.fields.push_back({"Host", "son1k.example"});
  for (const auto* field : row.forwarded) request.fields.push_back({"x-forwarded-for", field});
  EXPECT_EQ(proxies->client_of(request), row.client);
}
INSTANTIATE_TEST_SUITE_P(
    nobody_is_trusted, client_address,
    testing::Values(walk_row{"", "192.0.2.1", {}, "192.0.2.1"},
                    walk_row{"", "192.0.2.1", {"198.51.100.7"}, "192.0.2.1"},
                    walk_row{"", "127.0.0.1", {"198.51.100.7"}, "127.0.0.1"},
                    walk_row{"10.0.0.1", "10.0.0.2", {"198.51.100.7"}, "10.0.0.2"},
                    walk_row{"10.0.0.1", "::ffff:10.0.0.2", {"198.51.100.7"}, "10.0.0.2"},
                    walk_row{"", "fe80::1%eth0", {}, "fe80::1"}, walk_row{"", "", {}, ""},
                    walk_row{"10.0.0.1", "somewhere", {"198.51.100.7"}, "somewhere"}));
INSTANTIATE_TEST_SUITE_P(
    behind_a_proxy, client_address,
    testing::Values(
        walk_row{"10.0.0.1", "10.0.0.1", {}, "10.0.0.1"},
        walk_row{"10.0.0.1", "10.0.0.1", {"198.51.100.7"}, "198.51.100.7"},
        walk_row{"10.0.0.1", "::ffff:10.0.0.1", {"198.51.100.7"}, "198.51.100.7"},
        walk_row{"::ffff:10.0.0.1", "10.0.0.1", {"198.51.100.7"}, "198.51.100.7"},
        walk_row{"::ffff:10.0.0.0/104", "10.9.0.1", {"198.51.100.7"}, "198.51.100.7"},
        // What the client wrote itself stands to the left of what the proxy saw.
        walk_row{"10.0.0.0/8", "10.0.0.1", {"1.1.1.1, 198.51.100.7"}, "198.51.100.7"},
        walk_row{"10.0.0.0/8", "10.0.0.1", {"10.0.0.9, 198.51.100.7"}, "198.51.100.7"},
        walk_row{"10.0.0.0/8", "10.0.0.1", {"1.1.1.1,198.51.100.7,10.0.0.9"}, "198.51.100.7"},
        walk_row{"10.0.0.0/8", "10.0.0.1", {"1.1.1.1", "198.51.100.7"}, "198.51.100.7"},
        walk_row{"10.0.0.0/8", "10.0.0.1", {"198.51.100.7", "10.0.0.9"}, "198.51.100.7"},
        walk_row{"10.0.0.0/8", "10.0.0.1", {"10.0.0.9, 10.0.0.8"}, "10.0.0.9"},
        walk_row{"10.0.0.0/8", "10.0.0.1", {"198.51.100.7:5000"}, "198.51.100.7"},
        walk_row{"10.0.0.0/8", "10.0.0.1", {"[2001:db8::7]:5000"}, "2001:db8::7"},
        walk_row{"10.0.0.0/8", "10.0.0.1", {"[2001:db8::7]"}, "2001:db8::7"},
        walk_row{"10.0.0.0/8", "10.0.0.1", {"2001:DB8:0::7"}, "2001:db8::7"},
        walk_row{"10.0.0.0/8", "10.0.0.1", {"::ffff:198.51.100.7"}, "198.51.100.7"},
        walk_row{"2001:db8::/32", "2001:db8::1", {"198.51.100.7"}, "198.51.100.7"},
        walk_row{"2001:db8::/33", "2001:db8:8000::1", {"198.51.100.7"}, "2001:db8:8000::1"},
        walk_row{"172.16.0.0/12", "172.31.255.255", {"198.51.100.7"}, "198.51.100.7"},
        walk_row{"172.16.0.0/12", "172.32.0.0", {"198.51.100.7"}, "172.32.0.0"},
        // A network of IPv6 holds no addresses of IPv4.
        walk_row{"::/1", "10.0.0.1", {"198.51.100.7"}, "10.0.0.1"},
        walk_row{" 192.0.2.9 ,, 10.0.0.1 ", "10.0.0.1", {"198.51.100.7"}, "198.51.100.7"}));
INSTANTIATE_TEST_SUITE_P(
    entries_that_are_none, client_address,
    testing::Values(walk_row{"10.0.0.0/8", "10.0.0.1", {"1.1.1.1, unknown"}, "10.0.0.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {"1.1.1.1, unknown, 10.0.0.9"}, "10.0.0.9"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {"1.1.1.1, , 10.0.0.9,"}, "1.1.1.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {""}, "10.0.0.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {" , ,"}, "10.0.0.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {"1.1.1.1:"}, "10.0.0.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {"1.1.1.1:99999999"}, "10.0.0.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {"1.1.1.1:80:80"}, "10.0.0.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {"1.1.1"}, "10.0.0.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {"1.1.1.256"}, "10.0.0.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {"0x7f.1"}, "10.0.0.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {"[1.1.1.1]"}, "10.0.0.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {"[2001:db8::7"}, "10.0.0.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {"[2001:db8::7]5000"}, "10.0.0.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {"fe80::1%eth0"}, "10.0.0.1"},
                    walk_row{"10.0.0.0/8", "10.0.0.1", {"\"1.1.1.1\""}, "10.0.0.1"}));

TEST(client_address_walk, does_not_read_forwarded) {
  net::http_request request;
  request.remote_address = "10.0.0.1";
  request.fields = {{"Forwarded", "for=198.51.100.7"}, {"X-Real-IP", "198.51.100.7"}};
  EXPECT_EQ(trusted_proxies::parse("10.0.0.1")->client_of(request), "10.0.0.1");
}

struct refused_row {
  const char* list;
  const char* why;
};
void PrintTo(const refused_row& row, std::ostream* out) {
  *out << row.list;
}
class refused_proxies : public testing::TestWithParam<refused_row> {};
TEST_P(refused_proxies, are_named_with_the_reason) {
  const auto refused = trusted_proxies::parse(GetParam().list);
  ASSERT_FALSE(refused);
  const auto why = refused.error();
  EXPECT_EQ(why.code, errc::validation);
  EXPECT_EQ(why.field, "trusted_proxies");
  EXPECT_NE(why.message.en.find(GetParam().why), std::string::npos) << why.message.en;
  EXPECT_FALSE(why.message.es.empty());
}
INSTANTIATE_TEST_SUITE_P(
    , refused_proxies,
    testing::Values(refused_row{"nginx", "is no IP address"},
                    refused_row{"10.0.0.1, nginx", "\"nginx\" is no IP address"},
                    refused_row{"10.0.0.1 10.0.0.2", "is no IP address"},
                    refused_row{"[::1]", "is no IP address"},
                    refused_row{"10.0.0.0/33", "prefix from 1 to 32"},
                    refused_row{"10.0.0.0/-1", "prefix from 1 to 32"},
                    refused_row{"10.0.0.0/", "prefix from 1 to 32"},
                    refused_row{"10.0.0.0/8x", "prefix from 1 to 32"},
                    refused_row{"2001:db8::/129", "prefix from 1 to 128"},
                    refused_row{"0.0.0.0/0", "trusts everybody"},
                    refused_row{"::/0", "trusts everybody"},
                    refused_row{"::ffff:0.0.0.0/96", "trusts everybody"},
                    refused_row{"::ffff:10.0.0.0/8", "trusts everybody"},
                    refused_row{"10.0.0.1/8", "the network is 10.0.0.0/8"},
                    refused_row{"2001:db8::1/32", "the network is 2001:db8::/32"}));

TEST(refused_proxies_list, is_no_longer_than_its_bound) {
  std::string list = "192.0.2.1";
  for (std::size_t n = 1; n < trusted_proxies_max; ++n) list += ",192.0.2.1";
  EXPECT_TRUE(trusted_proxies::parse(list));
  EXPECT_FALSE(trusted_proxies::parse(list + ",192.0.2.1"));
}

TEST(limit_key, is_the_ipv4_address_or_the_network_of_an_ipv6_subscriber) {
  EXPECT_EQ(limit_key_of("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(limit_key_of("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(limit_key_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(limit_key_of("2001:db8:1:2:ffff::"), "2001:db8:1:2::/64");
  EXPECT_EQ(limit_key_of("2001:db8:1:3::1"), "2001:db8:1:3::/64");
  EXPECT_EQ(limit_key_of("fe80::1%eth0"), "fe80::/64");
  EXPECT_EQ(limit_key_of("::1"), "::/64");
  EXPECT_EQ(limit_key_of(""), "");
  EXPECT_EQ(limit_key_of(std::string(100, 'x')), std::string(64, 'x'));
}

}  // namespace
}  // namespace son1k::api
