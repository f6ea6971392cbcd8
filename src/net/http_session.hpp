// One connection of the HTTP server: reads requests, runs their handlers and writes the replies, in
// order, on its reactor. It lives as long as its coroutine; the lane only points at it. Internal to
// net.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/event_stream.hpp"
#include "net/http_lane.hpp"
#include "net/reply_head.hpp"
#include "net/request_head.hpp"

namespace son1k::net {

// 408 and 413, which more than one part of a session gives.
http_fault slow_request_fault();
http_fault big_body_fault();

class http_session : public std::enable_shared_from_this<http_session>, private peer_watch {
 public:
  http_session(std::shared_ptr<http_lane> lane, boost::asio::ip::tcp::socket socket,
               std::string remote_address);
  ~http_session();

  // The whole life of the connection.
  boost::asio::awaitable<void> run(std::shared_ptr<http_session> self);
  // Answers the first request with 503 and closes: too many connections are open.
  void refuse_overload() { overload_ = true; }

  void on_sweep(coarse_clock::time_point now);
  void on_drain();
  void cut();
  std::size_t slot = 0;  // in the lane's list

 private:
  enum class phase { idle, head, body, running, write, stream, linger };

  void enter(phase next, std::chrono::milliseconds limit);
  bool alive() const { return !ended_ && !abandoned_; }

  // Reading (http_session.cpp, http_session_body.cpp)
  boost::asio::awaitable<bool> read_head();
  boost::asio::awaitable<void> read_body();
  boost::asio::awaitable<bool> may_send_body();
  boost::asio::awaitable<void> read_chunks();
  boost::asio::awaitable<std::size_t> read_some(char* to, std::size_t room);
  bool head_at_hand();
  void open_request();
  void check_body();
  void choose_request_id();
  void expect_body_progress(std::size_t received);
  std::string_view unread() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void make_room(std::size_t bytes);
  void consume(std::size_t bytes);

  // Running (http_session.cpp)
  boost::asio::awaitable<void> run_handler();
  void run_at_once(const sync_handler& run);
  void handler_threw(const char* what);
  void render_fault();
  void on_handler_timeout();

  // Watching and leaving (http_session_leave.cpp)
  void on_gone(std::function<void()> gone) override;
  void watch_silence();
  void look_at_silence();
  void tell_gone();
  boost::asio::awaitable<void> hand_over();

  // Writing (http_session_reply.cpp)
  void begin_reply();
  void end_request();
  bool send_some(std::string_view& bytes, int flags);
  bool flush_now();
  boost::asio::awaitable<bool> flush();
  boost::asio::awaitable<void> send_body();
  boost::asio::awaitable<bool> send_all(std::string_view bytes, int flags);
  boost::asio::awaitable<bool> wait_writable();
  boost::asio::awaitable<void> send_file(file_body file);
  boost::asio::awaitable<void> send_events(std::shared_ptr<event_stream> stream);
  boost::asio::awaitable<bool> send_event_bytes(bool last);
  void watch_peer();
  void on_wake();
  boost::asio::awaitable<void> linger();
  void close_socket();

  const std::shared_ptr<http_lane> lane_;
  server_core& core_;
  boost::asio::ip::tcp::socket socket_;
  const std::string remote_address_;
  boost::asio::any_io_executor executor_;

  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // of what is not consumed
  std::size_t end_ = 0;
  request_head head_;
  http_request request_;
  const route* route_ = nullptr;
  std::string_view allowed_;
  std::optional<http_fault> fault_;
  http_response response_;
  reply_frame frame_;
  std::string out_;          // replies on their way, reused
  std::size_t sent_ = 0;     // of out_
  bool body_apart_ = false;  // the body is no part of out_
  std::string id_;
  std::uint64_t served_ = 0;
  coarse_clock::time_point started_{};

  phase phase_ = phase::idle;
  coarse_clock::time_point phase_began_{};
  coarse_clock::time_point deadline_{};
  bool expired_ = false;    // the sweep found the deadline passed
  bool ended_ = false;      // no more reading or writing
  bool abandoned_ = false;  // the reply was given while the handler still runs
  bool closing_ = false;    // after this reply
  bool unread_body_ = false;
  bool refused_ = false;  // by before_body(); the reply is made
  bool overload_ = false;

  std::function<void()> gone_;
  bool silence_watched_ = false;

  std::shared_ptr<event_stream> stream_;
  std::optional<boost::asio::steady_timer> wake_;
  coarse_clock::time_point stream_wrote_{};
  std::string events_;
  std::size_t ignored_bytes_ = 0;
};

}  // namespace son1k::net
