// An Engine.IO server that echoes, on loopback, and clients that send it exactly what a test says.
// Waits have bounds.
#pragma once
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/http_server.hpp"
#include "realtime/engine/server.hpp"
#include "realtime/forward/forwarder.hpp"
#include "realtime/websocket/frame.hpp"
#include "unit/net/raw_client.hpp"

namespace son1k::test {

using namespace realtime;

// What the server's clients were told last.
struct end_record {
  void add(close_reason why) {
    const std::scoped_lock lock(mutex);
    reasons.emplace_back(name_of(why));
  }
  // Once there are that many.
  std::vector<std::string> first(std::size_t count) {
    for (;; std::this_thread::yield()) {
      const std::scoped_lock lock(mutex);
      if (reasons.size() >= count) return reasons;
    }
  }
  std::mutex mutex;
  std::vector<std::string> reasons;
};

class echoing_client final : public engine_client {
 public:
  echoing_client(engine_connection& connection, std::shared_ptr<end_record> record)
      : connection_(connection), record_(std::move(record)) {}
  // "flood N" sends N KiB; anything else comes back.
  void on_text(std::string_view message) override {
    if (!message.starts_with("flood ")) return send(message, false);
    const std::string block(1'024, 'x');
    for (int n = std::atoi(message.data() + 6); n > 0; --n) send(block, false);
  }
  void on_binary(std::string_view bytes) override { send(bytes, true); }
  void on_close(close_reason why) override { record_->add(why); }

 private:
  void send(std::string_view message, bool binary) {
    connection_.send(std::make_shared<const outgoing>(message, binary));
  }
  engine_connection& connection_;
  const std::shared_ptr<end_record> record_;
};

class engine_place {
 public:
  // With a book what is for other servers is passed on to them.
  explicit engine_place(engine_settings settings = {}, std::size_t reactors = 2,
                        node_book* book = nullptr, forward_settings forwards = {})
      : record(std::make_shared<end_record>()),
        loops_(reactors),
        forward(make_forwarder(book, settings, std::move(forwards))),
        engine(
            loops_, std::move(settings),
            [r = record](auto& connection, const auto&) {
              return std::make_unique<echoing_client>(connection, r);
            },
            forward.get()) {
    routes_.add_all(engine.routes());
    net::http_server_settings http;
    http.port = 0;
    http_ = std::make_unique<net::http_server>(loops_, routes_, http);
    EXPECT_TRUE(http_->start());
    engine.start();
    loops_.start();
  }
  ~engine_place() { stop(); }
  void stop() {
    engine.stop();
    if (forward) forward->stop();
    http_->stop();
    loops_.stop();
  }
  std::uint16_t port() const { return http_->port(); }
  std::size_t connections() const { return http_->connections(); }

  raw_reply ask(const std::string& method, const std::string& query, const std::string& body = {},
                const std::string& fields = {}) {
    raw_client client(port());
    client.send(method + " /socket.io/?" + query + " HTTP/1.1\r\nHost: here\r\n" + fields +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.read_reply();
  }
  raw_reply poll(const std::string& sid) {
    return ask("GET", "EIO=4&transport=polling&sid=" + sid);
  }
  raw_reply post(const std::string& sid, const std::string& body) {
    return ask("POST", "EIO=4&transport=polling&sid=" + sid, body);
  }
  std::string open_polling() { return sid_of(ask("GET", "EIO=4&transport=polling").body); }
  static std::string sid_of(const std::string& packet) {
    const auto from = packet.find("sid\":\"") + 6;
    return packet.substr(from, packet.find('"', from) - from);
  }

  const std::shared_ptr<end_record> record;

 private:
  std::unique_ptr<forwarder> make_forwarder(node_book* book, const engine_settings& settings,
                                            forward_settings with) {
    if (book == nullptr) return nullptr;
    with.node = settings.node;
    return std::make_unique<forwarder>(loops_, *book, std::move(with));
  }

  net::reactors loops_;
  net::router routes_;
  std::unique_ptr<net::http_server> http_;

 public:
  const std::unique_ptr<forwarder> forward;
  engine_server engine;
};

inline const std::string upgrade_fields =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

inline std::string masked(ws_opcode what, std::string_view payload, bool fin = true) {
  std::string out;
  append_frame(out, what, payload);
  if (!fin) out[0] = static_cast<char>(out[0] & 0x7f);
  out[1] = static_cast<char>(out[1] | 0x80);
  const auto head = out.size() - payload.size();
  const std::string mask = "\x11\x22\x33\x44";
  out.insert(head, mask);
  for (std::size_t n = 0; n < payload.size(); ++n) {
    out[head + 4 + n] = static_cast<char>(out[head + 4 + n] ^ mask[n % 4]);
  }
  return out;
}

// A WebSocket as bytes.
class raw_websocket {
 public:
  explicit raw_websocket(std::uint16_t port, const std::string& query = "EIO=4&transport=websocket",
                         const std::string& behind = {}, int receive_buffer = 0)
      : client(port, receive_buffer) {
    client.send("GET /socket.io/?" + query + " HTTP/1.1\r\nHost: here\r\n" + upgrade_fields +
                "\r\n" + behind);
    reply = client.read_reply(true);
  }
  void send(std::string_view text) { client.send(masked(ws_opcode::text, text)); }
  // The payload of the next frame; "(close)" and its code for a close, "(end)" for the end.
  std::string next() {
    const auto head = client.read_exactly(2);
    if (head.size() < 2) return "(end)";
    std::size_t size = static_cast<unsigned char>(head[1]);
    if (size == 126) {
      const auto wide = client.read_exactly(2);
      size = static_cast<unsigned char>(wide[0]) << 8 | static_cast<unsigned char>(wide[1]);
    }
    auto payload = client.read_exactly(size);
    if ((head[0] & 0x0f) != 8) return payload;
    if (payload.size() < 2) return "(close)";
    const int code =
        static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
    return "(close) " + std::to_string(code);
  }
  raw_client client;
  raw_reply reply;
};

}  // namespace son1k::test
