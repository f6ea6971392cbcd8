// A node's sockets without any connection: what a cluster tells is done to them and noted. Threads:
// all methods from any.
#pragma once
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "realtime/socketio/cluster.hpp"

namespace son1k::test {

class fake_peer final : public realtime::cluster_peer {
 public:
  using room_selection = realtime::room_selection;
  using io_payload = realtime::io_payload;

  // A socket is in the room of its id. With `ack`, the argument with which it answers broadcasts.
  void add(const std::string& id, std::set<std::string> rooms = {}, std::string ack = "") {
    const std::lock_guard lock(mutex_);
    rooms.insert(id);
    sockets_[id] = {std::move(rooms), std::move(ack)};
  }
  std::set<std::string> rooms(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto found = sockets_.find(id);
    return found == sockets_.end() ? std::set<std::string>() : found->second.rooms;
  }
  // Answers server-side events with these arguments; without any it does not answer.
  void answer_servers(std::string arguments) {
    const std::lock_guard lock(mutex_);
    server_answer_ = std::move(arguments);
  }

  // What happened, once it is that many things, or as many as came in good time:
  // "socket<-event", "socket closed", "server<-event", "gap".
  std::vector<std::string> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return notes_.size() >= count; });
    return notes_;
  }
  template <class Holds>
  bool wait_until(Holds holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return holds(notes_); });
  }
  std::vector<realtime::io_broadcast> broadcasts() {
    const std::lock_guard lock(mutex_);
    return broadcasts_;
  }
  // A broadcast of its own node, in its turn among those of the others.
  void own(realtime::io_broadcast message) {
    const std::lock_guard lock(mutex_);
    broadcasts_.push_back(std::move(message));
    deliver(broadcasts_.back());
  }
  // The sockets that a selection names.
  std::vector<realtime::remote_socket> selected(const room_selection& whom) {
    const std::lock_guard lock(mutex_);
    std::vector<realtime::remote_socket> out;
    for (const auto& [id, socket] : sockets_) {
      if (!names(whom, socket.rooms)) continue;
      out.push_back({id,
                     {socket.rooms.begin(), socket.rooms.end()},
                     {{"address", "127.0.0.1"}, {"query", boost::json::object{}}},
                     {{"user", id}}});
    }
    return out;
  }

  void on_broadcast(const realtime::io_broadcast& message) override {
    const std::lock_guard lock(mutex_);
    broadcasts_.push_back(message);
    deliver(message);
  }
  void on_broadcast_with_ack(const realtime::io_broadcast& message,
                             std::function<void(std::size_t)> asked,
                             std::function<void(io_payload)> acked) override {
    const std::lock_guard lock(mutex_);
    broadcasts_.push_back(message);
    const auto reached = deliver(message);
    asked(reached.size());
    for (const auto& id : reached)
      if (const auto& ack = sockets_[id].ack; !ack.empty()) acked({"[" + ack + "]", {}});
  }
  void on_join(const std::string&, const room_selection& whom,
               const std::vector<std::string>& rooms) override {
    const std::lock_guard lock(mutex_);
    for (auto& [id, socket] : sockets_)
      if (names(whom, socket.rooms)) socket.rooms.insert(rooms.begin(), rooms.end());
    note("joined");
  }
  void on_leave(const std::string&, const room_selection& whom,
                const std::vector<std::string>& rooms) override {
    const std::lock_guard lock(mutex_);
    for (auto& [id, socket] : sockets_)
      if (names(whom, socket.rooms))
        for (const auto& room : rooms) socket.rooms.erase(room);
    note("left");
  }
  void on_disconnect(const std::string&, const room_selection& whom, bool close) override {
    const std::lock_guard lock(mutex_);
    std::erase_if(sockets_, [&](const auto& row) {
      if (!names(whom, row.second.rooms)) return false;
      note(row.first + (close ? " closed" : " disconnected"));
      return true;
    });
  }
  void on_fetch(const std::string&, const room_selection& whom,
                std::function<void(std::vector<realtime::remote_socket>)> reply) override {
    reply(selected(whom));
  }
  void on_server_emit(const std::string& space, const io_payload& event,
                      std::function<void(io_payload)> reply) override {
    const std::lock_guard lock(mutex_);
    note("server<-" + shown(event) + (space == "/" ? "" : "@" + space));
    if (reply && !server_answer_.empty()) reply({server_answer_, {}});
  }
  void on_gap() override {
    const std::lock_guard lock(mutex_);
    note("gap");
  }

 private:
  static constexpr std::chrono::seconds patience{60};
  struct socket_state {
    std::set<std::string> rooms;
    std::string ack;
  };
  static bool names(const room_selection& whom, const std::set<std::string>& rooms) {
    const auto in = [&](const std::string& room) { return rooms.contains(room); };
    return (whom.rooms.empty() || std::ranges::any_of(whom.rooms, in)) &&
           std::ranges::none_of(whom.except, in);
  }
  // As a person reads it: placeholders stand there, the bytes after it.
  static std::string shown(const io_payload& event) {
    auto out = boost::json::serialize(boost::json::parse(event.json));
    for (const auto& bytes : event.attachments) out += "+" + bytes;
    return out;
  }
  std::vector<std::string> deliver(const realtime::io_broadcast& message) {
    std::vector<std::string> reached;
    for (const auto& [id, socket] : sockets_) {
      if (!names(message.whom, socket.rooms)) continue;
      reached.push_back(id);
      note(id + "<-" + shown(message.event) + (message.space == "/" ? "" : "@" + message.space));
    }
    return reached;
  }
  void note(std::string what) {
    notes_.push_back(std::move(what));
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, socket_state> sockets_;
  std::string server_answer_ = "[true]";
  std::vector<std::string> notes_;
  std::vector<realtime::io_broadcast> broadcasts_;
};

}  // namespace son1k::test
