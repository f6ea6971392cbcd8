// Names that repeat in every job (queues, kinds) as small numbers. Bounded; never forgets.
// Not thread-safe: guarded by the lock of the embedded core, but the views stay good for ever.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace son1k::queue::embedded {

class name_table {
 public:
  explicit name_table(std::size_t max) : max_(std::min<std::size_t>(max, 65'535)) {}
  // Nothing: the bound is reached.
  std::optional<std::uint16_t> number_of(std::string_view name) {
    // Most calls are for the same name as the one before.
    if (last_ < names_.size() && names_[last_] == name) return last_;
    if (const auto known = numbers_.find(name); known != numbers_.end())
      return last_ = known->second;
    if (names_.size() >= max_) return std::nullopt;
    const auto number = static_cast<std::uint16_t>(names_.size());
    numbers_.emplace(names_.emplace_back(name), number);
    return number;
  }
  std::optional<std::uint16_t> find(std::string_view name) const {
    const auto known = numbers_.find(name);
    return known == numbers_.end() ? std::nullopt : std::optional(known->second);
  }
  const std::string& operator[](std::uint16_t number) const { return names_[number]; }
  std::size_t size() const { return names_.size(); }

 private:
  std::size_t max_;
  std::deque<std::string> names_;
  std::unordered_map<std::string_view, std::uint16_t> numbers_;
  std::uint16_t last_ = 0;  // asked for
};

}  // namespace son1k::queue::embedded
