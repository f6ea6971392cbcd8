#include <algorithm>
#include <cstring>

#include "net/chunked_body.hpp"
#include "net/http_session.hpp"

namespace son1k::net {
namespace {

constexpr std::size_t body_step_bytes = 64 * 1024;

const http_fault bad_chunk(400, errc::malformed, "The chunked body is not valid.",
                           "El cuerpo por partes no es válido.");

}  // namespace

http_fault slow_request_fault() {
  return {408, errc::timeout, "The request did not arrive in time.",
          "La petición no llegó a tiempo."};
}

http_fault big_body_fault() {
  return {413, errc::payload_too_large, "The request's body is too large.",
          "El cuerpo de la petición es demasiado grande."};
}

// A body may take its time as long as it keeps the least rate after the first grace.
void http_session::expect_body_progress(std::size_t received) {
  const auto earned = std::chrono::milliseconds(received * 1000 / core_.settings.body_rate_min);
  deadline_ = phase_began_ + core_.settings.body_time + earned;
}

boost::asio::awaitable<void> http_session::read_body() {
  const bool at_hand = !head_.chunked && end_ - begin_ >= head_.length() + head_.content_length;
  if (!at_hand && route_ != nullptr && route_->options.before_body) {
    const bool wanted = co_await may_send_body();
    if (!wanted) co_return;
  }
  if (head_.expects_continue && end_ - begin_ == head_.length()) {
    out_.append("HTTP/1.1 100 Continue\r\n\r\n");
  }
  if (!flush_now()) {
    const bool flushed = co_await flush();
    if (!flushed) co_return;
  }
  enter(phase::body, core_.settings.body_time);
  if (head_.chunked) {
    co_await read_chunks();
    co_return;
  }
  auto& body = request_.body;
  const auto whole = static_cast<std::size_t>(head_.content_length);
  const auto come = unread().substr(head_.length(), whole);
  body.assign(come);
  // What follows the head moves up, so that the next request begins right behind it.
  const auto tail = begin_ + head_.length();
  std::memmove(buffer_.data() + tail, buffer_.data() + tail + come.size(),
               end_ - tail - come.size());
  end_ -= come.size();
  while (body.size() < whole) {
    const auto before = body.size();
    body.resize(before + std::min(whole - before, body_step_bytes));
    const auto got = co_await read_some(body.data() + before, body.size() - before);
    body.resize(before + got);
    if (got == 0) {
      if (expired_ && !ended_) fault_ = slow_request_fault();
      if (!expired_) ended_ = true;
      closing_ = unread_body_ = true;
      co_return;
    }
    expect_body_progress(body.size());
  }
}

// False: there is a reply, or nobody to reply to.
boost::asio::awaitable<bool> http_session::may_send_body() {
  std::optional<http_response> refusal;
  try {
    auto asked = route_->options.before_body(request_);
    refusal = co_await std::move(asked);
  } catch (const std::exception& fault) {
    handler_threw(fault.what());
    closing_ = unread_body_ = true;
  }
  if (refusal) {
    response_ = std::move(*refusal);
    closing_ = unread_body_ = refused_ = true;
  }
  co_return alive() && !fault_ && !refused_;
}

boost::asio::awaitable<void> http_session::read_chunks() {
  const auto& options = route_->options;
  chunked_body decoder(options.body_bytes_max ? options.body_bytes_max
                                              : core_.settings.body_bytes_max);
  const auto tail = begin_ + head_.length();
  std::size_t received = 0;
  for (;;) {
    std::string_view bytes{buffer_.data() + tail, end_ - tail};
    const auto progress = decoder.feed(bytes, request_.body);
    std::memmove(buffer_.data() + tail, bytes.data(), bytes.size());
    end_ = tail + bytes.size();
    if (progress == chunked_body::progress::complete) co_return;
    if (progress != chunked_body::progress::more) {
      fault_ = progress == chunked_body::progress::faulty ? bad_chunk : big_body_fault();
      closing_ = unread_body_ = true;
      co_return;
    }
    const auto got = co_await read_some(buffer_.data() + end_, buffer_.size() - end_);
    if (got == 0) {
      if (expired_ && !ended_) fault_ = slow_request_fault();
      if (!expired_) ended_ = true;
      closing_ = unread_body_ = true;
      co_return;
    }
    end_ += got;
    received += got;
    expect_body_progress(received);
  }
}

}  // namespace son1k::net
