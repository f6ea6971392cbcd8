// A server on a free loopback port, for the length of a test.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "net/http_server.hpp"
#include "net/reactors.hpp"
#include "unit/net/raw_client.hpp"

namespace son1k::test {

class test_server {
 public:
  explicit test_server(std::vector<net::route> rows, net::http_server_settings settings = {},
                       net::error_renderer renderer = {}, net::request_observer observer = {})
      : loops_(2) {
    for (auto& row : rows) EXPECT_TRUE(routes_.add(std::move(row)));
    settings.port = 0;
    server_ = std::make_unique<net::http_server>(loops_, routes_, settings, std::move(renderer),
                                                 std::move(observer));
    EXPECT_TRUE(server_->start());
    loops_.start();
  }
  ~test_server() { stop(); }

  void stop() {
    server_->stop();
    loops_.stop();
  }
  net::http_server& server() { return *server_; }
  net::reactors& loops() { return loops_; }
  std::uint16_t port() const { return server_->port(); }

  // One request on a connection of its own.
  raw_reply ask(const std::string& bytes, bool head_only = false) {
    raw_client client(port());
    client.send(bytes);
    return client.read_reply(head_only);
  }
  raw_reply get(const std::string& path, const std::string& fields = {}) {
    return ask("GET " + path + " HTTP/1.1\r\nHost: here\r\n" + fields + "\r\n");
  }

 private:
  net::reactors loops_;
  net::router routes_;
  std::unique_ptr<net::http_server> server_;
};

inline net::http_response hello(net::http_request&) {
  return net::text_response(200, "hello");
}
inline net::http_response echo(net::http_request& request) {
  return net::text_response(200, std::move(request.body));
}
inline const std::string get_hello = "GET /hello HTTP/1.1\r\nHost: here\r\n\r\n";

}  // namespace son1k::test
