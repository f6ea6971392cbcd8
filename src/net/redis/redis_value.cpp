#include "net/redis/redis_value.hpp"

#include <charconv>

namespace son1k::net {
namespace {

const redis_value nothing;
const std::vector<redis_value> no_items;

}  // namespace

std::optional<std::int64_t> redis_value::number() const {
  if (type_ == redis_type::integer) return std::get<std::int64_t>(data_);
  const auto digits = bytes();
  std::int64_t n = 0;
  const auto* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, n);
  if (digits.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return n;
}

const std::vector<redis_value>& redis_value::items() const {
  const auto* held = std::get_if<std::vector<redis_value>>(&data_);
  return held != nullptr ? *held : no_items;
}

std::vector<redis_value> redis_value::take_items() {
  auto* held = std::get_if<std::vector<redis_value>>(&data_);
  return held != nullptr ? std::move(*held) : std::vector<redis_value>();
}

const redis_value& redis_value::operator[](std::size_t i) const {
  const auto& all = items();
  return i < all.size() ? all[i] : nothing;
}

const redis_value& redis_value::at(std::string_view name) const {
  const auto& all = items();
  for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
    if (all[i].bytes() == name) return all[i + 1];
  }
  return nothing;
}

}  // namespace son1k::net
