// A reply of Redis as a value (RESP2): nil, integer, text (bytes), status, error or array. Moves
// are cheap; the views that it hands out live as long as the value. Not thread-safe.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace son1k::net {

enum class redis_type : std::uint8_t { nil, integer, text, status, error, array };

class redis_value {
 public:
  redis_value() = default;  // nil
  explicit redis_value(std::int64_t number) : type_(redis_type::integer), data_(number) {}
  explicit redis_value(std::string bytes, redis_type type = redis_type::text)
      : type_(type), data_(std::move(bytes)) {}
  explicit redis_value(std::vector<redis_value> items)
      : type_(redis_type::array), data_(std::move(items)) {}

  redis_type type() const { return type_; }
  bool is_nil() const { return type_ == redis_type::nil; }
  bool is_error() const { return type_ == redis_type::error; }
  bool is_array() const { return type_ == redis_type::array; }

  // The bytes of a text, status or error; empty for any other type.
  std::string_view bytes() const {
    const auto* held = std::get_if<std::string>(&data_);
    return held != nullptr ? std::string_view(*held) : std::string_view();
  }
  std::string take_bytes() {
    auto* held = std::get_if<std::string>(&data_);
    return held != nullptr ? std::move(*held) : std::string();
  }
  // An integer, or a text that is one; nothing otherwise.
  std::optional<std::int64_t> number() const;
  std::int64_t number_or(std::int64_t otherwise) const { return number().value_or(otherwise); }

  // Elements of an array; any other type has none.
  std::size_t size() const { return items().size(); }
  const std::vector<redis_value>& items() const;
  std::vector<redis_value> take_items();
  // Element i; nil beyond the end.
  const redis_value& operator[](std::size_t i) const;
  // The value after `name` in a flat list of pairs, as HGETALL replies; nil where it is absent.
  const redis_value& at(std::string_view name) const;

 private:
  friend class redis_reply_reader;
  redis_type type_ = redis_type::nil;
  std::variant<std::int64_t, std::string, std::vector<redis_value>> data_ = std::int64_t{0};
};

}  // namespace son1k::net
