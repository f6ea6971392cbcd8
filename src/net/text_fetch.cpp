#include "net/text_fetch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "net/web_peer.hpp"

namespace son1k::net {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
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

error not_fetched(const web_address& from, errc code, text why) {
  return {code, "url",
          text(from.host + " " + std::move(why.en), from.host + " " + std::move(why.es))};
}

struct one_fetch {
  explicit one_fetch(const web_address& a, const fetch_bounds& b) : from(a), bounds(b) {
    reply.body_limit(bounds.bytes_max);
    reply.header_limit(fetched_head_bytes_max);
    request.method(http::verb::get);
    request.target(from.target);
    request.version(11);
    request.set(http::field::host, host_field(from));
    request.set(http::field::accept, "application/json");
    request.set(http::field::connection, "close");
  }
  const web_address& from;
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

asio::awaitable<void> run_fetch(one_fetch& fetch) {
  const auto ends = std::chrono::steady_clock::now() + fetch.bounds.time;
  const auto found =
      co_await look_up(fetch.from.host, fetch.from.port, fetch.bounds.time, fetch.ec);
  if (fetch.ec) co_return;
  auto executor = co_await asio::this_coro::executor;
  auto token = asio::redirect_error(asio::use_awaitable, fetch.ec);
  beast::tcp_stream stream(executor);
  stream.expires_at(ends);
  co_await stream.async_connect(found, token);
  if (fetch.ec) co_return;
  if (!fetch.from.tls) {
    co_await ask_for_text(fetch, stream);
    co_return;
  }
  const auto tls = client_tls(fetch.bounds.authorities, fetch.ec);
  if (fetch.ec) co_return;
  tls_stream trusted(stream, *tls);
  co_await shake_hands(trusted, fetch.from.host, fetch.ec);
  if (!fetch.ec) co_await ask_for_text(fetch, trusted);
}

error broken_fetch(const web_address& from, const beast::error_code& ec) {
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

result<web_address> parse_text_address(std::string_view url) {
  auto out = parse_web_address(url);
  if (!out || (!out->tls && !is_this_machine(out->host))) return bad_url(url);
  return std::move(*out);
}

result<std::string> fetch_text(const web_address& from, const fetch_bounds& bounds) {
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
