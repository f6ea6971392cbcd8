// A Socket.IO namespace without a server: sockets that note what they are sent. One thread: that of
// the context.
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/spawn.hpp"
#include "realtime/socketio/server.hpp"

namespace son1k::test {

struct heard_event {
  std::string name;
  boost::json::array args;
};

class fake_socket final : public realtime::io_socket {
 public:
  fake_socket(boost::asio::io_context& context, std::string id) : context_(context), id_(id) {
    rooms_.insert(id);
  }
  const std::string& id() const override { return id_; }
  const std::string& space() const override { return space_; }
  boost::asio::any_io_executor executor() const override { return context_.get_executor(); }
  const realtime::io_handshake& handshake() const override { return *shake; }
  bool connected() const override { return !gone; }
  bool recovered() const override { return back; }
  boost::json::value& data() override { return data_; }
  std::vector<std::string> rooms() const override { return {rooms_.begin(), rooms_.end()}; }
  bool in(std::string_view room) const override { return rooms_.contains(std::string(room)); }
  result<void> join(const std::string& room) override {
    rooms_.insert(room);
    return {};
  }
  void leave(std::string_view room) override { rooms_.erase(std::string(room)); }
  void emit(realtime::io_payload event, realtime::io_urgency) override {
    auto list = boost::json::parse(event.json).as_array();
    heard_event one;
    one.name = std::string(list[0].as_string());
    list.erase(list.begin());
    one.args = std::move(list);
    heard.push_back(std::move(one));
  }
  void emit_with_ack(realtime::io_payload, std::int64_t, answered) override {}
  void disconnect(bool) override { gone = true; }
  using realtime::io_socket::emit;

  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& one : heard) out.push_back(one.name);
    return out;
  }

  std::shared_ptr<realtime::io_handshake> shake = std::make_shared<realtime::io_handshake>();
  std::vector<heard_event> heard;
  bool gone = false;
  bool back = false;

 private:
  boost::asio::io_context& context_;
  const std::string id_;
  const std::string space_ = "/";
  boost::json::value data_;
  std::set<std::string> rooms_;
};

class fake_space final : public realtime::io_space {
 public:
  explicit fake_space(boost::asio::io_context& context) : context_(context) {}

  const std::string& name() const override { return name_; }
  boost::asio::any_io_executor executor() const override { return context_.get_executor(); }
  void admit(admission ask) override { admit_ = std::move(ask); }
  void on_connect(connected told) override { connected_ = std::move(told); }
  void on_disconnect(disconnected told) override { disconnected_ = std::move(told); }
  void on(std::string event, handler h) override { handlers_[std::move(event)] = std::move(h); }
  void on_async(std::string event, async_handler h) override {
    slow_[std::move(event)] = std::move(h);
  }
  void on_any(handler) override {}
  void on_server_event(std::string, server_handler) override {}
  void join_all(realtime::room_selection whom, std::vector<std::string> rooms) override {
    boost::asio::post(context_, [this, whom, rooms] {
      for (const auto& one : sockets_)
        for (const auto& room : rooms)
          if (chosen(*one, whom)) (void)one->join(room);
    });
  }
  void leave_all(realtime::room_selection, std::vector<std::string>) override {}
  void disconnect_all(realtime::room_selection, bool) override {}
  boost::asio::awaitable<result<std::vector<realtime::remote_socket>>> fetch(
      realtime::room_selection whom) override {
    std::vector<realtime::remote_socket> out;
    for (const auto& one : sockets_)
      if (chosen(*one, whom)) out.push_back({one->id(), one->rooms(), {}, one->data()});
    co_return out;
  }
  void server_emit(realtime::io_payload) override {}
  boost::asio::awaitable<result<std::vector<realtime::io_payload>>> server_ask(
      realtime::io_payload, std::int64_t) override {
    co_return std::vector<realtime::io_payload>();
  }

  std::string host = "127.0.0.1:3001";  // that clients ask for
  std::string cookie;                   // that they bring
  // A client asks to connect; nothing where it is refused (see `refused`).
  std::shared_ptr<fake_socket> connect(std::string id, boost::json::value auth = {},
                                       std::string language = "", std::string origin = "",
                                       std::optional<realtime::kept_session> kept = {}) {
    auto socket = std::make_shared<fake_socket>(context_, std::move(id));
    socket->shake->headers = {
        {"accept-language", language}, {"origin", origin}, {"host", host}, {"cookie", cookie}};
    realtime::io_request request{"/", socket->shake, std::move(auth), kept};
    std::optional<realtime::io_verdict> verdict;
    auto ask = [this, &verdict, request]() -> boost::asio::awaitable<void> {
      auto asked = admit_(request);
      verdict = co_await std::move(asked);
    };
    spawn(context_.get_executor(), "test.admit", ask());
    until([&] { return verdict.has_value(); });
    refused = *verdict;
    if (!verdict->accepted) return nullptr;
    socket->data() = verdict->data;
    socket->back = kept.has_value() && verdict->recover;
    if (socket->back)
      for (const auto& room : kept->rooms) (void)socket->join(room);
    for (const auto& room : verdict->rooms) (void)socket->join(room);
    sockets_.push_back(socket);
    connected_(socket);
    return socket;
  }

  void disconnect(const std::shared_ptr<fake_socket>& socket) {
    disconnected_(socket, "transport close");
    std::erase(sockets_, socket);
    socket->gone = true;
  }

  // What the call is answered.
  boost::json::object call(const std::shared_ptr<fake_socket>& from, std::string event,
                           boost::json::array args) {
    struct answered final : realtime::io_ack::target {
      void answer(realtime::io_payload with) override {
        out = boost::json::parse(with.json).as_array().at(0).as_object();
      }
      std::optional<boost::json::object> out;
    };
    const auto told = std::make_shared<answered>();
    const realtime::io_ack ack(told);
    realtime::io_event what{event, std::move(args), {}};
    if (const auto found = handlers_.find(event); found != handlers_.end()) {
      found->second(from, what, ack);
    } else {
      spawn(context_.get_executor(), "test.call", slow_.at(event)(from, what, ack));
    }
    until([&] { return told->out.has_value(); });
    return *told->out;
  }

  // Runs what is posted until that holds.
  template <class Condition>
  void until(Condition holds) {
    const auto guard = boost::asio::make_work_guard(context_);
    context_.restart();
    while (!holds()) context_.run_one();
    context_.poll();
  }

  realtime::io_verdict refused;

 private:
  static bool chosen(const fake_socket& one, const realtime::room_selection& whom) {
    const auto in_any = [&](const auto& rooms) {
      for (const auto& room : rooms)
        if (one.in(room)) return true;
      return false;
    };
    return (whom.rooms.empty() || in_any(whom.rooms)) && !in_any(whom.except);
  }
  void send(realtime::room_selection whom, realtime::io_payload event,
            realtime::io_emission::options) override {
    boost::asio::post(context_, [this, whom, event] {
      for (const auto& one : sockets_)
        if (chosen(*one, whom)) one->emit(event, {});
    });
  }
  boost::asio::awaitable<result<realtime::io_answers>> send_with_ack(realtime::room_selection,
                                                                     realtime::io_payload,
                                                                     realtime::io_emission::options,
                                                                     std::int64_t) override {
    co_return realtime::io_answers();
  }

  boost::asio::io_context& context_;
  const std::string name_ = "/";
  admission admit_;
  connected connected_;
  disconnected disconnected_;
  std::map<std::string, handler> handlers_;
  std::map<std::string, async_handler> slow_;
  std::vector<std::shared_ptr<fake_socket>> sockets_;
};

}  // namespace son1k::test
