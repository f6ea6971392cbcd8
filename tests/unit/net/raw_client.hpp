// A blocking loopback client that sends exactly the bytes it is given, for tests of what a server
// does with them. Every wait has a bound. Not thread-safe.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http_message.hpp"

namespace son1k::test {

struct raw_reply {
  int status = 0;  // 0: the connection ended before a whole head
  std::string head;
  std::string body;
  std::string field(std::string_view name) const {
    std::string_view rest = head;
    for (auto end = rest.find("\r\n"); end != std::string_view::npos; end = rest.find("\r\n")) {
      const auto line = rest.substr(0, end);
      const auto colon = line.find(": ");
      if (colon != std::string_view::npos && net::same_name(line.substr(0, colon), name)) {
        return std::string(line.substr(colon + 2));
      }
      rest.remove_prefix(end + 2);
    }
    return {};
  }
};

class raw_client {
 public:
  explicit raw_client(std::uint16_t port, int receive_buffer = 0) {
    descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) {
      ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    const timeval bound{20, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~raw_client() { close(); }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  bool connected() const { return connected_; }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }
  // False if the server stopped reading.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // One whole reply; `head_only` for HEAD.
  raw_reply read_reply(bool head_only = false) {
    raw_reply reply;
    const auto end = read_until("\r\n\r\n");
    if (end == std::string::npos) return reply;
    reply.head = buffer_.substr(0, end + 4);
    buffer_.erase(0, end + 4);
    std::from_chars(reply.head.data() + 9, reply.head.data() + 12, reply.status);
    const bool bodiless = reply.status < 200 || reply.status == 204 || reply.status == 304;
    if (head_only || bodiless) return reply;
    if (reply.field("Transfer-Encoding") == "chunked") {
      for (auto part = read_chunk(); !part.empty(); part = read_chunk()) reply.body += part;
      return reply;
    }
    const auto length = static_cast<std::size_t>(std::atoll(reply.field("Content-Length").c_str()));
    while (buffer_.size() < length && fill()) continue;
    reply.body = buffer_.substr(0, length);
    buffer_.erase(0, reply.body.size());
    return reply;
  }
  // The head of a reply whose body goes on.
  raw_reply read_head() { return read_reply(true); }
  // The next chunk; empty at the last one and at the end of the connection.
  std::string read_chunk() {
    const auto end = read_until("\r\n");
    if (end == std::string::npos) return {};
    const auto size = static_cast<std::size_t>(std::strtoull(buffer_.c_str(), nullptr, 16));
    while (buffer_.size() < end + 2 + size + 2 && fill()) continue;
    auto chunk = buffer_.substr(end + 2, size);
    buffer_.erase(0, end + 2 + size + 2);
    return chunk;
  }
  // Reads chunks until their text contains `wanted`; what was read, or empty at the end.
  std::string read_events_until(std::string_view wanted) {
    while (events_.find(wanted) == std::string::npos) {
      const auto chunk = read_chunk();
      if (chunk.empty()) return {};
      events_ += chunk;
    }
    return events_;
  }
  // True if the server ends the connection and sends nothing more before that.
  bool ends() {
    while (fill()) continue;
    return buffer_.empty() && at_end_;
  }
  // Everything up to the end of the connection.
  std::string read_rest() {
    while (fill()) continue;
    return std::exchange(buffer_, {});
  }
  // That many bytes, or fewer at the end of the connection.
  std::string read_exactly(std::size_t bytes) {
    while (buffer_.size() < bytes && fill()) continue;
    auto out = buffer_.substr(0, bytes);
    buffer_.erase(0, out.size());
    return out;
  }
  // Says that nothing more will come, and goes on listening.
  void end_sending() { ::shutdown(descriptor_, SHUT_WR); }
  std::size_t unread_bytes() const { return buffer_.size(); }

 private:
  std::size_t read_until(std::string_view mark) {
    for (;;) {
      if (const auto at = buffer_.find(mark); at != std::string::npos) return at;
      if (!fill()) return std::string::npos;
    }
  }
  bool fill() {
    char bytes[16384];
    const auto got = ::recv(descriptor_, bytes, sizeof bytes, 0);
    if (got > 0) buffer_.append(bytes, static_cast<std::size_t>(got));
    // A reset is an end too: what counts is that the server is done with us, and not the bound.
    if (got == 0 || (got < 0 && errno == ECONNRESET)) at_end_ = true;
    return got > 0;
  }

  int descriptor_ = -1;
  bool connected_ = false;
  bool at_end_ = false;
  std::string buffer_;
  std::string events_;
};

}  // namespace son1k::test
