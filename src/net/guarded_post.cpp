#include "net/guarded_post.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "net/web_peer.hpp"

namespace son1k::net {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace {

constexpr std::uint32_t posted_head_bytes_max = 16 * 1'024;

error bad_post_url(text why) {
  return {errc::validation, "url", std::move(why)};
}

error refused_place() {
  return {
      errc::forbidden, "url",
      text("leads to an address that is not public", "lleva a una dirección que no es pública")};
}

error refused_plain() {
  return {errc::forbidden, "url", text("must be https", "debe ser https")};
}

error not_posted(errc code, std::string why_en, std::string why_es) {
  return {code, "url", text(std::move(why_en), std::move(why_es))};
}

// One exchange; lives in the coroutine that waits for it.
struct one_post {
  explicit one_post(post_message what) : to(what.to) {
    reply.header_limit(posted_head_bytes_max);
    request.method(http::verb::post);
    request.target(to.target);
    request.version(11);
    request.set(http::field::host, host_field(to));
    request.set(http::field::connection, "close");
    for (auto& [name, value] : what.headers) request.set(name, value);
    request.body() = std::move(what.body);
    request.prepare_payload();
  }
  const web_address to;
  http::request<http::string_body> request;
  http::response_parser<http::empty_body> reply;
  beast::error_code ec;
};

template <class Stream>
asio::awaitable<void> exchange_post(one_post& post, Stream& stream) {
  auto token = asio::redirect_error(asio::use_awaitable, post.ec);
  co_await http::async_write(stream, post.request, token);
  const beast::error_code written = post.ec;
  beast::flat_buffer buffer(posted_head_bytes_max);
  // A server that refuses early has said why before it stops reading.
  co_await http::async_read_header(stream, buffer, post.reply, token);
  if (post.ec && written) post.ec = written;
}

error not_found_post(const one_post& post) {
  return not_posted(post.ec == beast::error::timeout ? errc::timeout : errc::unavailable,
                    post.to.host + " cannot be found", "no se encuentra " + post.to.host);
}

error broken_post(const one_post& post) {
  if (post.ec == beast::error::timeout) {
    return not_posted(errc::timeout, post.to.host + " did not answer in time",
                      post.to.host + " no respondió a tiempo");
  }
  const auto why = post.ec.message();
  return not_posted(errc::unavailable, post.to.host + " cannot be reached: " + why,
                    "no se puede llegar a " + post.to.host + ": " + why);
}

}  // namespace

result<web_address> parse_post_address(std::string_view url, const reach& within) {
  if (url.size() > posted_url_bytes_max)
    return bad_post_url({"must have at most 2048 bytes", "debe tener 2048 bytes o menos"});
  auto out = parse_web_address(url);
  if (!out) {
    return bad_post_url({"must be an address such as https://example.org/hook",
                         "debe ser una dirección como https://example.org/hook"});
  }
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(out->host, not_an_address);
  const bool local = out->host == "localhost" || out->host.ends_with(".localhost");
  if ((local && !within.names_any()) || (!not_an_address && !within.allows(address)))
    return bad_post_url(refused_place().message);
  if (!out->tls && (!within.names_any() || (!not_an_address && !within.names(address))))
    return bad_post_url(refused_plain().message);
  return std::move(*out);
}

guarded_posts::guarded_posts(reach within, std::chrono::milliseconds time, std::string authorities)
    : within_(std::move(within)), time_(time), authorities_(std::move(authorities)) {}

// Reading the authorities takes milliseconds, so it is done once.
result<asio::ssl::context*> guarded_posts::tls() {
  const std::scoped_lock hold(lock_);
  if (tls_) return tls_.get();
  boost::system::error_code ec;
  auto made = client_tls(authorities_, ec);
  if (ec) {
    return not_posted(errc::unavailable, "the authorities cannot be read: " + ec.message(),
                      "no se pueden leer las autoridades: " + ec.message());
  }
  tls_ = std::move(made);
  return tls_.get();
}

asio::awaitable<result<int>> guarded_posts::post(post_message what) {
  const auto began = std::chrono::steady_clock::now();
  one_post post(std::move(what));
  const auto found = co_await look_up(post.to.host, post.to.port, time_, post.ec);
  if (post.ec) co_return not_found_post(post);
  // One that is not allowed among others makes the name suspect as a whole.
  for (const auto& one : found) {
    if (!within_.allows(one.address())) co_return refused_place();
    if (!post.to.tls && !within_.names(one.address())) co_return refused_plain();
  }
  auto executor = co_await asio::this_coro::executor;
  beast::tcp_stream stream(executor);
  stream.expires_at(began + time_);
  auto token = asio::redirect_error(asio::use_awaitable, post.ec);
  co_await stream.async_connect(found, token);
  if (post.ec) co_return broken_post(post);
  if (post.to.tls) {
    auto with = tls();
    if (!with) co_return with.error();
    tls_stream trusted(stream, **with);
    co_await shake_hands(trusted, post.to.host, post.ec);
    if (!post.ec) co_await exchange_post(post, trusted);
  } else {
    co_await exchange_post(post, stream);
  }
  if (post.ec) co_return broken_post(post);
  co_return static_cast<int>(post.reply.get().result_int());
}

}  // namespace son1k::net
