// A connection that left HTTP after a 101 (RFC 9110 section 15.2.2), and the notice that a client
// went while its request is being answered. What is taken belongs to whoever took it.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

namespace son1k::net {

// A connection that is no longer HTTP's still counts among the server's as long as this lives.
// Thread-safe.
class connection_hold {
 public:
  virtual ~connection_hold() = default;
  // Called on the thread that stops the server: first with false, when what is open gets time to
  // end, then with true, when it must end at once. `act` must not block; it is dropped with the
  // hold, but a call may be under way meanwhile.
  virtual void on_stop(std::function<void(bool at_once)> act) = 0;
};

struct taken_socket {
  taken_socket(boost::asio::ip::tcp::socket s, std::string u, std::shared_ptr<connection_hold> h)
      : socket(std::move(s)), unread(std::move(u)), hold(std::move(h)) {}

  boost::asio::ip::tcp::socket socket;  // of the reactor that read the request
  std::string unread;                   // what had come behind the request
  std::shared_ptr<connection_hold> hold;
};

// The client of a request whose handler runs. Used on the connection's reactor.
class peer_watch {
 public:
  // Calls `gone` once, on the connection's reactor, if the client goes, half closes or is cut
  // before the handler has returned; not after that. The last one given counts.
  virtual void on_gone(std::function<void()> gone) = 0;

 protected:
  ~peer_watch() = default;
};

}  // namespace son1k::net
