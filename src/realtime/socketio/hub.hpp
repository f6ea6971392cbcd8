// The parts of io_server: what the server shares, what each reactor has of it, a connection, a
// socket. For its own files only.
//
// Threads: a shard and what lives on it belong to one reactor. Others hand it orders; those are
// carried out in the order in which they were given. `io_server::state` is thread-safe.
#pragma once
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <unordered_map>

#include "realtime/engine/counts.hpp"
#include "realtime/socketio/encode.hpp"
#include "realtime/socketio/hub_ask.hpp"
#include "realtime/socketio/offset.hpp"
#include "realtime/socketio/protocol.hpp"
#include "realtime/socketio/room_table.hpp"
#include "realtime/socketio/server.hpp"

namespace son1k::realtime {

class hub_space;
class hub_shard;
class hub_socket;
class hub_connection;

using order = std::function<void(hub_shard&)>;

// An event for sockets of a shard.
struct delivery {
  io_parts parts;
  bool is_volatile = false;
  io_offset at;  // zero: it has none
};

class hub_socket final : public io_socket, public room_member {
 public:
  hub_socket(hub_space& space, std::shared_ptr<hub_connection> connection, std::string id);

  const std::string& id() const override { return id_; }
  const std::string& space() const override;
  boost::asio::any_io_executor executor() const override;
  const io_handshake& handshake() const override;
  bool connected() const override { return connected_; }
  bool recovered() const override { return recovered_; }
  boost::json::value& data() override { return data_; }
  std::vector<std::string> rooms() const override;
  bool in(std::string_view room) const override;
  result<void> join(const std::string& room) override;
  void leave(std::string_view room) override;
  void emit(io_payload event, io_urgency how) override;
  void emit_with_ack(io_payload event, std::int64_t ms, answered done) override;
  void disconnect(bool close) override;

  // As far as it may get it: 1, or 0 where it was dropped or had it.
  std::size_t deliver(const delivery& what);
  void send_now(const io_parts& parts);
  // False: it is not to be asked, or waits for too many.
  bool ask(std::uint64_t id, const std::shared_ptr<hub_ask>& whom);

  void on_event(boost::json::value data, std::vector<std::string> attachments,
                std::optional<std::uint64_t> ack_id);
  void on_ack(std::uint64_t id, io_payload answer);
  void answer(std::uint64_t ack_id, const io_payload& with);
  // Takes it out of everything and tells the application.
  void end(std::string_view reason);
  kept_session keep() const;
  remote_socket describe() const;

  const std::shared_ptr<hub_connection>& connection() const { return connection_; }
  hub_shard& shard() const;

  bool entered_ = false;    // it is in its shard's table
  bool connected_ = false;  // the client may be sent to
  bool announced_ = false;  // the application knows it
  bool recovered_ = false;
  std::string pid_;  // empty: it cannot come back
  boost::json::value data_;
  io_offset floor_;  // it has what was said up to here
  // What is said while it is told what it missed.
  struct held {
    std::vector<delivery> events;
    std::size_t bytes = 0;
    bool too_much = false;
  };
  std::unique_ptr<held> held_;

 private:
  struct call {
    std::string name;
    boost::json::array args;
    std::vector<std::string> attachments;
    std::optional<std::uint64_t> ack_id;
  };
  struct waiting_ack {
    std::uint64_t id;
    answered done;
    std::shared_ptr<hub_ask> ask;
  };
  // What only busy sockets need.
  struct activity {
    std::vector<waiting_ack> acks;
    std::deque<call> waiting;
    std::size_t running = 0;
    std::size_t events = 0;  // in this window
    std::int64_t window_ms = 0;
  };
  activity& busy();
  bool too_many_events();
  bool room_for_ack();
  void run(call what);
  void run_waiting();
  io_ack ack_for(std::optional<std::uint64_t> ack_id);
  void forget_acks();

  hub_space& space_;
  const std::string id_;
  const std::shared_ptr<hub_connection> connection_;
  std::unique_ptr<activity> activity_;
};

class hub_connection final : public std::enable_shared_from_this<hub_connection> {
 public:
  hub_connection(hub_shard& shard, engine_connection& engine,
                 std::shared_ptr<const io_handshake> handshake);

  void on_text(std::string_view message) {
    const on_shard here(shard_);
    take(protocol_.on_text(message));
  }
  void on_binary(std::string_view bytes) {
    const on_shard here(shard_);
    take(protocol_.on_binary(bytes));
  }
  void on_close(close_reason why);

  void send(const outgoing_ptr& message);
  bool ready() const { return engine_ != nullptr && engine_->writable(); }
  bool open() const { return engine_ != nullptr && !closing_; }
  void close(close_reason why);
  // Its socket of that namespace is gone.
  void forget(hub_socket& socket);
  // Ends all sockets, tells the client and closes.
  void disconnect();
  void look_at(std::int64_t steady_ms);  // has its time to connect passed?

