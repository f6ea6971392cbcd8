// One connection to Redis that comes back: dials, writes gathered calls, pairs replies with them in
// order, and starts again when the link breaks. Internal to net/redis. submit() is for any thread;
// everything else runs on the loop of the client, whose core outlives every connection.
#pragma once
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/metrics.hpp"
#include "net/redis/redis_dial.hpp"
#include "net/redis/redis_errors.hpp"

namespace son1k::net {

// What the connections of a client count.
struct redis_figures {
  metrics::tally connected{0};  // links that are up now
  metrics::tally lost{0};
  metrics::tally back{0};     // that came back after they were lost
  metrics::tally away_ms{0};  // that they were away until then
  metrics::tally refused_dials{0};
  metrics::tally calls{0};
  metrics::tally failed{0};
  metrics::tally unknown{0};  // calls whose outcome nobody knows
  metrics::tally in_flight{0};
  metrics::histogram seconds{metrics::request_seconds};
};

struct redis_call {
  using clock = std::chrono::steady_clock;

  redis_command command;
  std::function<void(result<redis_value>)> done;  // empty: nobody waits
  std::optional<redis_script> script;             // of an EVALSHA: loaded when it is unknown
  std::chrono::milliseconds block{0};             // how long Redis itself may hold it
  clock::time_point begun;
  clock::time_point deadline;
  std::uint64_t end = 0;       // position of its last byte in what the link sends
  std::uint64_t sequence = 0;  // among all that this connection wrote
  int redirects = 0;
  bool ended = false;              // timed out: its reply, if one comes, is for nobody
  bool own = false;                // the connection's (PING, SCRIPT LOAD): not counted, not bounded
  std::unique_ptr<error> refused;  // the last refusal that was waited out
};

class redis_connection;

// What all connections of a client share. Owned by the client and by every handle of it.
struct redis_core {
  redis_core(redis_settings s, tls_context t) : settings(std::move(s)), tls(std::move(t)) {}
  // A connection that take_connections() will find as long as it lives; closed if that has been
  // called. Any thread.
  std::shared_ptr<redis_connection> add(std::string name);
  std::vector<std::shared_ptr<redis_connection>> take_connections();

  const redis_settings settings;
  const tls_context tls;
  redis_figures figures;
  std::atomic<bool> stopped{false};
  std::mutex lock;
  std::vector<std::weak_ptr<redis_connection>> connections;
  // Last: what is suspended on it refers to the rest.
  boost::asio::io_context loop{1};
};

class redis_connection : public std::enable_shared_from_this<redis_connection> {
 public:
  // With `push`, replies are not paired with calls: each goes there, and `up` runs after each dial.
  struct hooks {
    std::function<void(redis_value)> push;
    std::function<void()> up;
  };
  redis_connection(redis_core& core, std::string name, hooks h = {});

  void start();
  // `done` runs once, on the loop. unavailable when the bound is reached or it was closed; `done`
  // then never runs.
  result<void> submit(redis_call call);
  // Ends every call as `cancelled` and does not dial again. Repeatable.
  void close();
  // Breaks the link and dials again: what is in flight fails with an unknown outcome.
  void interrupt();
  bool up() const { return link_up_.load(std::memory_order_relaxed); }
  std::uint64_t times_up() const { return times_up_.load(std::memory_order_relaxed); }
  // Since it was lost; 0 while it is up and before it was for the first time.
  std::chrono::milliseconds away() const;

  // For `push` connections, on the loop: written if the link is up, else dropped.
  void tell(redis_command command);

 private:
  using clock = redis_call::clock;
  using calls = std::deque<redis_call>;
  struct turn;

  // Holds what it is given while it runs.
  boost::asio::awaitable<void> run(std::shared_ptr<redis_connection> self);
  boost::asio::awaitable<void> dial_and_serve();
  boost::asio::awaitable<void> serve();
  boost::asio::awaitable<error> listen();
  boost::asio::awaitable<void> pause(std::chrono::milliseconds time);
  void take_inbox();
  void pump();
  void gather(calls& from);
  void on_written(const boost::system::error_code& ec, std::size_t bytes);
  result<void> take_replies();
  void on_reply(redis_value value);
  bool held(redis_call& call, const redis_value& refusal_text);
  void load_script(const redis_call& call);
  void settle_refusals();
  void on_link_lost(const error& why);
  void fail_waiting(const error& why);
  void end(redis_call& call, result<redis_value> outcome);
  void release(const redis_call& call);
  void arm(clock::time_point at);
  void sweep();
  void expire(clock::time_point now);
  void check_silence(clock::time_point now);
  error late(const redis_call& call, bool written) const;
  void add_own(redis_command command, calls& to);

  redis_core& core_;
  const hooks hooks_;
  redis_dialler dialler_;

  std::mutex lock_;
  std::vector<redis_call> inbox_;  // under lock_, as is what follows
  bool awake_ = false;
  bool shut_ = false;
  std::atomic<std::size_t> calls_{0};
  std::atomic<std::size_t> bytes_{0};
  std::atomic<bool> link_up_{false};
  std::atomic<std::uint64_t> times_up_{0};
  std::atomic<clock::rep> away_since_{0};  // 0: it is up, or never was

  // The loop's.
  bool closed_ = false;
  redis_link link_;
  calls waiting_;  // not written yet
  calls again_;    // refused before they ran, or never left: before those of waiting_
  calls written_;
  std::vector<redis_call> arriving_;
  std::string out_;
  std::vector<char> in_;
  bool writing_ = false;
  bool holding_ = false;  // nothing is written until the refusals have been settled
  bool redialling_ = false;
  bool refused_ = false;  // the link was given up because the server does not serve
  bool served_ = false;   // the link has answered a call
  std::chrono::milliseconds hold_{0};
  int failures_ = 0;  // dials since the last that succeeded
  std::optional<error> dial_error_;
  bool interrupted_ = false;  // the loss of the link that comes next was asked for
  std::optional<error> lost_why_;
  std::optional<clock::time_point> due_since_;  // something is due and nothing has come since
  clock::time_point heard_;
  clock::time_point next_deadline_ = clock::time_point::max();
  std::uint64_t sent_ = 0;     // bytes handed to the link in its life
  std::uint64_t flushed_ = 0;  // of those, the ones that left
  std::uint64_t sequence_ = 0;
  std::unordered_map<std::string, std::uint64_t> loads_;  // digest -> sequence when it was loaded
  boost::asio::steady_timer pause_timer_;
  boost::asio::steady_timer write_timer_;
  boost::asio::steady_timer hold_timer_;
  boost::asio::steady_timer sweep_timer_;
  clock::time_point armed_ = clock::time_point::max();
};

}  // namespace son1k::net
