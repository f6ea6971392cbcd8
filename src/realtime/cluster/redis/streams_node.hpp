// The streams cluster itself; internal to its files: streams_cluster.cpp sends, streams_hearing.cpp
// hears. Entries of the stream are heard on the bus' thread, channels on that of the node.
#pragma once
#include <algorithm>

#include "realtime/bus/redis/stream_bus.hpp"
#include "realtime/cluster/redis/cluster_node.hpp"
#include "realtime/cluster/redis/live_nodes.hpp"
#include "realtime/cluster/redis/own_turns.hpp"
#include "realtime/cluster/redis/streams_cluster.hpp"

namespace son1k::realtime {

using wire_fill = std::function<void(wire_writer&)>;  // writes one value, the data of a message

struct heard_message {
  bus_type type = bus_type::broadcast;
  std::string node;
  std::string space;
  std::string offset;
  bool by_channel = false;
  boost::json::value data;
  std::vector<std::string> attachments;
};

class streams_cluster final : public cluster_node {
 public:
  streams_cluster(net::redis_client& redis, const clock_port& clock,
                  streams_cluster_settings settings)
      : cluster_node(redis, clock, settings.answer_ms),
        settings_(std::move(settings)),
        live_(clock, settings_.silence_ms_max),
        turns_(clock) {}
  ~streams_cluster() override {
    listening_.reset();
    turns_.stop();
    stop();
    if (!begun_) return;
    for (const auto& space : settings_.spaces) beat(space, bus_type::close);
  }

  result<void> begin();

  const std::string& node() const override { return bus_->node(); }
  std::string last_offset() const override {
    const std::lock_guard lock(offset_mutex_);
    return offset_;
  }
  std::size_t servers() const override {
    return settings_.questions_in_stream ? live_.size() : others_counted();
  }

  boost::asio::awaitable<result<std::string>> broadcast(io_broadcast message,
                                                        io_turn deliver) override;
  boost::asio::awaitable<result<void>> join(std::string space, room_selection whom,
                                            std::vector<std::string> rooms) override {
    return change(bus_type::join, std::move(space), std::move(whom), std::move(rooms));
  }
  boost::asio::awaitable<result<void>> leave(std::string space, room_selection whom,
                                             std::vector<std::string> rooms) override {
    return change(bus_type::leave, std::move(space), std::move(whom), std::move(rooms));
  }
  boost::asio::awaitable<result<void>> disconnect(std::string space, room_selection whom,
                                                  bool close) override;

  boost::asio::awaitable<result<void>> keep_session(kept_session session, std::int64_t ms) override;
  boost::asio::awaitable<result<kept_session>> take_session(std::string pid) override;
  boost::asio::awaitable<result<std::vector<io_broadcast>>> since(std::string space,
                                                                  std::string offset) override;

 private:
  // Sending.
  boost::asio::awaitable<result<std::string>> tell(bus_type type, std::string space, bool packed,
                                                   wire_fill data, std::uint64_t mark = 0);
  boost::asio::awaitable<result<void>> ask(bus_type type, std::string space, bool packed,
                                           wire_fill data);
  boost::asio::awaitable<result<void>> change(bus_type type, std::string space, room_selection whom,
                                              std::vector<std::string> rooms);
  sent_question ask_clients(io_broadcast message, std::string id) override;
  sent_question ask_sockets(std::string space, room_selection whom, std::string id) override;
  sent_question ask_servers(std::string space, io_payload event, std::string id) override;
  boost::asio::awaitable<result<awaited_nodes>> others(std::string space) override;
  void answer(const heard_message& to, bus_type type, bool packed, const wire_fill& data);
  std::optional<std::string> channel_bytes(bus_type type, const std::string& space,
                                           const wire_fill& data) const;
  void beat(const std::string& space, bus_type type);

  // Hearing.
  void hear(const std::string& channel, const std::string& bytes) override;
  void hear_entry(const bus_message& entry);
  void hear_own(const bus_message& entry);
  void hear_gap();
  void handle(heard_message& message);
  // False: it lacks a part.
  bool handle_beat(heard_message& message);
  bool handle_broadcast(heard_message& message);
  bool handle_change(heard_message& message);
  bool handle_fetch(heard_message& message);
  bool handle_server_emit(heard_message& message);
  bool handle_answer(heard_message& message);
  void tick() override;

  void note_offset(std::string offset) {
    const std::lock_guard lock(offset_mutex_);
    offset_ = std::move(offset);
  }
  bool serves(std::string_view space) const {
    return std::ranges::find(settings_.spaces, space) != settings_.spaces.end();
  }
  std::string public_channel(const std::string& space) const {
    return settings_.channel + "#" + space + "#";
  }

  const streams_cluster_settings settings_;
  stream_bus_settings bus_settings_;
  std::unique_ptr<bus> bus_;
  live_nodes live_;
  own_turns turns_;
  std::int64_t beaten_ms_ = 0;  // the node's thread
  std::vector<net::redis_subscription> channels_;
  bus_listening listening_;
  bool begun_ = false;
  mutable std::mutex offset_mutex_;
  std::string offset_;  // of the last entry that was heard
};

// Nothing: it cannot be read.
std::optional<heard_message> heard_of(const bus_message& entry);
// Nothing: it is no broadcast of an event. Without an offset where it cannot be recovered.
std::optional<io_broadcast> broadcast_of(heard_message& message);

}  // namespace son1k::realtime
