// A server of Socket.IO over connections that are made up: what clients are sent stands in lists,
// time moves when a test says so and nothing runs but in run().
#pragma once
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "base/clock.hpp"
#include "realtime/socketio/local/local_cluster.hpp"
#include "realtime/socketio/protocol.hpp"
#include "realtime/socketio/server.hpp"
#include "support/manual_clock.hpp"

namespace son1k::realtime::test {

class fake_connection final : public engine_connection {
 public:
  fake_connection(boost::asio::io_context& loop, std::size_t reactor)
      : loop_(loop), reactor_(reactor) {}

  std::string_view id() const override { return "engine"; }
  boost::asio::any_io_executor executor() const override { return loop_.get_executor(); }
  std::size_t reactor() const override { return reactor_; }
  void send(outgoing_ptr message) override {
    sent.push_back(message->binary() ? "b:" + std::string(message->body())
                                     : std::string(message->body().substr(1)));
    if (message->how() == urgency::latest) keys.push_back(message->key());
  }
  void close(close_reason why) override {
    if (!closing) closing = why;
  }
  std::size_t queued_bytes() const override { return 0; }
  bool writable() const override { return ready; }

  std::vector<std::string> sent;
  std::vector<std::string> keys;  // of coalesced events
  std::optional<close_reason> closing;
  bool ready = true;

 private:
  boost::asio::io_context& loop_;
  const std::size_t reactor_;
};

// A client and its connection, which ends with it.
class fake_client {
 public:
  fake_client(io_server& server, boost::asio::io_context& loop, std::size_t reactor)
      : connection_(loop, reactor), loop_(loop) {
    engine_handshake handshake;
    handshake.remote_address = "192.0.2.1";
    handshake.headers = {{"Origin", "https://son1k.test"}, {"X-Other", "no"}};
    end_ = server.accept(connection_, handshake);
  }
  ~fake_client() { drop(close_reason::transport_close); }

  // What came since the last time.
  std::vector<std::string> say(std::string_view text) {
    end_->on_text(text);
    return heard();
  }
  std::vector<std::string> say_bytes(std::string_view bytes) {
    end_->on_binary(bytes);
    return heard();
  }
  std::vector<std::string> heard() {
    run();
    return std::exchange(connection_.sent, {});
  }
  // The reply to CONNECT; what came before and after it is kept for `heard_` lists.
  boost::json::object connect(const std::string& auth = {}, const std::string& space = "/") {
    const auto prefix = space == "/" ? std::string() : space + ",";
    const auto all = say("0" + prefix + auth);
    before.clear();
    after.clear();
    boost::json::object reply;
    for (const auto& each : all) {
      if (each.starts_with("0" + prefix + "{"))
        reply = boost::json::parse(each.substr(1 + prefix.size())).as_object();
      else
        (reply.empty() ? before : after).push_back(each);
    }
    return reply;
  }
  std::string connect_id() { return std::string(connect().at("sid").as_string()); }

  // The connection is lost, or ended as the server asked.
  void drop(close_reason why) {
    if (!end_) return;
    end_->on_close(connection_.closing.value_or(why));
    end_.reset();
    run();
  }
  std::optional<close_reason> closing() {
    run();
    return connection_.closing;
  }
  void ready(bool yes) { connection_.ready = yes; }
  // Of coalesced events.
  const std::vector<std::string>& keys() const { return connection_.keys; }

  std::vector<std::string> before, after;

 private:
  void run() {
    loop_.restart();
    loop_.poll();
  }
  fake_connection connection_;
  boost::asio::io_context& loop_;
  std::unique_ptr<engine_client> end_;
};

class socketio_test : public testing::Test {
 protected:
  static constexpr std::size_t reactors = 2;
  // With recovery there is a place for what is kept.
  io_server& serve(io_settings settings = {}, bool recovery = false) {
    if (!recovery) settings.recovery_ms = 0;
    if (recovery) shared = make_local_cluster(place);
    const boost::asio::any_io_executor executor = loop.get_executor();
    server.emplace(std::vector(reactors, executor), clock, settings, shared.get());
    server->of("/");
    return *server;
  }
  fake_client client(std::size_t reactor = 0) { return {*server, loop, reactor}; }
  void run() {
    loop.restart();
    loop.poll();
  }
  void pass(std::int64_t ms) {
    clock.advance(ms);
    server->tick();
    run();
  }
  template <class T>
  T wait(boost::asio::awaitable<T> work) {
    std::optional<T> out;
    boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr fault, T got) {
      if (!fault) out = std::move(got);
    });
    run();
    return std::move(out.value());
  }
  void stop() {
    std::thread stopping([this] {
      server->stop();
      stopped = true;
    });
    while (!stopped) run();
    stopping.join();
  }
  void TearDown() override {
    if (server && !stopped) stop();
    run();
  }

  boost::asio::io_context loop;
  son1k::test::manual_clock clock;
  std::shared_ptr<local_place> place = make_local_place(clock);
  std::unique_ptr<cluster> shared;
  std::optional<io_server> server;
  std::atomic<bool> stopped{false};
};

}  // namespace son1k::realtime::test
