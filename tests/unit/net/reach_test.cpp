// Where people who are no operators may send the program.
#include "net/reach.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>

#include "net/guarded_post.hpp"
#include "support/tls_text_server.hpp"
#include "unit/net/test_server.hpp"

namespace son1k::test {
namespace {

using boost::asio::ip::make_address;

TEST(reach, only_global_unicast_is_public) {
  for (const auto* one : {"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.255.255",
                          "100.128.0.0", "223.255.255.255", "2606:4700:4700::1111", "2a00::1"}) {
    EXPECT_TRUE(net::is_public(make_address(one))) << one;
  }
  for (const auto* one : {"0.0.0.0",
                          "0.1.2.3",
                          "10.0.0.1",
                          "10.255.255.255",
                          "100.64.0.1",
                          "100.127.255.255",
                          "127.0.0.1",
                          "127.255.255.255",
                          "169.254.0.1",
                          "169.254.169.254",
                          "172.16.0.1",
                          "172.31.255.255",
                          "192.0.0.8",
                          "192.0.2.1",
                          "192.88.99.1",
                          "192.168.1.1",
                          "198.18.0.1",
                          "198.19.255.255",
                          "198.51.100.7",
                          "203.0.113.9",
                          "224.0.0.1",
                          "239.255.255.255",
                          "240.0.0.1",
                          "255.255.255.255",
                          "::",
                          "::1",
                          "::7f00:1",
                          "::ffff:127.0.0.1",
                          "::ffff:8.8.8.8",
                          "64:ff9b::7f00:1",
                          "64:ff9b::808:808",
                          "64:ff9b:1::1",
                          "100::1",
                          "2001::1",
                          "2001:db8::1",
                          "2002:7f00:1::1",
                          "2002:808:808::1",
                          "3fff::1",
                          "fc00::1",
                          "fd00:ec2::254",
                          "fe80::1",
                          "fec0::1",
                          "ff02::1"}) {
    EXPECT_FALSE(net::is_public(make_address(one))) << one;
  }
}

TEST(reach, what_the_operator_names_is_allowed_and_no_more) {
  const auto some = net::reach::parse(" 10.1.0.0/16, 127.0.0.1 ,fd00:1::/32,").value();
  for (const auto* one : {"10.1.0.0", "10.1.255.255", "127.0.0.1", "fd00:1:2::3"}) {
    EXPECT_TRUE(some.allows(make_address(one))) << one;
    EXPECT_TRUE(some.names(make_address(one))) << one;
  }
  for (const auto* one : {"10.0.0.1", "10.2.0.0", "127.0.0.2", "fd00:2::1", "::ffff:127.0.0.1"})
    EXPECT_FALSE(some.allows(make_address(one))) << one;
  EXPECT_TRUE(some.allows(make_address("8.8.8.8")));
  EXPECT_FALSE(some.names(make_address("8.8.8.8")));
  for (const auto* wrong : {"10.0.0.0/33", "x", "10.0.0/8", "::1/129", "10.0.0.0/", "/8"})
    EXPECT_FALSE(net::reach::parse(wrong)) << wrong;
}

TEST(reach, an_address_is_judged_where_it_is_written) {
  const net::reach nothing;
  for (const auto* one : {"https://example.org", "https://example.org:8443/hook?x=1",
                          "https://8.8.8.8/", "https://[2606:4700::1]/"}) {
    EXPECT_TRUE(net::parse_post_address(one, nothing)) << one;
  }
  for (const auto* one :
       {"http://example.org/", "http://127.0.0.1/", "https://127.0.0.1/", "https://[::1]/",
        "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://169.254.169.254/",
        "https://localhost/", "https://a.localhost/", "https://10.0.0.1:80/", "ftp://example.org/",
        "https://user@example.org/", "https://example.org/#x", "https:///hook", "example.org",
        "https://example.org:0/", "https://example.org:70000/", ""}) {
    EXPECT_FALSE(net::parse_post_address(one, nothing)) << one;
  }
  const auto here = net::reach::parse("127.0.0.1").value();
  EXPECT_TRUE(net::parse_post_address("http://127.0.0.1:8080/hook", here));
  EXPECT_FALSE(net::parse_post_address("http://127.0.0.2/", here));
  EXPECT_FALSE(net::parse_post_address("http://8.8.8.8/", here)) << "without TLS";
  EXPECT_FALSE(net::parse_post_address("https://a.org/" + std::string(2'048, 'x'), here));
}

class guarded : public testing::Test {
 protected:
  result<int> post(net::guarded_posts& posts, net::web_address to, std::string body = "{}") {
    boost::asio::io_context loop;
    net::post_message what;
    what.to = std::move(to);
    what.body = std::move(body);
    what.headers = {{"Content-Type", "application/json"}};
    auto task = posts.post(std::move(what));
    auto answer = boost::asio::co_spawn(loop, std::move(task), boost::asio::use_future);
    loop.run();
    return answer.get();
  }
  net::web_address place(std::string host, std::string target) const {
    return {false, std::move(host), port(), std::move(target)};
  }
  std::uint16_t port() const { return server_.port(); }

  std::atomic<int> asked_{0};
  std::string seen_;
  test_server server_{{
      {net::http_method::post, "/taken", net::sync_handler([this](net::http_request& r) {
         ++asked_;
         seen_ = r.body;
         return net::text_response(204, "");
       })},
      {net::http_method::post, "/moved", net::sync_handler([this](net::http_request&) {
         ++asked_;
         auto out = net::text_response(302, "");
         out.headers.add("Location", "/taken");
         return out;
       })},
  }};
};

TEST_F(guarded, a_post_tells_the_status_of_who_is_allowed) {
  net::guarded_posts posts(net::reach::parse("127.0.0.0/8").value());
  const auto got = post(posts, place("127.0.0.1", "/taken"), R"({"a":1})");
  ASSERT_TRUE(got) << got.error().what();
  EXPECT_EQ(*got, 204);
  EXPECT_EQ(seen_, R"({"a":1})");
}

TEST_F(guarded, a_redirect_is_told_and_not_followed) {
  net::guarded_posts posts(net::reach::parse("127.0.0.0/8").value());
  EXPECT_EQ(post(posts, place("127.0.0.1", "/moved")).value(), 302);
  EXPECT_EQ(asked_, 1);
}

// The name is looked up when it is used, so a name that was harmless when it was written is caught.
TEST_F(guarded, a_name_that_leads_inwards_is_never_connected_to) {
  net::guarded_posts posts((net::reach()));
  for (const auto* host : {"localhost", "127.0.0.1"}) {
    const auto got = post(posts, place(host, "/taken"));
    ASSERT_FALSE(got) << host;
    EXPECT_EQ(got.error().code, errc::forbidden);
    auto secured = place(host, "/taken");
    secured.tls = true;
    const auto tls = post(posts, std::move(secured));
    ASSERT_FALSE(tls) << host;
    EXPECT_EQ(tls.error().code, errc::forbidden);
  }
  EXPECT_EQ(asked_, 0);
}

TEST_F(guarded, who_does_not_speak_tls_is_not_trusted) {
  net::guarded_posts posts(net::reach::parse("127.0.0.1").value());
  auto to = place("127.0.0.1", "/taken");
  to.tls = true;
  const auto got = post(posts, std::move(to));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, errc::unavailable);
  EXPECT_EQ(asked_, 0);
}

TEST_F(guarded, over_tls_only_who_has_a_certificate_for_that_host_is_told) {
  const tls_files files;
  const tls_text_server secured(files, "taken");
  net::guarded_posts posts(net::reach::parse("127.0.0.0/8").value(), std::chrono::minutes(1),
                           files.authority());
  net::guarded_posts with_the_systems_authorities(net::reach::parse("127.0.0.0/8").value());
  net::web_address to{true, "localhost", secured.port(), "/hook"};
  const auto told = post(posts, to);
  ASSERT_TRUE(told) << told.error().what();
  EXPECT_EQ(*told, 200);
  EXPECT_EQ(post(with_the_systems_authorities, to).error().code, errc::unavailable);
  to.host = "127.0.0.2";
  EXPECT_EQ(post(posts, to).error().code, errc::unavailable);
}

// It listens, and never takes the connection from its queue.
TEST_F(guarded, who_does_not_answer_is_given_up) {
  using boost::asio::ip::tcp;
  boost::asio::io_context loop;
  tcp::acceptor silent(loop, {make_address("127.0.0.1"), 0});
  net::guarded_posts posts(net::reach::parse("127.0.0.1").value(), std::chrono::milliseconds(100));
  auto to = place("127.0.0.1", "/taken");
  to.port = silent.local_endpoint().port();
  const auto got = post(posts, std::move(to));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, errc::timeout);
}

TEST_F(guarded, who_does_not_listen_is_unavailable) {
  net::guarded_posts posts(net::reach::parse("127.0.0.1").value());
  auto to = place("127.0.0.1", "/taken");
  server_.stop();
  const auto got = post(posts, std::move(to));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, errc::unavailable);
}

}  // namespace
}  // namespace son1k::test
