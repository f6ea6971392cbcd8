#include "api/own_site.hpp"

#include <gtest/gtest.h>

namespace son1k::api {
namespace {

own_site made(std::string_view url, std::string_view hosts = "") {
  return *own_site::make(url, hosts);
}
std::string field_of(const result<void>& checked) {
  return checked ? "" : checked.error().field;
}
constexpr page_facts reading(std::string_view host, std::string_view origin = "",
                             std::string_view site = "") {
  return {host, origin, site, true};
}
constexpr page_facts changing(std::string_view host, std::string_view origin,
                              std::string_view site = "") {
  return {host, origin, site, false};
}

TEST(own_site, goes_by_localhost_by_any_number_and_by_the_names_it_was_given) {
  const auto site = made("https://Studio.example.org:8443/", "music.lan, studio");
  for (const auto* host :
       {"localhost", "LOCALHOST:3001", "127.0.0.1:3001", "[::1]:3001", "[2001:db8::1]",
        "192.168.1.5:80", "studio.example.org", "studio.example.org:9", "music.lan:80", "Studio"})
    EXPECT_TRUE(site.is_named(host)) << host;
  for (const auto* host : {"", "evil.example", "localhost.evil.example", "127.0.0.1.nip.io",
                           "0.0.0.0", "[::]:3001", "example.org", "x.studio.example.org", ":3001"})
    EXPECT_FALSE(site.is_named(host)) << host;
  EXPECT_EQ(site.origin(), "https://studio.example.org:8443");
}

TEST(own_site, a_page_changes_something_only_where_it_is_from_here) {
  const auto site = made("https://studio.example.org");
  EXPECT_EQ(field_of(site.check_page(changing("localhost:3001", "http://localhost:3001"))), "");
  // A proxy may ask by a name of its own.
  EXPECT_EQ(field_of(site.check_page(changing("127.0.0.1:3001", "https://studio.example.org"))),
            "");
  for (const auto* origin : {"", "null", "http://evil.example", "http://localhost:3002",
                             "http://localhost", "https://studio.example.org.evil.example"})
    EXPECT_EQ(field_of(site.check_page(changing("localhost:3001", origin))), "Origin") << origin;
  for (const auto* fetch : {"same-site", "cross-site", "none"})
    EXPECT_EQ(field_of(site.check_page(changing("localhost:1", "http://localhost:1", fetch))),
              "Origin")
        << fetch;
  EXPECT_EQ(field_of(site.check_page(changing("evil.example", "http://evil.example"))), "Host");
}

TEST(own_site, a_page_that_reads_need_not_say_where_it_is_from) {
  const own_site site;
  for (const auto* fetch : {"", "same-origin", "none"})
    EXPECT_EQ(field_of(site.check_page(reading("localhost:1", "", fetch))), "") << fetch;
  for (const auto* fetch : {"same-site", "cross-site"})
    EXPECT_EQ(field_of(site.check_page(reading("localhost:1", "", fetch))), "Origin") << fetch;
  EXPECT_EQ(field_of(site.check_page(reading("localhost:1", "http://localhost:1"))), "");
  EXPECT_EQ(field_of(site.check_page(reading("localhost:1", "http://localhost:2"))), "Origin");
  EXPECT_EQ(field_of(site.check_page(reading("evil.example"))), "Host");
}

TEST(own_site, settings_that_name_no_site_are_refused_by_name) {
  for (const auto* url :
       {"studio.example.org", "ftp://studio", "https://", "https://a/b", "https://a?b",
        "https://a#b", "https://u:p@a", "https://a b", "https://*"})
    EXPECT_EQ(own_site::make(url, "").error().field, "public_url") << url;
  for (const auto* hosts : {"*", "a,b:80", "http://a", "a b"})
    EXPECT_EQ(own_site::make("", hosts).error().field, "allowed_hosts") << hosts;
  EXPECT_EQ(made("https://a:443").origin(), "https://a");
  EXPECT_EQ(made("http://[::1]:80").origin(), "http://[::1]");
  EXPECT_EQ(made("", "").origin(), "");
}

}  // namespace
}  // namespace son1k::api
