#include "net/router.hpp"

#include <gtest/gtest.h>

#include <string>

#include "net/compression.hpp"

namespace son1k::test {
namespace {

using net::http_method;
using net::http_request;

net::http_response nothing(http_request&) {
  return net::http_response();
}

net::route row(http_method method, std::string pattern) {
  return {method, std::move(pattern), net::sync_handler(nothing)};
}

class router : public testing::Test {
 protected:
  router() {
    routes_.add_all({row(http_method::get, "/"), row(http_method::get, "/a"),
                     row(http_method::post, "/a"), row(http_method::get, "/a/:id"),
                     row(http_method::get, "/a/history"), row(http_method::post, "/a/:id/cancel"),
                     row(http_method::get, "/a/:id/:part"), row(http_method::get, "/:x/b/:y")});
  }
  // The pattern found, "405 <allowed>", or "404".
  std::string find(http_method method, std::string path) {
    path_ = std::move(path);
    request_.method = method;
    request_.path = path_;
    const auto match = routes_.find(request_);
    if (match.found != nullptr) return match.found->pattern;
    return match.allowed.empty() ? "404" : "405 " + std::string(match.allowed);
  }

  net::router routes_;
  http_request request_;
  std::string path_;
};

TEST_F(router, finds_static_paths_before_patterns) {
  EXPECT_EQ(find(http_method::get, "/"), "/");
  EXPECT_EQ(find(http_method::get, "/a"), "/a");
  EXPECT_EQ(find(http_method::get, "/a/history"), "/a/history");
  EXPECT_EQ(find(http_method::get, "/a/7"), "/a/:id");
}

TEST_F(router, prefers_the_pattern_with_the_earlier_static_segment) {
  EXPECT_EQ(find(http_method::get, "/a/7/midi"), "/a/:id/:part");
  EXPECT_EQ(find(http_method::post, "/a/7/cancel"), "/a/:id/cancel");
  EXPECT_EQ(find(http_method::get, "/a/b/c"), "/a/:id/:part");
  EXPECT_EQ(find(http_method::get, "/z/b/c"), "/:x/b/:y");
}

TEST_F(router, decodes_parameters) {
  EXPECT_EQ(find(http_method::get, "/a/x%20y/%c3%a9"), "/a/:id/:part");
  EXPECT_EQ(request_.param("id"), "x y");
  EXPECT_EQ(request_.param("part"), "\xc3\xa9");
  EXPECT_EQ(request_.param("absent"), "");
}

TEST_F(router, tells_a_wrong_method_from_an_unknown_path) {
  EXPECT_EQ(find(http_method::put, "/a"), "405 GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(find(http_method::get, "/a/7/cancel"), "405 POST, OPTIONS");
  EXPECT_EQ(find(http_method::get, "/b"), "404");
  EXPECT_EQ(find(http_method::get, "/a/"), "404");
  EXPECT_EQ(find(http_method::get, "//"), "404");
}

TEST_F(router, head_finds_get) {
  EXPECT_EQ(find(http_method::head, "/a/7"), "/a/:id");
}

TEST_F(router, ways_out_find_nothing) {
  for (const char* path : {"/a/..", "/a/.", "/a/%2e%2e", "/a/..%2f", "/a/x%2fy", "/a/x%00",
                           "/a/x%ff", "/a/%", "/a/%zz", "/a/x%5cy", "a", ""}) {
    EXPECT_EQ(find(http_method::get, path), "404") << path;
  }
}

TEST_F(router, a_path_of_many_segments_finds_nothing) {
  std::string path;
  for (int i = 0; i < 1000; ++i) path += "/a";
  EXPECT_EQ(find(http_method::get, path), "404");
}

TEST_F(router, refuses_a_second_route_and_a_hollow_pattern) {
  EXPECT_EQ(routes_.add(row(http_method::get, "/a")).error().code, errc::conflict);
  for (const char* bad : {"", "a", "/a//b", "/:a/", "/a//", "/:"}) {
    EXPECT_EQ(routes_.add(row(http_method::get, bad)).error().code, errc::validation) << bad;
  }
}

TEST(http_request, looks_up_fields_and_the_query) {
  http_request request;
  request.fields = {{"Accept", "x"}, {"X-Long", ""}};
  request.raw_query = "a=1&b=x%20y+z&a=2&flag&bad=%zz&c%3d=d";
  EXPECT_EQ(request.header("accept"), "x");
  EXPECT_TRUE(request.has_header("x-long"));
  EXPECT_FALSE(request.has_header("x-lon"));
  EXPECT_EQ(request.query("a"), "1");
  EXPECT_EQ(request.query("b"), "x y z");
  EXPECT_EQ(request.query("flag"), "");
  EXPECT_EQ(request.query("bad"), std::nullopt);
  EXPECT_EQ(request.query("c="), "d");
  EXPECT_EQ(request.query("none"), std::nullopt);
  EXPECT_EQ(request.query_pairs().size(), 5U);
}

TEST(compression, honours_quality) {
  for (const char* yes : {"gzip", "GZIP", "br, gzip", "gzip;q=0.5", "*", "x-gzip",
                          "deflate, *;q=0.1", "gzip ; q=1.000", "identity;q=0.5, gzip"}) {
    EXPECT_TRUE(net::accepts_gzip(yes)) << yes;
  }
  for (const char* no : {"", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "gzip;q=2",
                         "gzip;q=x", "identity;q=1, gzip;q=0.5", "gzipx"}) {
    EXPECT_FALSE(net::accepts_gzip(no)) << no;
  }
}

}  // namespace
}  // namespace son1k::test
