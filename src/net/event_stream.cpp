#include "net/event_stream.hpp"

#include <utility>

namespace son1k::net {
namespace {

// One line of the format; a line break inside `value` would start another field.
void append_line(std::string& out, std::string_view field, std::string_view value) {
  out.append(field).append(": ");
  out.append(value.substr(0, value.find_first_of(std::string_view("\r\n\0", 3)))).append("\n");
}

void append_data(std::string& out, std::string_view data) {
  for (;;) {
    const auto end = data.find_first_of("\r\n");
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) return;
    const bool pair = data.substr(end).starts_with("\r\n");
    data.remove_prefix(end + (pair ? 2 : 1));
  }
}

}  // namespace

event_stream::event_stream(event_stream_settings s) : settings_(s) {
  append_line(queued_, "retry", std::to_string(settings_.retry_ms));
  queued_.append("\n");
}

std::shared_ptr<event_stream> event_stream::make(event_stream_settings s) {
  return std::shared_ptr<event_stream>(new event_stream(s));
}

event_stream::~event_stream() {
  abandon();
}

bool event_stream::send(std::string_view id, std::string_view name, std::string_view data) {
  std::string bytes;
  bytes.reserve(data.size() + id.size() + name.size() + 32);
  if (!id.empty()) append_line(bytes, "id", id);
  if (!name.empty()) append_line(bytes, "event", name);
  append_data(bytes, data);
  bytes.append("\n");
  return send_raw(bytes);
}

bool event_stream::send_raw(std::string_view bytes) {
  std::function<void()> wake;
  {
    std::unique_lock lock(mutex_);
    if (ended_) return false;
    if (queued_.size() + in_flight_ + bytes.size() > settings_.queued_bytes_max) {
      cut_ = true;
      queued_ = std::string();
      finish(std::move(lock));
      return false;
    }
    queued_.append(bytes);
    if (woken_ || !wake_) return true;
    woken_ = true;
    wake = wake_;
  }
  wake();
  return true;
}

void event_stream::close() {
  finish(std::unique_lock(mutex_));
}

bool event_stream::open() const {
  const std::scoped_lock lock(mutex_);
  return !ended_;
}

void event_stream::on_close(std::function<void()> callback) {
  {
    const std::scoped_lock lock(mutex_);
    if (!ended_) {
      callback_ = std::move(callback);
      return;
    }
  }
  callback();
}

void event_stream::attach(std::function<void()> wake) {
  const std::scoped_lock lock(mutex_);
  wake_ = std::move(wake);
}

event_stream::supply event_stream::take(std::string& out) {
  const std::scoped_lock lock(mutex_);
  woken_ = false;
  if (cut_) return supply::cut;
  out.append(queued_);
  in_flight_ = queued_.size();
  queued_.clear();
  return ended_ ? supply::last : supply::more;
}

void event_stream::written() {
  const std::scoped_lock lock(mutex_);
  in_flight_ = 0;
}

bool event_stream::is_cut() const {
  const std::scoped_lock lock(mutex_);
  return cut_;
}

void event_stream::abandon() {
  std::unique_lock lock(mutex_);
  cut_ = true;
  queued_ = std::string();
  finish(std::move(lock));
}

void event_stream::finish(std::unique_lock<std::mutex> lock) {
  if (ended_) return;
  ended_ = true;
  auto wake = wake_;
  auto callback = std::exchange(callback_, nullptr);
  lock.unlock();
  if (wake) wake();
  if (callback) callback();
}

}  // namespace son1k::net
