#include "net/text_fetch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
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

constexpr std::uint32_t fetched_head_bytes_max = 16 * 1'024;

error bad_url(std::string_view url) {
  const std::string shown(url.substr(0, 200));
  return {
      errc::validation, "url",
      text("must be an https address (http only to this machine), not \"" + shown + "\"",
           "debe ser una dirección https (http solo hacia esta máquina), no \"" + shown + "\"")};
}

bool is_this_machine(std::string_view host) {
  if (host == "localhost") return true;
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(std::string(host), ec);
  return !ec && address.is_loopback();
}

error not_fetched(const text_address& from, errc code, text why) {
  return {code, "url",
          text(from.host + " " + std::move(why.en), from.host + " " + std::move(why.es))};
}

std::string host_field(const text_address& from) {
  const bool v6 = from.host.find(':') != std::string::npos;
  const auto host = v6 ? "[" + from.host + "]" : from.host;
  return from.port == (from.tls ? 443 : 80) ? host : host + ":" + std::to_string(from.port);
}

struct one_fetch {
  explicit one_fetch(const text_address& a, const fetch_bounds& b) : from(a), bounds(b) {
    reply.body_limit(bounds.bytes_max);
    reply.header_limit(fetched_head_bytes_max);
    request.method(http::verb::get);
    request.target(from.target);
    request.version(11);
    request.set(http::field::host, host_field(from));
    request.set(http::field::accept, "application/json");
    request.set(http::field::connection, "close");
  }
  const text_address& from;
  const fetch_bounds& bounds;
  http::request<http::empty_body> request;
  http::response_parser<http::string_body> reply;
  beast::error_code ec;
};

template <class Stream>
asio::awaitable<void> ask_for_text(one_fetch& fetch, Stream& stream) {
  auto token = asio::redirect_error(asio::use_awaitable, fetch.ec);
  co_await http::async_write(stream, fetch.request, token);
  if (fetch.ec) co_return;
  beast::flat_buffer buffer(fetch.bounds.bytes_max + fetched_head_bytes_max);
  co_await http::async_read(stream, buffer, fetch.reply, token);
}

asio::awaitable<void> ask_over_tls(one_fetch& fetch, beast::tcp_stream& below) {
  auto token = asio::redirect_error(asio::use_awaitable, fetch.ec);
  asio::ssl::context tls(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  if (fetch.bounds.authorities.empty()) {
    tls.set_default_verify_paths(fetch.ec);
  } else {
    tls.load_verify_file(fetch.bounds.authorities, fetch.ec);
  }
  if (fetch.ec) co_return;
  asio::ssl::stream<beast::tcp_stream&> stream(below, tls);
  boost::system::error_code not_an_address;
  asio::ip::make_address(fetch.from.host, not_an_address);
  if (not_an_address) SSL_set_tlsext_host_name(stream.native_handle(), fetch.from.host.c_str());
  stream.set_verify_mode(asio::ssl::verify_peer);
  stream.set_verify_callback(asio::ssl::host_name_verification(fetch.from.host));
  co_await stream.async_handshake(asio::ssl::stream_base::client, token);
  if (fetch.ec) co_return;
  co_await ask_for_text(fetch, stream);
}

asio::awaitable<void> run_fetch(one_fetch& fetch) {
  auto executor = co_await asio::this_coro::executor;
  auto token = asio::redirect_error(asio::use_awaitable, fetch.ec);
  tcp::resolver resolver(executor);
  const auto port = std::to_string(fetch.from.port);
  const auto found = co_await resolver.async_resolve(fetch.from.host, port, token);
  if (fetch.ec) co_return;
  beast::tcp_stream stream(executor);
  stream.expires_after(fetch.bounds.time);
  co_await stream.async_connect(found, token);
  if (fetch.ec) co_return;
  if (fetch.from.tls) {
    co_await ask_over_tls(fetch, stream);
  } else {
    co_await ask_for_text(fetch, stream);
  }
}

error broken_fetch(const text_address& from, const beast::error_code& ec) {
  if (ec == beast::error::timeout)
    return not_fetched(from, errc::timeout, {"did not answer in time", "no respondió a tiempo"});
  if (ec == http::error::body_limit || ec == http::error::buffer_overflow ||
      ec == http::error::header_limit) {
    return not_fetched(from, errc::payload_too_large,
                       {"sent more than was wanted", "envió más de lo que se quería"});
  }
  return not_fetched(from, errc::unavailable,
                     {"cannot be read: " + ec.message(), "no se puede leer: " + ec.message()});
}

}  // namespace

result<text_address> parse_text_address(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed || parsed->host().empty() || parsed->has_fragment() || parsed->has_userinfo())
    return bad_url(url);
  text_address out;
  out.host = std::string(parsed->host_address());
  out.tls = parsed->scheme() == "https";
  if (!out.tls && (parsed->scheme() != "http" || !is_this_machine(out.host))) return bad_url(url);
  out.port = out.tls ? 443 : 80;
  if (parsed->has_port()) {
    const std::string_view digits = parsed->port();
    const auto end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, out.port);
    if (read.ec != std::errc() || read.ptr != end || out.port == 0) return bad_url(url);
  }
  const std::string_view target = parsed->encoded_target();
  if (!target.empty()) out.target = target.front() == '/' ? target : "/" + std::string(target);
  return out;
}

result<std::string> fetch_text(const text_address& from, const fetch_bounds& bounds) {
  asio::io_context loop(1);
  one_fetch fetch(from, bounds);
  auto task = run_fetch(fetch);
  std::exception_ptr escaped;
  asio::co_spawn(loop, std::move(task), [&escaped](std::exception_ptr e) { escaped = e; });
  loop.run();
  if (escaped) std::rethrow_exception(escaped);
  if (fetch.ec) return broken_fetch(from, fetch.ec);
  auto reply = fetch.reply.release();
  if (reply.result_int() != 200) {
    const auto status = std::to_string(reply.result_int());
    return not_fetched(from, errc::unavailable,
                       {"answered with status " + status, "respondió con el estado " + status});
  }
  return std::move(reply.body());
}

}  // namespace son1k::net
