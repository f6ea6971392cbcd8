// What the application sees of a client: the facts of its handshake, the question whether it may
// connect, its socket, its events and their acks.
//
// Threads: a socket lives on a reactor. Its handlers run there, and its methods are called there
// only (id(), space() and executor() anywhere); from elsewhere one reaches it through
// `space.to({id})`. An io_ack may be called on any thread.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "realtime/engine/outgoing.hpp"
#include "realtime/socketio/cluster.hpp"

namespace son1k::realtime {

// `name` and the arguments as the payload of an event. The attachments are those that placeholders
// in `args` name.
io_payload payload_of(std::string_view name, const boost::json::array& args = {},
                      std::vector<std::string> attachments = {});
// The same with one argument, which is finished JSON text.
io_payload payload_of_json(std::string_view name, std::string_view argument);
// An answer: a list without a name.
io_payload answer_of(const boost::json::array& args, std::vector<std::string> attachments = {});

// Of the connection, known since it began; all its namespaces share it.
struct io_handshake {
  std::string remote_address;
  std::vector<std::pair<std::string, std::string>> headers;  // those that io_settings keeps
  std::vector<std::pair<std::string, std::string>> query;
  bool secure = false;
  std::int64_t at_ms = 0;  // UTC

  std::string_view header(std::string_view name) const;  // lower case; empty: not there
};

// A client asks to connect to a namespace.
struct io_request {
  std::string space;
  std::shared_ptr<const io_handshake> handshake;
  boost::json::value auth;  // an object; empty if the client sent none
  // What it left behind, if it comes back in time and may be recovered.
  std::optional<kept_session> kept;
};

struct io_verdict {
  static io_verdict accept(boost::json::value data = {}, std::vector<std::string> rooms = {}) {
    io_verdict out;
    out.data = std::move(data);
    out.rooms = std::move(rooms);
    return out;
  }
  // The client gets CONNECT_ERROR {message, data?}.
  static io_verdict refuse(std::string message, boost::json::value data = {}) {
    io_verdict out;
    out.accepted = false;
    out.message = std::move(message);
    out.data = std::move(data);
    return out;
  }

  bool accepted = true;
  std::string message;
  // The socket's (null with `kept`: what it had), or the refusal's.
  boost::json::value data;
  std::vector<std::string> rooms;  // it begins in; with `kept` also in those it had
  // False: what it left behind is not given back, for it belongs to another user.
  bool recover = true;
};

struct io_event {
  std::string name;
  boost::json::array args;  // without the name; placeholders stand for attachments
  std::vector<std::string> attachments;
};

// Answers a client that wants it; empty where it does not. Only the first call counts, and none
// after the socket is gone.
class io_ack {
 public:
  // Where the answer goes. Called on any thread, any number of times.
  class target {
   public:
    virtual ~target() = default;
    virtual void answer(io_payload with) = 0;
  };
  io_ack() = default;
  explicit io_ack(std::shared_ptr<target> to) : to_(std::move(to)) {}
  explicit operator bool() const { return to_ != nullptr; }
  void operator()(io_payload answer) const {
    if (to_) to_->answer(std::move(answer));
  }
  void operator()(const boost::json::array& args) const {
    if (to_) to_->answer(answer_of(args));
  }

 private:
  std::shared_ptr<target> to_;
};

// How an event is sent.
struct io_urgency {
  urgency how = urgency::kept;
  std::string key;  // of urgency::latest
};

class io_socket : public std::enable_shared_from_this<io_socket> {
 public:
  // timeout: no answer in time · cancelled: the socket is gone · unavailable: too many are waited
  // for. Called on the socket's reactor, once.
  using answered = std::function<void(result<io_payload>)>;

  virtual ~io_socket() = default;

  virtual const std::string& id() const = 0;
  virtual const std::string& space() const = 0;
  virtual boost::asio::any_io_executor executor() const = 0;
  virtual const io_handshake& handshake() const = 0;
  virtual bool connected() const = 0;
  // It came back: what it missed was sent to it, its rooms are those it had.
  virtual bool recovered() const = 0;
  // Travels with the socket when it comes back and when it is fetched: small, no secrets.
  virtual boost::json::value& data() = 0;

  // With its own id, which is a room.
  virtual std::vector<std::string> rooms() const = 0;
  virtual bool in(std::string_view room) const = 0;
  // Once more changes nothing. unavailable: too many rooms, of this socket or in all.
  virtual result<void> join(const std::string& room) = 0;
  virtual void leave(std::string_view room) = 0;

  // What is sent after the socket is gone goes nowhere.
  virtual void emit(io_payload event, io_urgency how = {}) = 0;
  virtual void emit_with_ack(io_payload event, std::int64_t ms, answered done) = 0;
  boost::asio::awaitable<result<io_payload>> ask(io_payload event, std::int64_t ms);
  void emit(std::string_view name, const boost::json::array& args = {}, io_urgency how = {}) {
    emit(payload_of(name, args), std::move(how));
  }

  // From this namespace, or with `close` the whole connection. It cannot be recovered.
  virtual void disconnect(bool close = false) = 0;
};

}  // namespace son1k::realtime
