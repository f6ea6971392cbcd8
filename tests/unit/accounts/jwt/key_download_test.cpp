#include "accounts/jwt/key_download.hpp"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <future>
#include <thread>

#include "net/text_fetch.hpp"
#include "support/redis_server.hpp"
#include "support/tls_text_server.hpp"
#include "unit/net/test_server.hpp"

namespace son1k::accounts::key_download_tests {

namespace asio = boost::asio;
using asio::ip::tcp;
using net::fetch_text;

net::web_address at(std::uint16_t port, const std::string& host = "127.0.0.1", bool tls = true) {
  return {tls, host, port, "/keys"};
}

// Bounds that a busy machine does not reach.
net::fetch_bounds patient() {
  net::fetch_bounds out;
  out.time = std::chrono::minutes(1);
  return out;
}

TEST(text_fetch, over_tls_only_who_has_a_certificate_for_that_host_is_heard) {
  const test::tls_files files;
  const test::tls_text_server server(files, "{\"keys\":[]}");
  auto trusting = patient();
  trusting.authorities = files.authority();
  const auto by_address = fetch_text(at(server.port()), trusting);
  ASSERT_TRUE(by_address) << by_address.error().what();
  EXPECT_EQ(*by_address, "{\"keys\":[]}");
  EXPECT_TRUE(fetch_text(at(server.port(), "localhost"), trusting));
  const auto other_host = fetch_text(at(server.port(), "127.0.0.2"), trusting);
  ASSERT_FALSE(other_host);
  EXPECT_EQ(other_host.error().code, errc::unavailable);
  const auto by_the_systems_authorities = fetch_text(at(server.port()), patient());
  ASSERT_FALSE(by_the_systems_authorities);
  EXPECT_EQ(by_the_systems_authorities.error().field, "url");
}

TEST(text_fetch, another_status_a_longer_text_and_silence_are_told_apart) {
  const auto redirect = [](net::http_request&) {
    auto out = net::text_response(302, "there");
    out.headers.add("Location", "/long");
    return out;
  };
  const auto long_text = [](net::http_request&) {
    return net::text_response(200, std::string(1'001, 'x'));
  };
  net::handler silent = [](net::http_request& r) -> asio::awaitable<net::http_response> {
    asio::steady_timer never(r.executor, std::chrono::hours(1));
    co_await never.async_wait(asio::use_awaitable);
    co_return net::text_response(200, "late");
  };
  net::http_server_settings settings;
  settings.drain_time = std::chrono::milliseconds(1);
  test::test_server server({{net::http_method::get, "/keys", net::sync_handler(redirect)},
                            {net::http_method::get, "/long", net::sync_handler(long_text)},
                            {net::http_method::get, "/silent", silent}},
                           settings);
  auto from = at(server.port(), "127.0.0.1", false);
  auto bounds = patient();
  bounds.bytes_max = 1'000;
  EXPECT_EQ(fetch_text(from, bounds).error().code, errc::unavailable);
  from.target = "/long";
  EXPECT_EQ(fetch_text(from, bounds).error().code, errc::payload_too_large);
  bounds.bytes_max = 1'001;
  EXPECT_TRUE(fetch_text(from, bounds));
  from.target = "/silent";
  bounds.time = std::chrono::milliseconds(20);
  EXPECT_EQ(fetch_text(from, bounds).error().code, errc::timeout);
  bounds = patient();
  server.stop();
  EXPECT_EQ(fetch_text(from, bounds).error().code, errc::unavailable);
}

TEST(text_fetch, an_address_is_https_or_this_machine) {
  const auto plain = net::parse_text_address("http://127.0.0.1:8000/keys?of=us");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->tls);
  EXPECT_EQ(plain->port, 8000);
  EXPECT_EQ(plain->target, "/keys?of=us");
  const auto secure = net::parse_text_address("https://p.example");
  ASSERT_TRUE(secure);
  EXPECT_TRUE(secure->tls);
  EXPECT_EQ(secure->port, 443);
  EXPECT_EQ(secure->target, "/");
  EXPECT_TRUE(net::parse_text_address("http://[::1]/"));
  EXPECT_TRUE(net::parse_text_address("http://localhost/"));
  for (const auto* wrong :
       {"", "/keys", "p.example", "http://p.example", "http://10.0.0.1/",
        "http://localhost.evil.io/", "ftp://127.0.0.1/", "https://", "https://u:p@p.example/",
        "https://p.example/#x", "https://p.example:0/", "https://p.example:70000/"}) {
    const auto refused = net::parse_text_address(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().field, "url") << wrong;
  }
}

TEST(key_download, tells_what_it_got_and_its_end_waits_for_that) {
  test::test_server server({{net::http_method::get, "/keys", net::sync_handler(test::hello)}});
  std::promise<result<std::string>> told;
  auto got = told.get_future();
  bool ended = false;
  {
    key_download download(at(server.port(), "127.0.0.1", false), patient());
    download.fetch([&](result<std::string> text) {
      told.set_value(std::move(text));
      ended = true;
    });
  }
  EXPECT_TRUE(ended);
  const auto text = got.get();
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "hello");
}

}  // namespace son1k::accounts::key_download_tests
