// An Engine.IO server's part on one reactor: its sessions, their sockets and their time. Everything
// happens on the reactor's thread, but for the counts. Owns what lives on it; internal to the
// engine.
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/http_message.hpp"
#include "realtime/engine/connection.hpp"
#include "realtime/engine/session.hpp"
#include "realtime/engine/websocket_link.hpp"

namespace son1k::realtime {

class engine_lane final : public std::enable_shared_from_this<engine_lane>,
                          private session_host,
                          private link_host {
 public:
  engine_lane(boost::asio::io_context& loop, std::size_t index, const engine_settings& settings,
              const engine_acceptor& accept);

  void start();
  // Ends every session; `at_once` also cuts those that still say goodbye.
  void stop(bool at_once);
  bool idle() const { return links_.empty() && sessions_.empty(); }

  // The first payload of a new session; empty: there are too many.
  std::string open_polling(const net::http_request& request);
  void open_websocket(const net::http_request& request, net::taken_socket taken);
  // A WebSocket for a session that polls; what is not wanted is closed.
  void adopt(std::string_view id, int descriptor, std::string unread,
             std::shared_ptr<net::connection_hold> hold);
  // Null: unknown here.
  engine_session* find(std::string_view id);

  boost::asio::io_context::executor_type loop() { return loop_.get_executor(); }
  const engine_counts& figures() const { return counts_; }

 private:
  using session_map = std::unordered_map<std::string_view, std::unique_ptr<engine_session>>;

  // session_host, link_host
  const engine_settings& settings() const override { return settings_; }
  engine_counts& counts() override { return counts_; }
  std::int64_t now_us() const override;
  boost::asio::any_io_executor executor() const override { return loop_.get_executor(); }
  std::size_t reactor() const override { return index_; }
  void flush_soon(engine_session& session) override;
  deadline_list& pings() override { return wake_for(pings_); }
  deadline_list& pongs() override { return wake_for(pongs_); }
  deadline_list& upgrades() override { return wake_for(upgrades_); }
  deadline_list& ends() override { return wake_for(ends_); }
  deadline_list& closes() override { return wake_for(closes_); }
  void bury(engine_session& session) override;
  void tell_end_soon(engine_session& session) override;
  net::socket_poller& poller() override { return *poller_; }
  std::span<char> read_buffer() override { return buffer_; }
  void read_soon(websocket_link& link) override;
  void bury(websocket_link& link) override;

  engine_session& add_session();
  websocket_link& add_link(int descriptor, std::shared_ptr<net::connection_hold> hold);
  void greet(engine_session& session, const net::http_request& request);
  void end_turn_soon();
  void end_turn();
  deadline_list& wake_for(deadline_list& list);
  void look_at_time();
  void arm(std::int64_t due_us);
  std::int64_t first_due_us() const;

  boost::asio::io_context& loop_;
  const std::size_t index_;
  const engine_settings settings_;
  const engine_acceptor accept_;
  engine_counts counts_;
  std::shared_ptr<net::socket_poller> poller_;
  std::vector<char> buffer_;

  deadline_list pings_, pongs_, upgrades_, ends_, closes_;
  boost::asio::steady_timer timer_;
  std::int64_t armed_us_ = 0;  // 0: not
  bool arm_asked_ = false;

  session_map sessions_;  // keys are the sessions' own
  std::vector<std::unique_ptr<websocket_link>> links_;
  std::vector<engine_session*> unflushed_;
  std::vector<websocket_link*> unread_;
  std::vector<engine_session*> to_tell_;
  std::vector<std::unique_ptr<engine_session>> ended_;
  std::vector<std::unique_ptr<websocket_link>> gone_;
  bool turn_asked_ = false;
  bool stopping_ = true;  // until start()
};

}  // namespace son1k::realtime
