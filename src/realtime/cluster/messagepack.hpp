// MessagePack as the servers of Socket.IO exchange it, between bytes and JSON values. Bytes stand
// in a value as {"_placeholder":true,"num":i} and apart from it as attachment i.
//
// What is read came from outside: depth, counts and sizes are bounded before anything is built.
// Pure functions.
#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace son1k::realtime {

struct packed_value {
  boost::json::value value;
  std::vector<std::string> attachments;
};

inline constexpr std::size_t packed_depth_max = 64;
inline constexpr std::size_t packed_values_max = 1'000'000;
inline constexpr std::size_t packed_attachments_max = 256;

// Exactly one value. Nothing: it is none, or beyond a bound. Times become the text that
// JSON.stringify makes of them, `undefined` and unknown extensions null; bytes that are not UTF-8
// in a text become question marks.
std::optional<packed_value> read_messagepack(std::string_view bytes);

// Appends `value`; a placeholder that names one of `attachments` is written as those bytes.
void append_messagepack(std::string& out, const boost::json::value& value,
                        std::span<const std::string> attachments = {});
// The heads of what is written piece by piece.
void append_messagepack_object(std::string& out, std::size_t members);
void append_messagepack_array(std::string& out, std::size_t items);
void append_messagepack_text(std::string& out, std::string_view text);
void append_messagepack_number(std::string& out, std::int64_t number);

// The number in {"_placeholder":true,"num":i}; nothing for any other value.
std::optional<std::size_t> placeholder_of(const boost::json::value& value);
boost::json::value make_placeholder(std::size_t number);

}  // namespace son1k::realtime
