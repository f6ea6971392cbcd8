// What the clusters over Redis have in common: the peer, the requests that are open, and a thread
// that handles what arrives on channels, so that Redis' own thread does not. What arrives beyond a
// bound is dropped and counted; what cannot be read is counted and logged once in a while.
//
// A derived class calls start() at the end of its making and stop() first in its destructor.
#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.hpp"
#include "net/redis/redis_client.hpp"
#include "realtime/cluster/requests.hpp"
#include "realtime/cluster/wire.hpp"

namespace son1k::realtime {

class cluster_node : public cluster {
 public:
  static constexpr std::size_t waiting_max = 20'000;  // messages that arrived and were not handled
  static constexpr std::size_t waiting_bytes_max = 64 * 1024 * 1024;

  void attach(cluster_peer* peer) override;
  void gather_figures(std::vector<metrics::family>& out) const override;

  boost::asio::awaitable<result<void>> broadcast_with_ack(io_broadcast message,
                                                          std::function<void(std::size_t)> asked,
                                                          std::function<void(io_payload)> acked,
                                                          std::int64_t ms) override;
  boost::asio::awaitable<result<std::vector<remote_socket>>> fetch(std::string space,
                                                                   room_selection whom) override;
  boost::asio::awaitable<result<std::vector<io_payload>>> server_emit(std::string space,
                                                                      io_payload event,
                                                                      std::int64_t ms) override;

 protected:
  // `answer_ms`: how long fetch() waits for the others.
  cluster_node(net::redis_client& redis, const clock_port& clock, std::int64_t answer_ms);
  ~cluster_node() override;

  void start();
  void stop();

  using sent_question = boost::asio::awaitable<result<void>>;
  // A question in the words of the format; an answer names the id. Without an id none is wanted.
  virtual sent_question ask_clients(io_broadcast message, std::string id) = 0;
  virtual sent_question ask_sockets(std::string space, room_selection whom, std::string id) = 0;
  virtual sent_question ask_servers(std::string space, io_payload event, std::string id) = 0;
  // Who must answer in that namespace.
  virtual boost::asio::awaitable<result<awaited_nodes>> others(std::string space) = 0;

  // On the thread of the node: a message of a channel; every 100 ms; messages were lost.
  virtual void hear(const std::string& channel, const std::string& bytes) = 0;
  virtual void tick() = 0;
  virtual void on_lost() {}

  // Subscribes; `live` (may be empty) runs each time that Redis confirms it, on its thread.
  net::redis_subscription subscribe(std::string channel, net::redis_channel how,
                                    std::function<void()> live);

  // One call at a time. False: nobody is attached.
  template <class Call>
  bool with_peer(Call call) {
    const std::lock_guard lock(peer_mutex_);
    if (peer_ == nullptr) return false;
    call(*peer_);
    return true;
  }

  // Replies may be given after this node has gone: they do nothing then.
  template <class Reply>
  auto while_here(Reply reply) {
    return [outlet = outlet_, reply = std::move(reply)](auto&&... what) {
      const std::lock_guard lock(outlet->mutex);
      if (outlet->open) reply(std::forward<decltype(what)>(what)...);
    };
  }

  // What cannot be read. `why` is a constant.
  void refuse(std::string_view why, std::string_view from);
  void note_heard() { ++heard_; }
  void note_lost() { lost_ = true; }
  void publish(const std::string& channel, std::string_view bytes);
  boost::asio::awaitable<result<void>> publish_and_wait(std::string channel, std::string bytes);
  // Each second, from tick(): how many other nodes listen to each space's channel, for the requests
  // that wait and, of the first space, for others_counted().
  void count_others(const std::vector<std::string>& spaces,
                    const std::function<std::string(const std::string&)>& channel_of);
  std::size_t others_counted() const { return others_; }
  // How many listen to a channel.
  boost::asio::awaitable<result<std::size_t>> listeners_of(std::string channel);

  net::redis_client& redis_;
  const clock_port& clock_;
  cluster_requests requests_;
  boost::asio::io_context loop_{1};

 private:
  struct outlet {
    std::recursive_mutex mutex;
    bool open = true;
  };
  // Asks the others, if there are any, and waits for their answers; `ask` gets the question's id.
  boost::asio::awaitable<result<void>> inquire(std::shared_ptr<cluster_request> request,
                                               std::int64_t ms,
                                               std::function<sent_question(std::string)> ask);
  void take_in(std::string_view channel, std::string_view bytes);
  boost::asio::awaitable<void> keep_time();

  const std::int64_t answer_ms_;
  const std::shared_ptr<outlet> outlet_ = std::make_shared<outlet>();
  std::recursive_mutex peer_mutex_;
  cluster_peer* peer_ = nullptr;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
  std::thread thread_;
  std::atomic<std::size_t> waiting_{0}, waiting_bytes_{0};
  std::atomic<bool> lost_{false};
  std::atomic<std::size_t> others_{0};
  std::int64_t counted_ms_ = 0;  // the node's thread
  metrics::tally heard_{0}, told_{0}, refused_{0}, dropped_{0};
  std::atomic<std::int64_t> complained_{0};
};

}  // namespace son1k::realtime
