#include "realtime/cluster/messagepack.hpp"

#include <bit>
#include <boost/json/value_stack.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/utf8.hpp"

namespace son1k::realtime {
namespace json = boost::json;
namespace {

constexpr std::int64_t last_ms = 253'402'300'799'999;  // of the year 9999

std::uint64_t number_at(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t size) {
  std::uint64_t out = 0;
  for (std::size_t n = 0; n < size; ++n) out = out << 8 | bytes[at + n];
  return out;
}

// The milliseconds of an extension that is a time: MessagePack's own (-1), or notepack's (0).
std::optional<std::int64_t> time_of(std::int8_t type, std::span<const std::uint8_t> bytes) {
  if (type == 0 && bytes.size() == 8) return static_cast<std::int64_t>(number_at(bytes, 0, 8));
  if (type != -1) return std::nullopt;
  std::uint64_t seconds = 0, nanos = 0;
  if (bytes.size() == 4) {
    seconds = number_at(bytes, 0, 4);
  } else if (bytes.size() == 8) {
    const auto both = number_at(bytes, 0, 8);
    nanos = both >> 34;
    seconds = both & 0x3'ffff'ffff;
  } else if (bytes.size() == 12) {
    nanos = number_at(bytes, 0, 4);
    seconds = number_at(bytes, 4, 8);
  } else {
    return std::nullopt;
  }
  if (seconds > static_cast<std::uint64_t>(last_ms) / 1'000) return std::nullopt;
  return static_cast<std::int64_t>(seconds * 1'000 + nanos / 1'000'000);
}

// Called by the reader for each part; false ends the reading.
class value_builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  value_builder() { stack_.reset(); }
  bool null() override { return count() && (stack_.push_null(), true); }
  bool boolean(bool b) override { return count() && (stack_.push_bool(b), true); }
  bool number_integer(std::int64_t n) override { return count() && (stack_.push_int64(n), true); }
  bool number_unsigned(std::uint64_t n) override {
    if (!count()) return false;
    if (std::in_range<std::int64_t>(n))
      stack_.push_int64(static_cast<std::int64_t>(n));
    else
      stack_.push_uint64(n);
    return true;
  }
  bool number_float(double d, const std::string&) override {
    if (!count()) return false;
    if (std::isfinite(d))
      stack_.push_double(d);
    else
      stack_.push_null();  // as JSON.stringify does
    return true;
  }
  bool string(std::string& text) override {
    if (!count()) return false;
    readable(text);
    stack_.push_string(text);
    return true;
  }
  bool binary(binary_t& bytes) override {
    if (!count()) return false;
    if (bytes.has_subtype()) {
      push_extension(static_cast<std::int8_t>(static_cast<std::uint8_t>(bytes.subtype())), bytes);
      return true;
    }
    if (attachments_.size() == packed_attachments_max) return false;
    stack_.push_key("_placeholder");
    stack_.push_bool(true);
    stack_.push_key("num");
    stack_.push_int64(static_cast<std::int64_t>(attachments_.size()));
    stack_.push_object(2);
    attachments_.emplace_back(bytes.begin(), bytes.end());
    return true;
  }
  bool start_object(std::size_t) override { return open(true); }
  bool key(std::string& name) override {
    ++open_.back().size;
    readable(name);
    stack_.push_key(name);
    return true;
  }
  bool end_object() override {
    stack_.push_object(open_.back().size);
    open_.pop_back();
    return true;
  }
  bool start_array(std::size_t) override { return open(false); }
  bool end_array() override {
    stack_.push_array(open_.back().size);
    open_.pop_back();
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }
  packed_value release() { return {stack_.release(), std::move(attachments_)}; }

 private:
  // Members of an object are counted by their names, items of an array here.
  bool count() {
    if (++values_ > packed_values_max) return false;
    if (!open_.empty() && !open_.back().object) ++open_.back().size;
    return true;
  }
  bool open(bool object) {
    if (!count() || open_.size() == packed_depth_max) return false;
    open_.push_back({object, 0});
    return true;
  }
  void push_extension(std::int8_t type, std::span<const std::uint8_t> bytes) {
    const auto ms = time_of(type, bytes);
    if (ms && *ms >= 0 && *ms <= last_ms)
      stack_.push_string(iso_time(*ms).chars);
    else
      stack_.push_null();
  }
  static void readable(std::string& text) {
    if (!count_code_points(text)) keep_readable(text);
  }

  json::value_stack stack_;
  struct opened {
    bool object = false;
    std::size_t size = 0;
  };
  std::vector<opened> open_;
  std::vector<std::string> attachments_;
  std::size_t values_ = 0;
};

void append_big_endian(std::string& out, std::uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(number >> shift & 0xff));
}

// The head of what has a size: one byte with the size in it where it is below `small`, else the
// first of the marks (for 8, 16 and 32 bits; 0: there is none) whose width holds it.
struct head_marks {
  std::uint8_t base;
  std::size_t small;
  std::uint8_t mark[3];
};
void append_head(std::string& out, const head_marks& marks, std::size_t size) {
  if (size < marks.small) {
    out.push_back(static_cast<char>(marks.base | size));
    return;
  }
  const int width = size <= 0xff && marks.mark[0] != 0 ? 0 : size <= 0xffff ? 1 : 2;
  out.push_back(static_cast<char>(marks.mark[width]));
  append_big_endian(out, size, 1 << width);
}

constexpr head_marks text_marks{0xa0, 32, {0xd9, 0xda, 0xdb}};
constexpr head_marks bytes_marks{0, 0, {0xc4, 0xc5, 0xc6}};
constexpr head_marks array_marks{0x90, 16, {0, 0xdc, 0xdd}};
constexpr head_marks object_marks{0x80, 16, {0, 0xde, 0xdf}};

}  // namespace

std::optional<packed_value> read_messagepack(std::string_view bytes) {
  value_builder built;
  const bool whole = nlohmann::json::sax_parse(bytes.begin(), bytes.end(), &built,
                                               nlohmann::json::input_format_t::msgpack);
  if (!whole) return std::nullopt;
  return built.release();
}

void append_messagepack_object(std::string& out, std::size_t members) {
  append_head(out, object_marks, members);
}
void append_messagepack_array(std::string& out, std::size_t items) {
  append_head(out, array_marks, items);
}
void append_messagepack_text(std::string& out, std::string_view text) {
  append_head(out, text_marks, text.size());
  out.append(text);
}

void append_messagepack_number(std::string& out, std::int64_t number) {
  if (number >= -32 && number < 128) {
    out.push_back(static_cast<char>(number));
  } else if (std::in_range<std::int32_t>(number)) {
    out.push_back(static_cast<char>(0xd2));
    append_big_endian(out, static_cast<std::uint64_t>(number), 4);
  } else {
    out.push_back(static_cast<char>(0xd3));
    append_big_endian(out, static_cast<std::uint64_t>(number), 8);
  }
}

std::optional<std::size_t> placeholder_of(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr || object->size() != 2) return std::nullopt;
  const auto* mark = object->if_contains("_placeholder");
  const auto* number = object->if_contains("num");
  if (mark == nullptr || number == nullptr || *mark != true) return std::nullopt;
  const auto* num = number->if_int64();
  if (num == nullptr || *num < 0) return std::nullopt;
  return static_cast<std::size_t>(*num);
}

