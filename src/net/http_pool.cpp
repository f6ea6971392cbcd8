#include "net/http_pool.hpp"

#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>

namespace son1k::net {

class pooled_link {
 public:
  explicit pooled_link(const boost::asio::any_io_executor& executor) : stream(executor) {}

  // Nothing may have come while nobody asked: the end, or what no request explains.
  bool silent() {
    char byte = 0;
    const int handle = stream.socket().native_handle();
    const auto got = ::recv(handle, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  boost::beast::tcp_stream stream;
  boost::beast::flat_buffer buffer;
  std::chrono::steady_clock::time_point idle_since{};
};

void exchange_grip::give_up() {
  given_up_ = true;
  if (const auto link = link_.lock()) link->stream.close();
}

namespace {

namespace pool_http = boost::beast::http;
using pool_parser = pool_http::response_parser<pool_http::string_body>;
using pool_message = pool_http::request<pool_http::string_body>;

std::string name_of(const server_address& to) {
  const bool v6 = to.host.find(':') != std::string::npos;
  return (v6 ? "[" + to.host + "]" : to.host) + ":" + std::to_string(to.port);
}

error failed(const std::string& name, const boost::beast::error_code& ec, bool given_up) {
  if (given_up) {
    return {errc::cancelled, text("Nobody waits for the reply of " + name + " any more.",
                                  "Ya nadie espera la respuesta de " + name + ".")};
  }
  if (ec == boost::beast::error::timeout) {
    return {errc::timeout,
            text(name + " did not answer in time.", name + " no respondió a tiempo.")};
  }
  if (ec == pool_http::error::body_limit) {
    return {errc::payload_too_large, text("The reply of " + name + " is too long.",
                                          "La respuesta de " + name + " es demasiado larga.")};
  }
  return {errc::unavailable, text(name + " cannot be reached: " + ec.message(),
                                  "No se puede llegar a " + name + ": " + ec.message())};
}

error too_many() {
  return {errc::rate_limited, text("Too many exchanges with other servers are under way.",
                                   "Hay demasiados intercambios con otros servidores en curso.")};
}

pool_message message_of(const std::string& name, client_request what) {
  pool_message out{pool_http::string_to_verb(std::string(name_of(what.method))), what.target, 11};
  out.set(pool_http::field::host, name);
  for (const auto& [field, value] : what.headers) out.set(field, value);
  const bool has_body = !what.body.empty() || what.method == http_method::post;
  out.body() = std::move(what.body);
  if (has_body) out.prepare_payload();
  return out;
}

}  // namespace

http_pool::http_pool(boost::asio::any_io_executor executor, pool_settings settings)
    : executor_(std::move(executor)), settings_(settings), timer_(executor_) {}

http_pool::~http_pool() = default;

std::size_t http_pool::idle() const {
  std::size_t out = 0;
  for (const auto& [name, links] : idle_) out += links.size();
  return out;
}

http_pool::link_ptr http_pool::take_idle(const std::string& name) {
  const auto found = idle_.find(name);
  while (found != idle_.end() && !found->second.empty()) {
    auto link = std::move(found->second.back());
    found->second.pop_back();
    if (link->silent()) return link;
  }
  return nullptr;
}

void http_pool::keep(const std::string& name, link_ptr link) {
  auto& links = idle_[name];
  if (stopped_ || links.size() >= settings_.idle_max) return;
  link->stream.expires_never();
  link->idle_since = std::chrono::steady_clock::now();
  links.push_back(std::move(link));
  sweep_later();
}

void http_pool::sweep_later() {
  if (sweeping_) return;
  sweeping_ = true;
  timer_.expires_after(settings_.idle_time / 2);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
    const auto self = weak.lock();
    if (!self || ec) return;
    self->sweeping_ = false;
    self->drop_old();
    if (!self->idle_.empty()) self->sweep_later();
  });
}

void http_pool::drop_old() {
  const auto oldest = std::chrono::steady_clock::now() - settings_.idle_time;
  for (auto each = idle_.begin(); each != idle_.end();) {
    std::erase_if(each->second, [&](const auto& link) { return link->idle_since < oldest; });
    each = each->second.empty() ? idle_.erase(each) : std::next(each);
  }
}

void http_pool::stop() {
  stopped_ = true;
  timer_.cancel();
  idle_.clear();
  for (const auto& [key, weak] : busy_) {
    if (const auto link = weak.lock()) link->stream.close();
  }
}

boost::asio::awaitable<result<pool_reply>> http_pool::exchange(
    server_address to, client_request what, std::string mark, std::chrono::milliseconds time,
    std::shared_ptr<exchange_grip> grip) {
  const auto self = shared_from_this();
  const auto name = name_of(to);
  boost::beast::error_code ec;
  auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ec);
  if (busy_.size() >= settings_.exchanges_max) co_return too_many();
  if (stopped_ || grip->given_up_) co_return failed(name, ec, true);
  auto link = take_idle(name);
  const bool fresh = link == nullptr;
  if (fresh) link = std::make_shared<pooled_link>(executor_);
  // Taken out of the list however this ends.
  struct entry {
    entry(http_pool& p, pooled_link* l) : pool(p), key(l) {}
    ~entry() { pool.busy_.erase(key); }
    http_pool& pool;
    pooled_link* key;
  };
  busy_.emplace(link.get(), link);
  const entry listed(*this, link.get());
  grip->link_ = link;
  const auto over = [&] { return grip->given_up_ || stopped_; };
  if (fresh) {
    const auto address = boost::asio::ip::make_address(to.host, ec);
    if (ec) co_return failed(name, ec, false);
    const boost::asio::ip::tcp::endpoint where(address, to.port);
    link->stream.expires_after(settings_.connect_time);
    co_await link->stream.async_connect(where, token);
    if (ec || over()) co_return failed(name, ec, over());
    boost::beast::error_code ignored;
    link->stream.socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  }
  const bool bodiless = what.method == http_method::head;
  auto message = message_of(name, std::move(what));
  link->stream.expires_after(time);
  co_await pool_http::async_write(link->stream, message, token);
  if (ec || over()) co_return failed(name, ec, over());
  pool_parser parser;
  parser.body_limit(settings_.body_bytes_max);
  parser.skip(bodiless);
  co_await pool_http::async_read(link->stream, link->buffer, parser, token);
  if (ec || over()) co_return failed(name, ec, over());
  grip->link_.reset();
  pool_reply out;
  out.status = static_cast<int>(parser.get().result_int());
  out.mark = std::string(parser.get()[mark]);
  out.body = std::move(parser.get().body());
  if (out.status == 101) {
    const auto left = link->buffer.data();
    out.unread.assign(static_cast<const char*>(left.data()), left.size());
    link->stream.expires_never();
    out.socket.emplace(link->stream.release_socket());
  } else if (parser.keep_alive() && link->buffer.size() == 0) {
    keep(name, std::move(link));
  }
  co_return out;
}

}  // namespace son1k::net
