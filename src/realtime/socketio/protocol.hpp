// What one client says over one connection, without a socket and without a clock: messages of the
// engine in, whole packets that are allowed where they come out; or the reason to close.
//
// One to a connection, used by its thread.
#pragma once
#include <boost/json/value.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "realtime/socketio/packet.hpp"

namespace son1k::realtime {

struct sio_step {
  enum class kind : std::uint8_t {
    nothing,     // more must come
    connect,     // answer with accepted() or left()
    disconnect,  // the client left the namespace
    event,       // data: the list with the name
    ack,
    broken,  // close the connection; nothing may be given any more
  };
  kind what = kind::nothing;
  std::string space;
  std::optional<std::uint64_t> ack_id;
  boost::json::value data;
  std::vector<std::string> attachments;
  const char* why = "";  // of broken, for logs
};

class sio_protocol {
 public:
  // More namespaces, or more bytes of attachments in a packet, break it.
  explicit sio_protocol(std::size_t spaces_max = 16, std::size_t attachment_bytes_max = 8u << 20)
      : spaces_max_(spaces_max), bytes_max_(attachment_bytes_max) {}

  sio_step on_text(std::string_view message);
  sio_step on_binary(std::string_view bytes);

  // The CONNECT of this namespace was answered.
  void accepted(std::string_view space);
  // It was refused, or the server took the socket out of the namespace.
  void left(std::string_view space);

  // What it holds of a packet that is not whole.
  std::size_t held() const { return gathered_ ? gathered_->bytes : 0; }

 private:
  struct joined {
    std::string space;
    bool accepted = false;
  };
  struct gathering {
    sio_packet packet;
    std::vector<std::string> attachments;
    std::size_t bytes = 0;
  };
  joined* find(std::string_view space);
  sio_step whole(sio_packet packet, std::vector<std::string> attachments);
  sio_step connect(sio_packet packet);
  sio_step broken(const char* why);

  const std::size_t spaces_max_;
  const std::size_t bytes_max_;
  std::vector<joined> spaces_;
  std::unique_ptr<gathering> gathered_;
  bool broken_ = false;
};

}  // namespace son1k::realtime
