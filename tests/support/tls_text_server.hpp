// A server of https that answers everybody with one text, for what the program asks for itself.
#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <thread>

#include "support/redis_server.hpp"

namespace son1k::test {

// Answers every connection over TLS with one text, on all loopback addresses.
class tls_text_server {
 public:
  tls_text_server(const tls_files& files, std::string text)
      : acceptor_(loop_, boost::asio::ip::tcp::endpoint(boost::asio::ip::tcp::v4(), 0)),
        text_(std::move(text)) {
    tls_.use_certificate_chain_file(files.certificate());
    tls_.use_private_key_file(files.key(), boost::asio::ssl::context::pem);
    auto task = serve();
    boost::asio::co_spawn(loop_, std::move(task), [](std::exception_ptr) {});
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~tls_text_server() {
    loop_.stop();
    thread_.join();
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  boost::asio::awaitable<void> serve() {
    for (;;) {
      boost::system::error_code ec;
      auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ec);
      auto socket = co_await acceptor_.async_accept(token);
      if (ec) co_return;
      boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream(std::move(socket), tls_);
      co_await stream.async_handshake(boost::asio::ssl::stream_base::server, token);
      if (ec) continue;
      std::string head;
      auto buffer = boost::asio::dynamic_buffer(head, 8'192);
      co_await boost::asio::async_read_until(stream, buffer, "\r\n\r\n", token);
      if (ec) continue;
      const auto reply =
          "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text_.size()) + "\r\n\r\n" + text_;
      co_await boost::asio::async_write(stream, boost::asio::buffer(reply), token);
    }
  }
  boost::asio::io_context loop_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
  std::string text_;
  std::thread thread_;
};

}  // namespace son1k::test
