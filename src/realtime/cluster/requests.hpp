// Questions to the other servers that wait for their answers. Of some formats it is known who must
// answer, of others only how many. Thread-safe.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/completion.hpp"
#include "realtime/socketio/cluster.hpp"

namespace son1k::realtime {

enum class question : std::uint8_t { sockets, server_emit, broadcast };

// Who must answer: these nodes, or as many as that.
struct awaited_nodes {
  std::set<std::string> names;
  std::size_t count = 0;
  bool by_name = false;
  std::size_t size() const { return by_name ? names.size() : count; }
};

class cluster_request {
 public:
  cluster_request(question w, std::string s) : what(w), space(std::move(s)) {}
  // Before it is opened.
  void expect(awaited_nodes from) { awaited_ = std::move(from); }

  const question what;
  const std::string space;
  // Of a broadcast; called under a lock and never after the request's end.
  std::function<void(std::size_t)> asked;
  std::function<void(io_payload)> acked;

  std::vector<remote_socket> sockets;
  std::vector<io_payload> answers;

 private:
  friend class cluster_requests;
  bool complete() const;

  mutable std::mutex mutex_;
  awaited_nodes awaited_;
  std::set<std::string> answered_;
  std::size_t answers_ = 0;  // of those whose names are not known
  std::size_t acks_due_ = 0, acks_ = 0;
  std::int64_t deadline_ = 0;
  bool ended_ = false;
  std::shared_ptr<waiting> waiter_;
};

class cluster_requests {
 public:
  static constexpr std::size_t open_max = 10'000;
  static constexpr std::size_t answers_max = 100'000;  // to one request

  explicit cluster_requests(const clock_port& clock) : clock_(clock) {}

  // Under a new id, which is returned; empty: too many are open.
  std::string open(std::shared_ptr<cluster_request> request, std::int64_t ms);
  bool has(const std::string& id) const;
  std::set<std::string> spaces() const;  // of those that are open
  // Until it is answered or its time is over; forgets it. `told`: whether it could be asked at all.
  // unavailable: stopped · timeout · what `told` says.
  boost::asio::awaitable<result<void>> wait(std::string id,
                                            std::shared_ptr<cluster_request> request,
                                            result<void> told);

  // What another node answered; `from` may be empty. False: no such request is open.
  bool on_sockets(const std::string& id, const std::string& from,
                  std::vector<remote_socket> sockets);
  bool on_answer(const std::string& id, const std::string& from, io_payload answer);
  bool on_asked(const std::string& id, const std::string& from, std::size_t clients);
  bool on_acked(const std::string& id, io_payload answer);

  // That node will not answer any more; so many of a namespace are left; time passed; all end.
  void on_gone(const std::string& space, const std::string& node);
  void on_count(const std::string& space, std::size_t others);
  void on_time();
  void stop();

 private:
  std::shared_ptr<cluster_request> find(const std::string& id, question what) const;
  std::vector<std::shared_ptr<cluster_request>> all() const;
  // With its mutex held.
  static void end(cluster_request& request);
  static void note(cluster_request& request, const std::string& from);

  const clock_port& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<cluster_request>> open_;
  bool stopped_ = false;
};

error too_many_requests();
error too_large(std::size_t bytes);

}  // namespace son1k::realtime
