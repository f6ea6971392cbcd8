// An Engine.IO session with a pretended reactor, sockets and polls, and time that moves when the
// test says so. One thread.
#pragma once
#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <vector>

#include "realtime/engine/session.hpp"
#include "support/manual_clock.hpp"

namespace son1k::test {

using namespace realtime;

// The times of the official suite.
inline engine_settings suite_times() {
  engine_settings s;
  s.ping_interval = std::chrono::milliseconds(300);
  s.ping_timeout = std::chrono::milliseconds(200);
  return s;
}

inline outgoing_ptr message(std::string_view text, urgency how = urgency::kept,
                            std::string key = {}) {
  return std::make_shared<const outgoing>(text, false, how, std::move(key));
}

struct pretended_poll final : waiting_poll {
  void answer(poll_reply r) override { reply = std::move(r); }
  std::optional<poll_reply> reply;
};

// Takes what is written while it is not blocked.
struct pretended_socket final : session_socket {
  void write(send_ring& ring) override {
    while (!blocked_now && !ring.empty()) {
      written.emplace_back(ring[0]->body());
      ring.pop();
    }
  }
  void write_probe_answer() override { written.emplace_back("3probe"); }
  bool blocked() const override { return blocked_now; }
  bool between_messages() const override { return between; }
  void end(std::uint16_t code, send_ring rest) override {
    write(rest);
    ended_with = code;
  }
  void abort() override { aborted = true; }
  bool over() const { return aborted || ended_with != 0; }

  std::vector<std::string> written;
  std::uint16_t ended_with = 0;
  bool blocked_now = false;
  bool between = true;
  bool aborted = false;
};

class engine_world final : private session_host {
 public:
  explicit engine_world(engine_settings s = {})
      : settings_(std::move(s)),
        pings_(s_us(settings_.ping_interval)),
        pongs_(s_us(settings_.ping_timeout)),
        upgrades_(s_us(settings_.upgrade_timeout)),
        ends_(s_us(settings_.close_timeout)) {}

  // The client it gives the session writes down what it is told.
  engine_session& open(session_socket* socket = nullptr) {
    session_.reset(new engine_session(*this, "the-id"));
    session_->begin(socket);
    session_->set_client(std::make_unique<scribe>(*this));
    return *session_;
  }
  // The end of a turn of the loop.
  void turn() {
    for (int rounds = 0; rounds < 10 && asked_; ++rounds) {
      asked_ = false;
      if (session_ && session_->flush_asked) session_->flush();
      if (telling_) session_->tell_end();
      telling_ = false;
      if (!buried_) continue;
      session_->tell_end();
      session_.reset();
    }
  }
  void pass(std::chrono::milliseconds time) {
    clock_.advance(time.count());
    const auto due = [this](deadline_list& list) {
      return list.first() != nullptr && list.first()->due_us() <= now_us();
    };
    while (due(pongs_)) session_->on_pong_due();
    while (due(pings_)) session_->on_ping_due();
    while (due(upgrades_)) session_->on_grace_over();
    while (due(ends_)) session_->on_grace_over();
    turn();
  }
  std::shared_ptr<pretended_poll> poll(std::string_view stamp = {}) {
    auto made = std::make_shared<pretended_poll>();
    if (session_) session_->on_poll(made, stamp);
    turn();
    return made;
  }
  // What a poll that is answered at once gets.
  std::string polled(std::string_view stamp = {}) {
    const auto made = poll(stamp);
    return made->reply ? made->reply->body : "(waits)";
  }
  int post(std::string_view body, bool octets = false) {
    const int status = session_ ? session_->on_post(body, octets) : 404;
    turn();
    return status;
  }
  bool gone() const { return !session_; }
  engine_session* session() { return session_.get(); }
  engine_counts& counts() override { return counts_; }

  std::vector<std::string> told;  // "text", "binary:…" of messages; the reason of the end
  bool echoes = false;

 private:
  struct scribe final : engine_client {
    explicit scribe(engine_world& w) : world(w) {}
    void on_text(std::string_view message) override {
      world.told.emplace_back(message);
      if (world.echoes) world.session_->send(std::make_shared<const outgoing>(message, false));
    }
    void on_binary(std::string_view bytes) override {
      world.told.push_back("binary:" + std::string(bytes));
      if (world.echoes) world.session_->send(std::make_shared<const outgoing>(bytes, true));
    }
    void on_close(close_reason why) override { world.told.emplace_back(name_of(why)); }
    engine_world& world;
  };

  static std::int64_t s_us(std::chrono::milliseconds time) { return time.count() * 1000; }
  const engine_settings& settings() const override { return settings_; }
  std::int64_t now_us() const override { return clock_.steady_ms() * 1000; }
  boost::asio::any_io_executor executor() const override { return loop_.get_executor(); }
  std::size_t reactor() const override { return 0; }
  void flush_soon(engine_session& session) override {
    session.flush_asked = true;
    asked_ = true;
  }
  deadline_list& pings() override { return pings_; }
  deadline_list& pongs() override { return pongs_; }
  deadline_list& upgrades() override { return upgrades_; }
  deadline_list& ends() override { return ends_; }
  void bury(engine_session&) override { buried_ = asked_ = true; }
  void tell_end_soon(engine_session&) override { telling_ = asked_ = true; }

  const engine_settings settings_;
  mutable boost::asio::io_context loop_;
  manual_clock clock_;
  engine_counts counts_;
  deadline_list pings_, pongs_, upgrades_, ends_;
  std::unique_ptr<engine_session> session_;
  bool asked_ = false;
  bool buried_ = false;
  bool telling_ = false;
};

}  // namespace son1k::test
