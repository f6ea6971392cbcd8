#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstdio>

#include "base/log.hpp"
#include "net/files.hpp"
#include "net/http_session.hpp"

namespace son1k::net {
namespace {

// Up to here copying the body behind its head is cheaper than a second system call.
constexpr std::size_t copied_bytes_max = 16 * 1024;
constexpr std::size_t gathered_bytes_max = 64 * 1024;
constexpr std::size_t kept_capacity_max = 64 * 1024;
constexpr std::size_t file_step_bytes = 512 * 1024;
constexpr std::size_t linger_bytes_max = 64 * 1024 * 1024;
constexpr std::size_t ignored_bytes_max = 64 * 1024;
constexpr std::chrono::milliseconds linger_time{2'000};
constexpr std::chrono::hours for_ever{24 * 365};

bool would_block(int cause) {
  return cause == EAGAIN || cause == EWOULDBLOCK || cause == EINTR;
}

}  // namespace

// Puts the reply's head, and a body that is small enough, into out_.
void http_session::begin_reply() {
  const bool stream = std::holds_alternative<std::shared_ptr<event_stream>>(response_.body);
  closing_ = closing_ || response_.close || stream || lane_->draining();
  frame_.keep_alive = !closing_;
  frame_.date = lane_->date();
  frame_.request_id = request_.request_id;
  frame_.allow = allowed_;
  if (route_ == nullptr || route_->options.compress) {
    compress_reply(response_, request_.header("Accept-Encoding"), core_.settings.gzip_bytes_min,
                   frame_);
  }
  append_reply_head(out_, response_, frame_);
  body_apart_ = false;
  if (!request_.head() && !is_bodiless(response_.status)) {
    const auto text = body_text(response_);
    body_apart_ = stream || std::holds_alternative<file_body>(response_.body) ||
                  text.size() > copied_bytes_max;
    if (!body_apart_) out_.append(text);
  }
  if (core_.observer) {
    request_report facts;
    facts.request = &request_;
    facts.status = response_.status;
    facts.body_bytes = request_.head() ? 0 : body_length(response_);
    facts.took = coarse_clock::now() - started_;
    core_.observer(facts);
  }
}

void http_session::end_request() {
  if (head_.length() > 0) consume(std::min(head_.length(), end_ - begin_));
  head_.reset();
  request_.mark.reset();
  if (out_.size() > gathered_bytes_max) flush_now();
  if (request_.body.capacity() > kept_capacity_max) request_.body = std::string();
}

// Sends what the socket takes now. False on a failure; the connection is over then.
bool http_session::send_some(std::string_view& bytes, int flags) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(),
                             MSG_DONTWAIT | MSG_NOSIGNAL | flags);
    if (sent < 0) {
      if (would_block(errno)) return true;
      ended_ = true;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// True if nothing is left to send.
bool http_session::flush_now() {
  if (out_.empty()) return true;
  std::string_view rest = std::string_view(out_).substr(sent_);
  if (!send_some(rest, 0)) return false;
  sent_ = out_.size() - rest.size();
  if (!rest.empty()) return false;
  out_.clear();
  sent_ = 0;
  if (out_.capacity() > kept_capacity_max * 2) out_ = std::string();
  return true;
}

// False if the connection is over.
boost::asio::awaitable<bool> http_session::flush() {
  while (!flush_now()) {
    if (!alive()) co_return false;
    const bool writable = co_await wait_writable();
    if (!writable) co_return false;
  }
  co_return alive();
}

boost::asio::awaitable<bool> http_session::wait_writable() {
  if (phase_ != phase::stream) phase_ = phase::write;
  deadline_ = lane_->now() + core_.settings.write_stall_time;
  boost::system::error_code ec;
  auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ec);
  co_await socket_.async_wait(boost::asio::ip::tcp::socket::wait_write, token);
  co_return !ec && alive();
}

boost::asio::awaitable<bool> http_session::send_all(std::string_view bytes, int flags) {
  for (;;) {
    if (!send_some(bytes, flags)) co_return false;
    if (bytes.empty()) co_return true;
    const bool writable = co_await wait_writable();
    if (!writable) co_return false;
  }
}

boost::asio::awaitable<void> http_session::send_body() {
  if (auto* stream = std::get_if<std::shared_ptr<event_stream>>(&response_.body)) {
    auto owned = std::move(*stream);
    response_.body = std::string();
    co_await send_events(std::move(owned));
    co_return;
  }
  const bool flushed = co_await flush();
  if (!flushed) co_return;
  if (auto* file = std::get_if<file_body>(&response_.body)) {
    co_await send_file(std::move(*file));
  } else {
    co_await send_all(body_text(response_), 0);
  }
  response_.body = std::string();
}

boost::asio::awaitable<void> http_session::send_file(file_body file) {
  auto offset = static_cast<off_t>(file.offset);
  std::uint64_t left = file.length;
  while (left > 0 && alive()) {
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(left, file_step_bytes));
    const auto sent = ::sendfile(socket_.native_handle(), file.file->descriptor(), &offset, step);
    if (sent > 0) {
      left -= static_cast<std::uint64_t>(sent);
      // A fast reader must not keep the others of this reactor waiting.
      if (left > 0) co_await boost::asio::post(executor_, boost::asio::use_awaitable);
    } else if (sent < 0 && would_block(errno)) {
      const bool writable = co_await wait_writable();
      if (!writable) co_return;
    } else {
      // The file became shorter, or the peer went: the promised length cannot be kept.
      ended_ = true;
    }
  }
}

