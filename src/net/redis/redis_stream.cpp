#include "net/redis/redis_stream.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace son1k::net {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

void prepare(tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
}

template <class Socket>
class socket_stream : public redis_stream {
 public:
  asio::awaitable<std::size_t> read_some(asio::mutable_buffer into, error_code& ec) override {
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    co_return co_await socket().async_read_some(into, token);
  }
  void write(asio::const_buffer from, written done) override {
    asio::async_write(socket(), from, std::move(done));
  }
  void close() override {
    error_code ignored;
    lowest().close(ignored);
  }

 protected:
  virtual Socket& socket() = 0;
  virtual tcp::socket& lowest() = 0;
};

class plain_stream final : public socket_stream<tcp::socket> {
 public:
  explicit plain_stream(asio::io_context& loop) : socket_(loop) {}
  asio::awaitable<error_code> open(endpoints to, std::string) override {
    error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    co_await asio::async_connect(socket_, to, token);
    if (!ec) prepare(socket_);
    co_return ec;
  }

 private:
  tcp::socket& socket() override { return socket_; }
  tcp::socket& lowest() override { return socket_; }
  tcp::socket socket_;
};

class tls_stream final : public socket_stream<asio::ssl::stream<tcp::socket>> {
 public:
  tls_stream(asio::io_context& loop, tls_context tls)
      : tls_(std::move(tls)), socket_(loop, *tls_) {}
  asio::awaitable<error_code> open(endpoints to, std::string host) override {
    error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    co_await asio::async_connect(lowest(), to, token);
    if (ec) co_return ec;
    prepare(lowest());
    boost::system::error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    if (not_an_address) SSL_set_tlsext_host_name(socket_.native_handle(), host.c_str());
    socket_.set_verify_callback(asio::ssl::host_name_verification(host), ec);
    if (ec) co_return ec;
    co_await socket_.async_handshake(asio::ssl::stream_base::client, token);
    co_return ec;
  }

 private:
  asio::ssl::stream<tcp::socket>& socket() override { return socket_; }
  tcp::socket& lowest() override { return socket_.next_layer(); }
  tls_context tls_;
  asio::ssl::stream<tcp::socket> socket_;
};

}  // namespace

result<tls_context> make_tls_context(const redis_settings& settings) {
  if (!settings.tls) return tls_context();
  auto out = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(out->native_handle(), TLS1_2_VERSION);
  boost::system::error_code ec;
  if (settings.tls_ca_file.empty()) {
    out->set_default_verify_paths(ec);
  } else {
    out->load_verify_file(settings.tls_ca_file, ec);
  }
  if (ec) {
    return error(errc::validation, "redis_url",
                 {"tls_ca_file " + settings.tls_ca_file + " cannot be used: " + ec.message(),
                  "tls_ca_file " + settings.tls_ca_file + " no sirve: " + ec.message()});
  }
  out->set_verify_mode(settings.tls_verify ? asio::ssl::verify_peer : asio::ssl::verify_none);
  return out;
}

std::shared_ptr<redis_stream> make_redis_stream(asio::io_context& loop, const tls_context& tls) {
  if (tls) return std::make_shared<tls_stream>(loop, tls);
  return std::make_shared<plain_stream>(loop);
}

bool is_certificate_fault(const boost::system::error_code& ec) {
  return ec.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(ec.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

}  // namespace son1k::net