  hub_shard& shard() const { return shard_; }
  const std::shared_ptr<const io_handshake>& handshake() const { return handshake_; }
  const std::vector<std::shared_ptr<hub_socket>>& sockets() const { return sockets_; }
  bool waits_for_connect() const { return connect_by_ != 0; }

  std::uint32_t index_ = 0;  // in its shard

 private:
  void take(sio_step step);
  void on_connect(std::string space, boost::json::value auth);
  static boost::asio::awaitable<void> admit(std::shared_ptr<hub_connection> self, hub_space& space,
                                            boost::json::value auth);
  // True: it is as it was, or gone again; false: it is to begin anew.
  static boost::asio::awaitable<bool> come_back(std::shared_ptr<hub_connection> self,
                                                hub_space& space, kept_session kept,
                                                std::string offset, io_verdict verdict);
  void refuse(const std::string& space, const std::string& message, const boost::json::value& data);
  // Makes the socket and puts it in its rooms; nullptr: a socket has that id.
  std::shared_ptr<hub_socket> enter(hub_space& space, std::string id, io_verdict& verdict);
  void begin(hub_space& space, io_verdict verdict);
  void welcome(const std::shared_ptr<hub_socket>& socket);
  void tell_application(const std::shared_ptr<hub_socket>& socket);

  hub_shard& shard_;
  engine_connection* engine_;
  const std::shared_ptr<const io_handshake> handshake_;
  sio_protocol protocol_;
  std::vector<std::shared_ptr<hub_socket>> sockets_;
  std::int64_t connect_by_ = 0;  // steady; 0: it has connected
  bool closing_ = false;
};

class hub_shard {
 public:
  hub_shard(io_server::state& hub, boost::asio::any_io_executor executor);

  // From any thread.
  void give(order what);
  // As give(), but with too many of them waiting the clients here are cut: they come back and are
  // told what they missed, where it is recorded.
  void give_event(order what);

  // On the reactor.
  void drain();
  room_table& table(const hub_space& space);
  void add(hub_connection& connection);
  void remove(hub_connection& connection);
  void after(std::int64_t ms, std::function<void()> what);
  void tick();
  void watch_connects();
  void stop();
  void cut_all();
  std::vector<std::shared_ptr<hub_connection>> connections() const;

  io_server::state& hub;
  const boost::asio::any_io_executor executor;
  tally events_in, events_out, dropped;

 private:
  void arm();
  void post();

  std::mutex mutex_;
  std::vector<order> inbox_;
  std::size_t events_waiting_ = 0;
  std::atomic<bool> posted_{false};  // set while there are orders; changed under the lock

  std::vector<std::unique_ptr<room_table>> tables_;  // by the index of the namespace
  std::vector<hub_connection*> connections_;
  std::multimap<std::int64_t, std::function<void()>> later_;  // by steady time
  std::optional<boost::asio::steady_timer> timer_;
  std::int64_t armed_for_ = 0;
  bool watching_ = false;
  bool draining_ = false;
};

class hub_space final : public io_space {
 public:
  hub_space(io_server::state& hub, std::string name, std::size_t index);

  const std::string& name() const override { return name_; }
  boost::asio::any_io_executor executor() const override;
  void admit(admission ask) override { admission_ = std::move(ask); }
  void on_connect(connected told) override { connected_ = std::move(told); }
  void on_disconnect(disconnected told) override { disconnected_ = std::move(told); }
  void on(std::string name, handler h) override { handlers_[std::move(name)].plain = std::move(h); }
  void on_async(std::string name, async_handler h) override {
    handlers_[std::move(name)].async = std::move(h);
  }
  void on_any(handler h) override { any_ = std::move(h); }
  void on_server_event(std::string name, server_handler h) override {
    server_handlers_[std::move(name)] = std::move(h);
  }
  void join_all(room_selection whom, std::vector<std::string> rooms) override;
  void leave_all(room_selection whom, std::vector<std::string> rooms) override;
  void disconnect_all(room_selection whom, bool close) override;
  boost::asio::awaitable<result<std::vector<remote_socket>>> fetch(room_selection whom) override;
  void server_emit(io_payload event) override;
  boost::asio::awaitable<result<std::vector<io_payload>>> server_ask(io_payload event,
                                                                     std::int64_t ms) override;
  void send(room_selection whom, io_payload event, io_emission::options options) override;
  boost::asio::awaitable<result<io_answers>> send_with_ack(room_selection whom, io_payload event,
                                                           io_emission::options options,
                                                           std::int64_t ms) override;

  // To the sockets of this node; `only` where just one shard can have any.
  void deliver(const room_selection& whom, const io_payload& event, const io_urgency& how,
               const std::string& offset, hub_shard* only = nullptr);
  void send_from(room_selection whom, io_payload event, io_emission::options options,
                 hub_shard* only);
  void ask_here(const room_selection& whom, const io_payload& event,
                const std::shared_ptr<hub_ask>& ask, std::int64_t ms);
  void join_here(const room_selection& whom, const std::vector<std::string>& rooms);
  void leave_here(const room_selection& whom, const std::vector<std::string>& rooms);
  void disconnect_here(const room_selection& whom, bool close);
  void fetch_here(const room_selection& whom,
                  std::function<void(std::vector<remote_socket>)> reply);
  void on_server_emit(const io_payload& event, std::function<void(io_payload)> reply);

