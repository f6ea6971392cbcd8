// Frames of RFC 6455 as a server sees them, without a socket: bytes in, whole messages and control
// frames out; and the other way round.
//
// A reader belongs to one connection and is used by one thread at a time.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace son1k::realtime {

enum class ws_opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

// Why a connection is closed (RFC 6455 section 7.4.1).
namespace ws_code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t none_given = 1005;  // never on the wire
inline constexpr std::uint16_t not_utf8 = 1007;
inline constexpr std::uint16_t too_big = 1009;
}  // namespace ws_code

// A whole message (text, binary) or a control frame.
struct ws_item {
  ws_opcode what = ws_opcode::text;
  std::string_view payload;  // of a close: its reason
  std::uint16_t code = 0;    // of a close: what it gave, or none_given
};

class ws_reader {
 public:
  explicit ws_reader(std::size_t message_bytes_max = 1'000'000) : most_(message_bytes_max) {}

  // One of: an item, whose payload is valid until the next call and while the bytes that were given
  // are; the code to close with, after which the reader must not be used; neither: more is needed.
  struct outcome {
    std::optional<ws_item> item;
    std::uint16_t broken = 0;
    const char* why = "";  // for logs
  };
  // Takes what it can from the front of `bytes`, which it unmasks in place.
  outcome next(std::span<char>& bytes);

  // What it holds of a message that is not whole.
  std::size_t held() const { return message_.size(); }

 private:
  struct fault {
    std::uint16_t code = 0;
    const char* why = "";
  };
  std::size_t header_wanted() const;
  bool take_header(std::span<char>& bytes);
  fault check_header();
  outcome take_payload(std::span<char>& bytes);
  outcome end_of_frame(std::string_view whole);
  static outcome close_of(std::string_view payload);
  static outcome broken(fault f) { return {std::nullopt, f.code, f.why}; }
  bool control() const { return (opcode_ & 8) != 0; }

  const std::size_t most_;

  std::array<unsigned char, 14> header_{};  // as far as it has come
  std::size_t header_bytes_ = 0;
  bool in_frame_ = false;
  bool fin_ = false;
  std::uint8_t opcode_ = 0;
  std::array<char, 4> mask_{};
  std::size_t masked_ = 0;  // payload bytes of this frame that were unmasked
  std::uint64_t left_ = 0;  // payload bytes of this frame that are to come

  std::optional<ws_opcode> open_;  // the kind of the message that is being gathered
  std::string message_;
  std::array<char, 125> control_{};
  std::size_t control_bytes_ = 0;
  std::string told_;  // the message of the last outcome
};

// An unmasked frame with FIN set, appended to `out`.
void append_frame(std::string& out, ws_opcode what, std::string_view payload);
// Its header alone, for a payload that is written from elsewhere.
void append_frame_header(std::string& out, ws_opcode what, std::uint64_t payload_bytes);
// `reason` is cut to what fits, at a whole code point.
void append_close(std::string& out, std::uint16_t code, std::string_view reason);

}  // namespace son1k::realtime
