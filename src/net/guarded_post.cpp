#include "net/guarded_post.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
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

std::string host_of_post(const post_address& to) {
  const bool v6 = to.host.find(':') != std::string::npos;
  const auto host = v6 ? "[" + to.host + "]" : to.host;
  return to.port == (to.tls ? 443 : 80) ? host : host + ":" + std::to_string(to.port);
}

// One exchange; lives in the coroutine that waits for it.
struct one_post {
  one_post(post_message what, std::chrono::milliseconds within) : to(what.to), time(within) {
    reply.header_limit(posted_head_bytes_max);
    request.method(http::verb::post);
    request.target(to.target);
    request.version(11);
    request.set(http::field::host, host_of_post(to));
    request.set(http::field::connection, "close");
    for (auto& [name, value] : what.headers) request.set(name, value);
    request.body() = std::move(what.body);
    request.prepare_payload();
  }
  const post_address to;
  const std::chrono::milliseconds time;
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

asio::awaitable<void> exchange_over_tls(one_post& post, beast::tcp_stream& below,
                                        asio::ssl::context& tls) {
  auto token = asio::redirect_error(asio::use_awaitable, post.ec);
  asio::ssl::stream<beast::tcp_stream&> stream(below, tls);
  boost::system::error_code not_an_address;
  asio::ip::make_address(post.to.host, not_an_address);
  if (not_an_address) SSL_set_tlsext_host_name(stream.native_handle(), post.to.host.c_str());
  stream.set_verify_mode(asio::ssl::verify_peer);
  stream.set_verify_callback(asio::ssl::host_name_verification(post.to.host));
  co_await stream.async_handshake(asio::ssl::stream_base::client, token);
  if (post.ec) co_return;
  co_await exchange_post(post, stream);
}

// All that the name stands for now; a resolver that is silent is given up with the rest of the
// exchange.
asio::awaitable<result<std::vector<tcp::endpoint>>> find_endpoints(one_post& post) {
  auto executor = co_await asio::this_coro::executor;
  // The timer's handler may still be on its way when this is over.
  struct search {
    explicit search(const asio::any_io_executor& on) : names(on), limit(on) {}
    tcp::resolver names;
    asio::steady_timer limit;
    bool late = false;
  };
  auto state = std::make_shared<search>(executor);
  state->limit.expires_after(post.time);
  state->limit.async_wait([state](const boost::system::error_code& ended) {
    if (ended) return;
    state->late = true;
    state->names.cancel();
  });
  const auto port = std::to_string(post.to.port);
  auto token = asio::redirect_error(asio::use_awaitable, post.ec);
  const auto found = co_await state->names.async_resolve(post.to.host, port,
                                                         tcp::resolver::numeric_service, token);
  state->limit.cancel();
  if (state->late) post.ec = beast::error::timeout;
  std::vector<tcp::endpoint> out;
  if (!post.ec)
    for (const auto& one : found) out.push_back(one.endpoint());
  if (post.ec || out.empty()) {
    co_return not_posted(post.ec == beast::error::timeout ? errc::timeout : errc::unavailable,
                         post.to.host + " cannot be found", "no se encuentra " + post.to.host);
  }
  co_return out;
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

result<post_address> parse_post_address(std::string_view url, const reach& within) {
  if (url.size() > posted_url_bytes_max)
    return bad_post_url({"must have at most 2048 bytes", "debe tener 2048 bytes o menos"});
  const auto parsed = boost::urls::parse_uri(url);
  const error wrong = bad_post_url({"must be an address such as https://example.org/hook",
                                    "debe ser una dirección como https://example.org/hook"});
  if (!parsed || parsed->host().empty() || parsed->has_fragment() || parsed->has_userinfo())
    return wrong;
  post_address out;
  out.tls = parsed->scheme() == "https";
  if (!out.tls && parsed->scheme() != "http") return wrong;
  out.host = std::string(parsed->host_address());
  out.port = out.tls ? 443 : 80;
  if (parsed->has_port()) {
    const std::string_view digits = parsed->port();
    const auto end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, out.port);
    if (read.ec != std::errc() || read.ptr != end || out.port == 0) return wrong;
  }
  const std::string_view target = parsed->encoded_target();
  if (!target.empty()) out.target = target.front() == '/' ? target : "/" + std::string(target);
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(out.host, not_an_address);
  const bool local = out.host == "localhost" || out.host.ends_with(".localhost");
  if ((local && !within.names_any()) || (!not_an_address && !within.allows(address)))
    return bad_post_url(refused_place().message);
  if (!out.tls && (!within.names_any() || (!not_an_address && !within.names(address))))
    return bad_post_url(refused_plain().message);
  return out;
}

guarded_posts::guarded_posts(reach within, std::chrono::milliseconds time, std::string authorities)
    : within_(std::move(within)), time_(time), authorities_(std::move(authorities)) {}

// Reading the authorities takes milliseconds, so it is done once.
result<asio::ssl::context*> guarded_posts::tls() {
  const std::scoped_lock hold(lock_);
  if (tls_) return tls_.get();
  auto made = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
  boost::system::error_code ec;
  if (authorities_.empty()) {
    made->set_default_verify_paths(ec);
  } else {
    made->load_verify_file(authorities_, ec);
  }
  if (ec) {
    return not_posted(errc::unavailable, "the authorities cannot be read: " + ec.message(),
                      "no se pueden leer las autoridades: " + ec.message());
  }
  tls_ = std::move(made);
  return tls_.get();
}

asio::awaitable<result<int>> guarded_posts::post(post_message what) {
  const auto began = std::chrono::steady_clock::now();
  one_post post(std::move(what), time_);
  auto found = co_await find_endpoints(post);
  if (!found) co_return found.error();
  // One that is not allowed among others makes the name suspect as a whole.
  for (const auto& one : *found) {
    if (!within_.allows(one.address())) co_return refused_place();
    if (!post.to.tls && !within_.names(one.address())) co_return refused_plain();
  }
  auto executor = co_await asio::this_coro::executor;
  beast::tcp_stream stream(executor);
  stream.expires_at(began + time_);
  auto token = asio::redirect_error(asio::use_awaitable, post.ec);
  co_await stream.async_connect(*found, token);
  if (post.ec) co_return broken_post(post);
  if (post.to.tls) {
    auto with = tls();
    if (!with) co_return with.error();
    co_await exchange_over_tls(post, stream, **with);
  } else {
    co_await exchange_post(post, stream);
  }
  if (post.ec) co_return broken_post(post);
  co_return static_cast<int>(post.reply.get().result_int());
}

}  // namespace son1k::net
