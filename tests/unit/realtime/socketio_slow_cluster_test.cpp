// A cluster that takes its time or fails: what is said meanwhile is given once, and what was not
// recorded is recovered by nobody.
#include "unit/realtime/fake_engine.hpp"

namespace son1k::realtime::test {
namespace {

using boost::asio::awaitable;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using socket_ptr = io_space::socket_ptr;

// As the one inside, but since() waits before or after it looks, and broadcasts may fail.
class slow_cluster final : public cluster {
 public:
  slow_cluster(boost::asio::io_context& loop, std::unique_ptr<cluster> inner)
      : gate(loop), inner_(std::move(inner)) {
    open();
  }
  void open() { gate.expires_at(boost::asio::steady_timer::time_point::min()); }
  void shut() { gate.expires_at(boost::asio::steady_timer::time_point::max()); }

  const std::string& node() const override { return inner_->node(); }
  void attach(cluster_peer* peer) override { inner_->attach(peer); }
  bool recovers() const override { return able; }
  awaitable<result<std::string>> broadcast(io_broadcast message, io_turn deliver) override {
    if (away) co_return error(errc::unavailable, {"away"});
    auto offset = co_await inner_->broadcast(std::move(message), std::move(deliver));
    co_return offset;
  }
  std::string last_offset() const override { return inner_->last_offset(); }
  awaitable<result<void>> broadcast_with_ack(io_broadcast message,
                                             std::function<void(std::size_t)> asked,
                                             std::function<void(io_payload)> acked,
                                             std::int64_t ms) override {
    return inner_->broadcast_with_ack(std::move(message), std::move(asked), std::move(acked), ms);
  }
  awaitable<result<void>> join(std::string space, room_selection whom,
                               std::vector<std::string> rooms) override {
    return inner_->join(std::move(space), std::move(whom), std::move(rooms));
  }
  awaitable<result<void>> leave(std::string space, room_selection whom,
                                std::vector<std::string> rooms) override {
    return inner_->leave(std::move(space), std::move(whom), std::move(rooms));
  }
  awaitable<result<void>> disconnect(std::string space, room_selection whom, bool close) override {
    return inner_->disconnect(std::move(space), std::move(whom), close);
  }
  awaitable<result<std::vector<remote_socket>>> fetch(std::string space,
                                                      room_selection whom) override {
    return inner_->fetch(std::move(space), std::move(whom));
  }
  awaitable<result<std::vector<io_payload>>> server_emit(std::string space, io_payload event,
                                                         std::int64_t ms) override {
    return inner_->server_emit(std::move(space), std::move(event), ms);
  }
  std::size_t servers() const override { return 0; }
  awaitable<result<void>> keep_session(kept_session session, std::int64_t ms) override {
    co_await pass(keep_waits);
    auto kept = co_await inner_->keep_session(std::move(session), ms);
    co_return kept;
  }
  awaitable<result<kept_session>> take_session(std::string pid) override {
    return inner_->take_session(std::move(pid));
  }
  awaitable<result<std::vector<io_broadcast>>> since(std::string space,
                                                     std::string offset) override {
    co_await pass(waits_before);
    auto found = co_await inner_->since(std::move(space), std::move(offset));
    co_await pass(waits_after);
    co_return found;
  }

  boost::asio::steady_timer gate;
  bool away = false;
  bool able = true;  // to recover
  bool waits_before = false;
  bool waits_after = false;
  bool keep_waits = false;

 private:
  awaitable<void> pass(bool waits) {
    if (!waits) co_return;
    boost::system::error_code cut;
    co_await gate.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cut));
  }
  const std::unique_ptr<cluster> inner_;
};

class socketio_slow_cluster : public socketio_test {
 protected:
  void SetUp() override {
    auto made = std::make_unique<slow_cluster>(loop, make_local_cluster(place));
    slow = made.get();
    shared = std::move(made);
    const boost::asio::any_io_executor executor = loop.get_executor();
    server.emplace(std::vector(reactors, executor), clock, io_settings(), shared.get());
    server->of("/").on_connect([this](const socket_ptr& socket) { sockets.push_back(socket); });
    server->start();
  }
  std::string auth_of(const boost::json::object& reply) {
    return boost::json::serialize(boost::json::object{{"pid", reply.at("pid")}});
  }
  void emit(std::int64_t n) {
    server->of("/").everybody().emit("n", {n});
    run();
  }
  static std::vector<std::int64_t> numbers(const std::vector<std::string>& messages) {
    std::vector<std::int64_t> out;
    for (const auto& each : messages)
      if (each.starts_with("2["))
        out.push_back(boost::json::parse(each.substr(1)).as_array().at(1).as_int64());
    return out;
  }

