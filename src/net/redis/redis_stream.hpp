// A connected socket, plain or TLS, behind one face. Internal to net/redis. Lives on one loop and
// is touched by its thread only; one read and one write at a time.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "net/redis/redis_settings.hpp"

namespace boost::asio::ssl {
class context;
}

namespace son1k::net {

using tls_context = std::shared_ptr<boost::asio::ssl::context>;
// Null without TLS. validation, field "redis_url": the file of authorities cannot be read.
result<tls_context> make_tls_context(const redis_settings& settings);

class redis_stream {
 public:
  using endpoints = boost::asio::ip::tcp::resolver::results_type;
  using error_code = boost::system::error_code;
  using written = std::function<void(const error_code&, std::size_t)>;

  virtual ~redis_stream() = default;
  // The first endpoint that answers; with TLS the certificate must be `host`'s if it is verified.
  virtual boost::asio::awaitable<error_code> open(endpoints to, std::string host) = 0;
  virtual boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer into,
                                                        error_code& ec) = 0;
  // Writes it all; `done` runs once, with what had left when it broke. The bytes stay until then.
  virtual void write(boost::asio::const_buffer from, written done) = 0;
  // What is under way ends with operation_aborted. Repeatable.
  virtual void close() = 0;
};

std::shared_ptr<redis_stream> make_redis_stream(boost::asio::io_context& loop,
                                                const tls_context& tls);

// Whether a connection failed because the peer's certificate was not accepted.
bool is_certificate_fault(const boost::system::error_code& ec);

}  // namespace son1k::net