void http_session::on_wake() {
  if (!stream_) return;
  if (stream_->is_cut()) {
    ended_ = true;
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  }
  if (wake_) wake_->cancel();
}

// Reads while the stream is written, only to notice that the client went.
void http_session::watch_peer() {
  auto self = shared_from_this();
  auto on_read = [self](boost::system::error_code ec, std::size_t got) {
    self->ignored_bytes_ += got;
    if (!ec && self->ignored_bytes_ <= ignored_bytes_max && self->alive()) {
      self->watch_peer();
    } else if (self->stream_) {
      self->stream_->abandon();
    }
  };
  socket_.async_read_some(boost::asio::buffer(buffer_), std::move(on_read));
}

boost::asio::awaitable<void> http_session::send_events(std::shared_ptr<event_stream> stream) {
  enter(phase::stream, for_ever);
  stream_ = std::move(stream);
  stream_wrote_ = lane_->now();
  wake_.emplace(lane_->executor());
  wake_->expires_at(coarse_clock::time_point::max());
  std::weak_ptr<http_session> weak = weak_from_this();
  stream_->attach([weak, executor = lane_->executor()] {
    boost::asio::post(executor, [weak] {
      if (const auto self = weak.lock()) self->on_wake();
    });
  });
  end_ = begin_ = 0;
  watch_peer();
  if (lane_->draining()) stream_->close();
  while (alive()) {
    events_.clear();
    const auto supply = stream_->take(events_);
    if (supply == event_stream::supply::cut) break;
    const bool last = supply == event_stream::supply::last;
    if (!events_.empty() || !out_.empty() || last) {
      const bool sent = co_await send_event_bytes(last);
      if (!sent || last) break;
      stream_->written();
      stream_wrote_ = lane_->now();
      deadline_ = coarse_clock::time_point::max();
      continue;
    }
    boost::system::error_code ignored;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
    co_await wake_->async_wait(token);
  }
  stream_->abandon();
}

// Everything at hand as one chunk, behind the reply's head at first.
boost::asio::awaitable<bool> http_session::send_event_bytes(bool last) {
  const bool chunked = frame_.minor_version == 1;
  if (!events_.empty()) {
    if (chunked) {
      std::array<char, 24> size{};
      const int length = std::snprintf(size.data(), size.size(), "%zx\r\n", events_.size());
      out_.append(size.data(), static_cast<std::size_t>(length));
    }
    out_.append(events_);
    if (chunked) out_.append("\r\n");
  }
  if (last && chunked) out_.append("0\r\n\r\n");
  co_return co_await flush();
}

// Takes in what the client still sends, so that it can read the reply before the connection ends.
boost::asio::awaitable<void> http_session::linger() {
  enter(phase::linger, linger_time);
  expired_ = false;
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  std::size_t dropped = 0;
  while (dropped < linger_bytes_max) {
    const auto got = co_await read_some(buffer_.data(), buffer_.size());
    if (got == 0) co_return;
    dropped += got;
  }
}

}  // namespace son1k::net
