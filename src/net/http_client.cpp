#include "net/http_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

namespace son1k::net {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
namespace {

using message = http::request<http::string_body>;
using parser = http::response_parser<http::string_body>;

error bad_address(std::string_view url) {
  const std::string shown(url.substr(0, 200));
  return {errc::validation, "server",
          text("must be an address such as http://127.0.0.1:3001, not \"" + shown + "\"",
               "debe ser una dirección como http://127.0.0.1:3001, no \"" + shown + "\"")};
}

error broken(const server_address& to, const beast::error_code& ec) {
  const auto where = to.host + ":" + std::to_string(to.port);
  if (ec == beast::error::timeout) {
    return {errc::timeout, "server",
            text(where + " did not answer in time", where + " no respondió a tiempo")};
  }
  if (ec == http::error::body_limit) {
    return {errc::payload_too_large, "server",
            text("the reply of " + where + " is too long",
                 "la respuesta de " + where + " es demasiado larga")};
  }
  return {errc::unavailable, "server",
          text(where + " cannot be reached: " + ec.message(),
               "no se puede llegar a " + where + ": " + ec.message())};
}

message to_message(const server_address& to, const client_request& what) {
  message out{http::string_to_verb(std::string(name_of(what.method))), what.target, 11};
  const bool v6 = to.host.find(':') != std::string::npos;
  out.set(http::field::host, (v6 ? "[" + to.host + "]" : to.host) + ":" + std::to_string(to.port));
  out.set(http::field::connection, "close");
  for (const auto& [name, value] : what.headers) out.set(name, value);
  out.body() = what.body;
  out.prepare_payload();
  return out;
}

struct exchange_state {
  server_address to;
  message request;
  parser reply;
  client_bounds bounds;
  beast::error_code ec;
};

asio::awaitable<void> run(exchange_state& state) {
  auto executor = co_await asio::this_coro::executor;
  auto token = asio::redirect_error(asio::use_awaitable, state.ec);
  tcp::resolver resolver(executor);
  const auto port = std::to_string(state.to.port);
  const auto found = co_await resolver.async_resolve(state.to.host, port, token);
  if (state.ec) co_return;
  beast::tcp_stream stream(executor);
  stream.expires_after(state.bounds.time);
  co_await stream.async_connect(found, token);
  if (state.ec) co_return;
  co_await http::async_write(stream, state.request, token);
  // A server that refuses a body early has said why before it stops reading.
  beast::flat_buffer buffer;
  beast::error_code written = state.ec;
  co_await http::async_read(stream, buffer, state.reply, token);
  if (state.ec && written) state.ec = written;
}

}  // namespace

result<server_address> parse_address(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed || parsed->scheme() != "http" || parsed->host().empty() || parsed->has_query() ||
      parsed->has_fragment() || parsed->has_userinfo() ||
      (!parsed->encoded_path().empty() && parsed->encoded_path() != "/")) {
    return bad_address(url);
  }
  server_address out;
  out.host = std::string(parsed->host_address());
  if (parsed->has_port()) {
    const std::string_view digits = parsed->port();
    const auto end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, out.port);
    if (read.ec != std::errc() || read.ptr != end || out.port == 0) return bad_address(url);
  }
  return out;
}

result<client_reply> exchange(const server_address& to, const client_request& what,
                              client_bounds bounds) {
  asio::io_context loop(1);
  exchange_state state{to, to_message(to, what), {}, bounds, {}};
  state.reply.body_limit(bounds.body_bytes_max);
  auto task = run(state);
  std::exception_ptr escaped;
  asio::co_spawn(loop, std::move(task), [&escaped](std::exception_ptr e) { escaped = e; });
  loop.run();
  if (escaped) std::rethrow_exception(escaped);
  if (state.ec) return broken(to, state.ec);
  auto reply = state.reply.release();
  return client_reply{static_cast<int>(reply.result_int()), std::move(reply.body())};
}

}  // namespace son1k::net