json::value make_placeholder(std::size_t number) {
  return json::object{{"_placeholder", true}, {"num", static_cast<std::int64_t>(number)}};
}

void append_messagepack(std::string& out, const json::value& value,
                        std::span<const std::string> attachments) {
  switch (value.kind()) {
    case json::kind::null:
      out.push_back(static_cast<char>(0xc0));
      return;
    case json::kind::bool_:
      out.push_back(static_cast<char>(value.get_bool() ? 0xc3 : 0xc2));
      return;
    case json::kind::int64:
      return append_messagepack_number(out, value.get_int64());
    case json::kind::uint64:
      out.push_back(static_cast<char>(0xcf));
      return append_big_endian(out, value.get_uint64(), 8);
    case json::kind::double_:
      out.push_back(static_cast<char>(0xcb));
      return append_big_endian(out, std::bit_cast<std::uint64_t>(value.get_double()), 8);
    case json::kind::string:
      return append_messagepack_text(out, value.get_string());
    case json::kind::array:
      append_messagepack_array(out, value.get_array().size());
      for (const auto& item : value.get_array()) append_messagepack(out, item, attachments);
      return;
    case json::kind::object:
      break;
  }
  if (const auto number = placeholder_of(value); number && *number < attachments.size()) {
    append_head(out, bytes_marks, attachments[*number].size());
    out.append(attachments[*number]);
    return;
  }
  append_messagepack_object(out, value.get_object().size());
  for (const auto& [name, member] : value.get_object()) {
    append_messagepack_text(out, name);
    append_messagepack(out, member, attachments);
  }
}

}  // namespace son1k::realtime
