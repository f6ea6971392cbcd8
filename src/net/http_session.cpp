#include "net/http_session.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <cstring>

#include "base/log.hpp"
#include "base/uuid.hpp"

namespace son1k::net {
namespace {

constexpr std::size_t buffer_bytes_first = 4 * 1024;
constexpr std::size_t buffer_room_min = 2 * 1024;

const http_fault slow_handler(503, errc::timeout, "The request took too long; try again.",
                              "La petición tardó demasiado; inténtalo de nuevo.");
const http_fault no_route(404, errc::not_found, "There is nothing here.", "Aquí no hay nada.");
const http_fault wrong_host(421, errc::forbidden, "This server does not answer for that host.",
                            "Este servidor no responde por ese host.");
const http_fault wrong_method(405, errc::validation, "This method is not allowed here.",
                              "Este método no se permite aquí.");
const http_fault wrong_type(415, errc::unsupported_media, "This content type is not accepted here.",
                            "Este tipo de contenido no se acepta aquí.");
const http_fault coded_body(415, errc::unsupported_media, "A coded request body is not accepted.",
                            "No se aceptan cuerpos codificados.");
const http_fault our_fault(500, errc::internal, "Something went wrong on our side.",
                           "Algo ha fallado de nuestro lado.");
const http_fault overload(503, errc::unavailable, "Too many connections are open; try again.",
                          "Hay demasiadas conexiones abiertas; inténtalo de nuevo.");

bool is_sane_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

// "localhost:3001" and "[::1]" without their port.
std::string_view without_port(std::string_view host) {
  const auto bracket = host.rfind(']');
  const auto colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  return host.substr(0, colon);
}

bool is_host_allowed(const std::vector<std::string>& allowed, std::string_view field) {
  const auto host = without_port(field);
  return allowed.empty() || std::any_of(allowed.begin(), allowed.end(),
                                        [&](const auto& one) { return same_name(one, host); });
}

bool is_type_allowed(const std::vector<std::string>& allowed, std::string_view field) {
  auto type = field.substr(0, field.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return std::any_of(allowed.begin(), allowed.end(),
                     [type](const std::string& each) { return same_name(each, type); });
}

}  // namespace

http_session::http_session(std::shared_ptr<http_lane> lane, boost::asio::ip::tcp::socket socket,
                           std::string remote_address)
    : lane_(std::move(lane)),
      core_(lane_->core()),
      socket_(std::move(socket)),
      remote_address_(std::move(remote_address)),
      executor_(lane_->executor()),
      buffer_(buffer_bytes_first),
      head_({core_.settings.header_bytes_max, core_.settings.target_bytes_max,
             core_.settings.header_fields_max}) {
  request_.executor = executor_;
  request_.remote_address = remote_address_;
  request_.peer = this;
  lane_->join(*this);
}

http_session::~http_session() {
  if (stream_) stream_->abandon();
  lane_->leave(*this);
}

void http_session::enter(phase next, std::chrono::milliseconds limit) {
  phase_ = next;
  phase_began_ = lane_->now();
  deadline_ = phase_began_ + limit;
}

boost::asio::awaitable<void> http_session::run(
    [[maybe_unused]] std::shared_ptr<http_session> self) {
  enter(phase::head, core_.settings.header_time);
  std::size_t in_a_row = 0;
  while (alive()) {
    if (!head_at_hand()) {
      in_a_row = 0;
      const bool arrived = co_await read_head();
      if (!arrived) break;
    } else if (++in_a_row >= core_.settings.pipeline_max) {
      in_a_row = 0;
      const bool flushed = co_await flush();
      if (!flushed) break;
      co_await boost::asio::post(executor_, boost::asio::use_awaitable);
    }
    open_request();
    if (!fault_ && (head_.chunked || head_.content_length > 0)) co_await read_body();
    if (!alive()) break;
    if (!fault_ && route_ != nullptr && !refused_) {
      if (const auto* quick = std::get_if<sync_handler>(&route_->run)) {
        run_at_once(*quick);
      } else {
        co_await run_handler();
        if (!alive()) break;
      }
    }
    if (response_.takeover && lane_->draining()) fault_ = overload;
    if (fault_) render_fault();
    if (response_.takeover) {
      co_await hand_over();
      co_return;
    }
    begin_reply();
    if (body_apart_) co_await send_body();
    end_request();
    if (closing_) break;
  }
  if (alive()) {
    const bool flushed = co_await flush();
    if (flushed && unread_body_) co_await linger();
  }
  close_socket();
}

bool http_session::head_at_hand() {
  // An empty line before a request is forgiven once (RFC 9112 section 2.2).
  if (head_.length() == 0 && unread().starts_with("\r\n")) consume(2);
  if (begin_ == end_) return false;
  const auto progress = head_.scan(unread());
  if (progress == head_progress::more) return false;
  if (progress == head_progress::faulty) fault_ = head_.fault();
  return true;
}

// False if the connection is over without a request to answer.
boost::asio::awaitable<bool> http_session::read_head() {
  if (!flush_now()) {
    const bool flushed = co_await flush();
    if (!flushed) co_return false;
  }
  for (;;) {
    if (begin_ == end_) {
      if (lane_->draining() && served_ > 0) co_return false;
      begin_ = end_ = 0;
      if (served_ > 0) enter(phase::idle, core_.settings.idle_time);
    } else if (phase_ != phase::head) {
      enter(phase::head, core_.settings.header_time);
    }
    make_room(buffer_room_min);
    const auto got = co_await read_some(buffer_.data() + end_, buffer_.size() - end_);
    if (expired_ && phase_ == phase::head && begin_ != end_) {
      fault_ = slow_request_fault();
      co_return true;
    }
    if (got == 0) co_return false;
    end_ += got;
    if (head_at_hand()) co_return true;
  }
}

// 0 at the end of the stream, on a failure and when the sweep cancelled.
boost::asio::awaitable<std::size_t> http_session::read_some(char* to, std::size_t room) {
  boost::system::error_code ec;
  auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ec);
  const auto got = co_await socket_.async_read_some(boost::asio::buffer(to, room), token);
  co_return ec || ended_ || expired_ ? 0 : got;
}

void http_session::make_room(std::size_t bytes) {
  if (buffer_.size() - end_ >= bytes) return;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (buffer_.size() - end_ < bytes) buffer_.resize(buffer_.size() * 2);
}

void http_session::consume(std::size_t bytes) {
  begin_ += bytes;
  if (begin_ == end_) begin_ = end_ = 0;
}

// Takes the head apart, finds the route and refuses what need not be read. The views made here hold
// until the reply is written, so the buffer keeps its place meanwhile.
void http_session::open_request() {
  started_ = coarse_clock::now();
  enter(phase::write, core_.settings.write_stall_time);
  route_ = nullptr;
  allowed_ = {};
  unread_body_ = refused_ = false;
  response_ = http_response();
  frame_ = reply_frame();
  request_.mark.reset();
  request_.body.clear();
  request_.params.clear();
  request_.fields.clear();
  request_.method = http_method::get;
  request_.target = request_.path = request_.raw_query = request_.route = {};
  request_.remote_address = remote_address_;  // a handler may have put another in its place
  if (!fault_) {
    make_room(buffer_room_min);
    fault_ = head_.parse(unread().substr(0, head_.length()), request_);
  }
  choose_request_id();
  closing_ = fault_ || !head_.keep_alive || lane_->draining();
  frame_.minor_version = request_.minor_version = head_.minor_version;
  if (fault_) {
    unread_body_ = true;
    return;
  }
  if (overload_) {
    fault_ = overload;
  } else if (!is_host_allowed(core_.settings.hosts_allowed, request_.header("Host"))) {
    fault_ = wrong_host;
  } else {
    const auto match = core_.routes.find(request_);
    route_ = match.found;
    allowed_ = match.allowed;
    if (route_ == nullptr && request_.method == http_method::options &&
        (!allowed_.empty() || request_.path == "*")) {
      response_.status = 204;
    } else if (route_ == nullptr) {
      fault_ = allowed_.empty() ? no_route : wrong_method;
    } else {
      allowed_ = {};
      check_body();
    }
  }
  if (fault_ && (head_.chunked || head_.content_length > 0)) unread_body_ = true;
  if (unread_body_ || overload_) closing_ = true;
}

void http_session::check_body() {
  const auto& options = route_->options;
  if (!head_.chunked && head_.content_length == 0) return;
  const auto most = options.body_bytes_max ? options.body_bytes_max : core_.settings.body_bytes_max;
  if (head_.content_length > most) {
    fault_ = big_body_fault();
    return;
  }
  const auto coding = request_.header("Content-Encoding");
  if (!coding.empty() && !same_name(coding, "identity")) {
    fault_ = coded_body;
  } else if (!options.content_types.empty() &&
             !is_type_allowed(options.content_types, request_.header("Content-Type"))) {
    fault_ = wrong_type;
  }
}

// The caller's id if it is sane; else the connection's id and the request's number on it.
void http_session::choose_request_id() {
  ++served_;
  const auto given = request_.header("X-Request-Id");
  if (is_sane_id(given)) {
    request_.request_id = given;
    return;
  }
  constexpr std::size_t uuid_size = 36;
  if (id_.empty()) id_ = uuid_v7() + "-";
  id_.resize(uuid_size + 1 + 20);
  const auto end = std::to_chars(id_.data() + uuid_size + 1, id_.data() + id_.size(), served_).ptr;
  id_.resize(static_cast<std::size_t>(end - id_.data()));
  request_.request_id = id_;
}

void http_session::run_at_once(const sync_handler& run) {
  try {
    response_ = run(request_);
  } catch (const std::exception& fault) {
    handler_threw(fault.what());
  } catch (...) {
    handler_threw("not a standard exception");
  }
}

boost::asio::awaitable<void> http_session::run_handler() {
  // Replies to earlier pipelined requests must not wait for this handler.
  if (!flush_now()) {
    const bool flushed = co_await flush();
    if (!flushed) co_return;
  }
  const auto& own = route_->options.timeout_ms;
  enter(phase::running, own > 0 ? std::chrono::milliseconds(own) : core_.settings.handler_time);
  try {
    auto task = std::get<handler>(route_->run)(request_);
    response_ = co_await std::move(task);
  } catch (const std::exception& fault) {
    handler_threw(fault.what());
  } catch (...) {
    handler_threw("not a standard exception");
  }
  gone_ = nullptr;
  // A stream that came too late has nobody to read it.
  if (abandoned_) response_ = http_response();
  if (alive()) enter(phase::write, core_.settings.write_stall_time);
}

void http_session::handler_threw(const char* what) {
  log::error("http.handler_threw",
             {{"route", request_.route}, {"request_id", request_.request_id}, {"what", what}});
  fault_ = our_fault;
}

void http_session::render_fault() {
  const http_fault fault = *std::exchange(fault_, std::nullopt);
  try {
    response_ = core_.renderer(fault.to_error(), fault.status, request_);
  } catch (const std::exception& broken) {
    log::error("http.renderer_threw", {{"what", broken.what()}});
    response_ = text_response(fault.status, std::string(fault.en));
  }
  if (route_ != nullptr && route_->options.on_refusal) {
    route_->options.on_refusal(request_, response_);
  }
}

// The caller gets its answer now; the handler's own comes too late and is dropped.
void http_session::on_handler_timeout() {
  fault_ = slow_handler;
  closing_ = true;
  render_fault();
  begin_reply();
  flush_now();
  abandoned_ = true;
  close_socket();
  tell_gone();
}

void http_session::on_sweep(coarse_clock::time_point now) {
  if (phase_ == phase::stream && now - stream_wrote_ >= core_.settings.heartbeat_time) {
    stream_wrote_ = now;
    stream_->send_raw(":\n\n");
  }
  if (now < deadline_ || ended_ || abandoned_) return;
  if (phase_ == phase::running) return on_handler_timeout();
  expired_ = true;
  if (phase_ == phase::write || phase_ == phase::stream) ended_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void http_session::on_drain() {
  if (stream_) return stream_->close();
  const bool waits = phase_ == phase::idle || (phase_ == phase::head && begin_ == end_);
  boost::system::error_code ec;
  if (waits && socket_.available(ec) == 0) cut();
}

void http_session::cut() {
  if (phase_ == phase::running) abandoned_ = true;
  ended_ = true;
  if (stream_) stream_->abandon();
  close_socket();
  tell_gone();
}

void http_session::close_socket() {
  ended_ = true;
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace son1k::net
