// What the wire formats of the cluster have in common: the parts of messages, read from values that
// came from outside and written as JSON or MessagePack. Pure functions and values.
#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "realtime/cluster/messagepack.hpp"
#include "realtime/socketio/cluster.hpp"

namespace son1k::realtime {

// Of a message on a channel. Answers that describe many sockets are the long ones.
inline constexpr std::size_t wire_bytes_max = 4'000'000;
inline constexpr std::size_t wire_rooms_max = 10'000;     // in one selection
inline constexpr std::size_t wire_sockets_max = 100'000;  // in one reply
inline constexpr std::size_t latest_key_bytes_max = 256;  // of a coalesced event

// An event that is no JSON.
inline error no_payload() {
  return {errc::validation, "event", {"is not JSON", "no es JSON"}};
}

// JSON as other servers write it: deeper and wider than clients may send.
std::optional<packed_value> read_wire_json(std::string_view text);
// JSON if it begins as an object, else MessagePack.
std::optional<packed_value> read_wire(std::string_view bytes);

// Members; null where the value is no object or lacks it.
const boost::json::value& member(const boost::json::value& of, std::string_view name);
std::string_view text_member(const boost::json::value& of, std::string_view name);
std::int64_t number_member(const boost::json::value& of, std::string_view name);

// Texts, and numbers as texts: in JavaScript a room may be a number. Nothing: no list of those.
std::optional<std::vector<std::string>> texts_of(const boost::json::value& list);
std::optional<room_selection> selection_of(const boost::json::value& opts);
io_flags flags_of(const boost::json::value& opts);

// `value` as the text of a payload, with the attachments that it names, numbered anew. They are
// taken out of `attachments`.
io_payload take_payload(const boost::json::value& value, std::vector<std::string>& attachments);
// A payload of which `value` is the only argument.
io_payload take_answer(const boost::json::value& value, std::vector<std::string>& attachments);
// An event: a list that begins with its name.
bool is_event(const boost::json::value& value);

// A copy in which null stands for each placeholder of one of so many attachments.
boost::json::value without_bytes(const boost::json::value& value, std::size_t attachments);
std::optional<std::vector<remote_socket>> sockets_of(const boost::json::value& list,
                                                     std::size_t attachments);

// Writes a message piece by piece, as JSON or as MessagePack. Each object and array says its size
// first and is closed by itself once it has that many.
class wire_writer {
 public:
  explicit wire_writer(bool packed) : packed_(packed) {}

  wire_writer& object(std::size_t members) { return open(members, true); }
  wire_writer& array(std::size_t items) { return open(items, false); }
  wire_writer& key(std::string_view name);
  wire_writer& text(std::string_view value);
  wire_writer& number(std::int64_t value);
  wire_writer& boolean(bool value);
  wire_writer& value(const boost::json::value& value);
  // The whole list of a payload, or its first element alone (null if it is empty).
  wire_writer& payload(const io_payload& payload);
  wire_writer& first_of(const io_payload& payload);
  wire_writer& texts(const std::vector<std::string>& list);
  // {rooms, except} or {rooms, except, flags}
  wire_writer& options(const room_selection& whom);
  wire_writer& options(const room_selection& whom, const io_flags& flags);
  wire_writer& sockets(const std::vector<remote_socket>& list);

  // Nothing: a payload was no JSON list.
  std::optional<std::string> take();

 private:
  struct opened {
    bool object = false;
    std::size_t left = 0;
  };
  wire_writer& open(std::size_t size, bool object);
  void begin_value();
  void end_value();

  const bool packed_;
  std::string out_;
  std::vector<opened> open_;
  bool first_ = true;  // nothing stands before the next value or key within what is open
  bool broken_ = false;
};

// validation: the payload is no list. Whether it is JSON is the caller's word: to parse each
// broadcast again would cost more than all the rest.
result<void> check_event(const io_payload& event);

}  // namespace son1k::realtime