  struct entry {
    handler plain;
    async_handler async;
  };
  const entry* handler_of(const std::string& name) const;

  io_server::state& hub;
  const std::size_t index;
  admission admission_;
  connected connected_;
  disconnected disconnected_;
  handler any_;
  std::atomic<std::uint64_t> next_ack_{0};

 private:
  const std::string name_;
  std::unordered_map<std::string, entry> handlers_;
  std::unordered_map<std::string, server_handler> server_handlers_;
};

struct io_server::state final : public cluster_peer, public std::enable_shared_from_this<state> {
  state(std::vector<boost::asio::any_io_executor> reactors, const clock_port& clock,
        io_settings settings, cluster* shared);

  hub_space* find(std::string_view name) const;
  bool recovers() const {
    return shared != nullptr && shared->recovers() && settings.recovery_ms > 0;
  }

  void on_broadcast(const io_broadcast& message) override;
  void on_broadcast_with_ack(const io_broadcast& message, std::function<void(std::size_t)> asked,
                             std::function<void(io_payload)> acked) override;
  void on_join(const std::string& space, const room_selection& whom,
               const std::vector<std::string>& rooms) override;
  void on_leave(const std::string& space, const room_selection& whom,
                const std::vector<std::string>& rooms) override;
  void on_disconnect(const std::string& space, const room_selection& whom, bool close) override;
  void on_fetch(const std::string& space, const room_selection& whom,
                std::function<void(std::vector<remote_socket>)> reply) override;
  void on_server_emit(const std::string& space, const io_payload& event,
                      std::function<void(io_payload)> reply) override;
  void on_gap() override;

  // Of the cluster, which may fail for all sockets at once: at most one line a second.
  void warn(const char* what, const error& why);
  // What is not recorded is lost to whoever is away now.
  void note_loss();
  // Recovery (hub_recovery.cpp).
  std::string new_pid(const hub_space& space, const std::string& sid);
  void keep(kept_session session, const boost::asio::any_io_executor& on);
  boost::asio::awaitable<void> keep_it(kept_session session);
  boost::asio::awaitable<std::optional<kept_session>> take(std::string space, std::string pid);
  boost::asio::awaitable<void> ask_to_give_up(std::string space, std::string pid);
  // What others ask by it.
  static bool is_give_up(const io_payload& event);
  void on_give_up(const io_payload& event, std::function<void(io_payload)> reply);
  boost::asio::awaitable<void> give_up(std::string pid, std::function<void(io_payload)> reply);
  boost::asio::awaitable<std::optional<kept_session>> evict(std::string pid);
  // What `session` missed after `offset`, as messages, with the offset of the last one it may have
  // missed. Nothing: it cannot be known, or is too much.
  struct missed {
    std::vector<io_parts> events;
    io_offset last;
  };
  boost::asio::awaitable<std::optional<missed>> missed_by(const hub_space& space,
                                                          kept_session session, std::string offset);
  // The offset to go on from, of what a client says it has. Nothing: it cannot be told.
  std::optional<std::string> resume_at(const std::string& pid, const std::string& offset) const;
  bool is_pid_of(const hub_space& space, std::string_view pid) const;

  // Work that stop() waits for.
  void begin_work();
  void end_work();
  // Runs it; an exception in it is logged.
  void start(const boost::asio::any_io_executor& on, std::string name,
             boost::asio::awaitable<void> work, std::function<void()> ended = {});
  boost::asio::awaitable<void> publish(hub_space& space, io_broadcast message, io_urgency how,
                                       hub_shard* only);

  const clock_port& clock;
  const io_settings settings;
  cluster* const shared;
  std::vector<std::unique_ptr<hub_shard>> shards;
  std::map<std::string, std::unique_ptr<hub_space>, std::less<>> spaces;

  // Held while an offset is given and while orders of one broadcast are handed out.
  std::mutex order_mutex;
  std::string last_offset;
  io_offset last_at;
  io_offset lost_at;  // what is at this offset or before cannot go on
  bool lost_any = false;

  std::mutex keeping_mutex;
  std::unordered_map<std::string, kept_session> keeping;  // not yet with the cluster

  std::mutex work_mutex;
  std::condition_variable work_done;
  std::size_t work = 0;

  std::atomic<bool> stopped{false};
  std::atomic<std::int64_t> warned_ms{-1'000};  // steady
  std::atomic<std::size_t> connections{0}, sockets{0}, rooms_made{0}, publishing{0};
  std::atomic<std::uint64_t> broadcasts{0}, cut{0}, refused{0}, broken{0}, recovered{0},
      not_recovered{0}, not_recorded{0};
};

// 132 random bits as text that stands in JSON, URLs and keys of Redis as it is.
std::string new_io_id();

}  // namespace son1k::realtime
