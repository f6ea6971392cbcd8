// The classic cluster itself; internal to its files: classic_cluster.cpp sends, classic_hearing.cpp
// hears, on the thread of the node.
#pragma once
#include <algorithm>

#include "realtime/cluster/redis/classic_cluster.hpp"
#include "realtime/cluster/redis/cluster_node.hpp"

namespace son1k::realtime {

// The types of requests; the numbers are those of the adapter.
enum class classic_type : std::uint8_t {
  sockets,
  all_rooms,
  join,
  leave,
  disconnect,
  fetch,
  server_emit,
  broadcast,
  client_count,
  ack,
};

inline constexpr std::size_t classic_bytes_max = 1'000'000;  // of what this node begins

class classic_cluster final : public cluster_node {
 public:
  classic_cluster(net::redis_client& redis, const clock_port& clock,
                  classic_cluster_settings settings);
  ~classic_cluster() override { stop(); }

  result<void> begin();

  const std::string& node() const override { return node_; }
  std::size_t servers() const override { return others_counted(); }
  bool recovers() const override { return false; }

  boost::asio::awaitable<result<std::string>> broadcast(io_broadcast message,
                                                        io_turn deliver) override;
  boost::asio::awaitable<result<void>> join(std::string space, room_selection whom,
                                            std::vector<std::string> rooms) override {
    return change(classic_type::join, std::move(space), std::move(whom), std::move(rooms));
  }
  boost::asio::awaitable<result<void>> leave(std::string space, room_selection whom,
                                             std::vector<std::string> rooms) override {
    return change(classic_type::leave, std::move(space), std::move(whom), std::move(rooms));
  }
  boost::asio::awaitable<result<void>> disconnect(std::string space, room_selection whom,
                                                  bool close) override;
  boost::asio::awaitable<result<void>> keep_session(kept_session session, std::int64_t ms) override;
  boost::asio::awaitable<result<kept_session>> take_session(std::string pid) override;
  boost::asio::awaitable<result<std::vector<io_broadcast>>> since(std::string space,
                                                                  std::string offset) override;

 private:
  struct asker {
    std::string space;
    std::string request;
  };

  // Sending.
  boost::asio::awaitable<result<void>> ask(std::string space, wire_writer message);
  boost::asio::awaitable<result<void>> change(classic_type type, std::string space,
                                              room_selection whom, std::vector<std::string> rooms);
  sent_question ask_clients(io_broadcast message, std::string id) override;
  sent_question ask_sockets(std::string space, room_selection whom, std::string id) override;
  sent_question ask_servers(std::string space, io_payload event, std::string id) override;
  boost::asio::awaitable<result<awaited_nodes>> others(std::string space) override;
  void answer(const std::string& space, wire_writer message);
  void answer_done(const asker& to);

  // Hearing.
  void hear(const std::string& channel, const std::string& bytes) override;
  void tick() override;
  void on_lost() override;
  bool hear_broadcast(const std::string& space, packed_value& message);
  bool hear_request(const std::string& space, packed_value& message);
  bool hear_response(packed_value& message);
  bool hear_change(classic_type type, const asker& from, const boost::json::value& message);
  bool hear_fetch(classic_type type, const asker& from, const boost::json::value& message);
  bool hear_server_emit(const asker& from, packed_value& message);
  bool hear_broadcast_with_ack(const asker& from, packed_value& message);

  bool serves(std::string_view space) const {
    return std::ranges::find(settings_.spaces, space) != settings_.spaces.end();
  }
  std::string request_channel(const std::string& space) const {
    return settings_.prefix + "-request#" + space + "#";
  }
  std::string response_channel(const std::string& space) const {
    return settings_.prefix + "-response#" + space + "#";
  }

  const classic_cluster_settings settings_;
  const std::string node_;
  std::vector<net::redis_subscription> channels_;
};

}  // namespace son1k::realtime