  slow_cluster* slow = nullptr;
  std::vector<socket_ptr> sockets;
};

TEST_F(socketio_slow_cluster, what_is_said_while_the_missed_is_read_comes_once_and_after_it) {
  for (const bool before : {true, false}) {
    slow->waits_before = before;
    slow->waits_after = !before;
    auto one = client();
    const auto reply = one.connect();
    one.drop(close_reason::transport_close);
    emit(1);
    slow->shut();
    auto two = client();
    EXPECT_THAT(two.say("0" + auth_of(reply)), IsEmpty());
    emit(2);
    server->of("/").everybody().volatile_().emit("n", {99});
    emit(3);
    EXPECT_THAT(two.heard(), IsEmpty());
    slow->open();
    const auto all = two.heard();
    EXPECT_THAT(numbers(all), ElementsAre(1, 2, 3)) << before;
    EXPECT_TRUE(sockets.back()->recovered());
    emit(4);
    EXPECT_THAT(numbers(two.heard()), ElementsAre(4));
  }
}

TEST_F(socketio_slow_cluster, a_connection_lost_while_the_missed_is_read_keeps_the_session) {
  slow->waits_after = true;
  auto one = client();
  const auto reply = one.connect();
  one.drop(close_reason::transport_close);
  emit(1);
  slow->shut();
  auto two = client();
  two.say("0" + auth_of(reply));
  two.drop(close_reason::transport_close);
  slow->open();
  run();
  EXPECT_THAT(sockets, SizeIs(1));
  auto three = client();
  EXPECT_THAT(numbers(three.say("0" + auth_of(reply))), ElementsAre(1));
  EXPECT_THAT(sockets, SizeIs(2));
}

TEST_F(socketio_slow_cluster, a_client_is_faster_than_the_keeping_of_its_session) {
  slow->keep_waits = true;
  slow->shut();
  auto one = client();
  const auto reply = one.connect();
  one.drop(close_reason::transport_close);
  auto two = client();
  two.say("0" + auth_of(reply));
  EXPECT_TRUE(sockets.back()->recovered());
  slow->open();
  run();
  // What was kept after all is gone: it was given back.
  two.say("1");
  auto three = client();
  three.say("0" + auth_of(reply));
  EXPECT_FALSE(sockets.back()->recovered());
}

TEST_F(socketio_slow_cluster, one_that_cannot_recover_gives_nothing_to_come_back_with) {
  slow->able = false;
  auto one = client();
  EXPECT_FALSE(one.connect().contains("pid"));
  emit(1);
  EXPECT_THAT(one.heard(), ElementsAre(R"(2["n",1])"));
}

TEST_F(socketio_slow_cluster, over_what_was_not_recorded_nobody_comes_back) {
  auto one = client();
  auto away = client();
  one.connect();
  const auto reply = away.connect();
  away.drop(close_reason::transport_close);
  slow->away = true;
  emit(1);
  slow->away = false;
  EXPECT_THAT(numbers(one.heard()), ElementsAre(1));
  EXPECT_EQ(server->figures().not_recorded, 1U);
  auto two = client();
  two.say("0" + auth_of(reply));
  EXPECT_FALSE(sockets.back()->recovered());
  // But over what follows.
  emit(2);
  auto late = client();
  const auto again = late.connect();
  late.drop(close_reason::transport_close);
  emit(3);
  auto three = client();
  EXPECT_THAT(numbers(three.say("0" + auth_of(again))), ElementsAre(3));
}

TEST_F(socketio_slow_cluster, too_much_for_a_reactor_cuts_its_clients_which_come_back) {
  auto one = client();
  const auto reply = one.connect();
  auto all = server->of("/").everybody();
  all.local();
  for (int n = 0; n < 100'002; ++n) all.emit("n", {n});
  EXPECT_EQ(one.closing(), close_reason::too_slow);
  one.drop(close_reason::too_slow);
  auto two = client();
  two.say("0" + auth_of(reply));
  EXPECT_TRUE(sockets.back()->recovered());
}

}  // namespace
}  // namespace son1k::realtime::test
