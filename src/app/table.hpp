// Tables and labelled values for people, on standard output; colours on a terminal only. One
// thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace son1k::app {

class table {
 public:
  explicit table(std::vector<text> headings);
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  // Columns as wide as their widest cell; cells are cut at cell_points_max.
  void print() const;

 private:
  std::vector<text> headings_;
  std::vector<std::vector<std::string>> rows_;
};
inline constexpr std::size_t cell_points_max = 60;

// "label   value", the labels aligned by the caller's list.
void print_facts(const std::vector<std::pair<text, std::string>>& facts);

// True where standard output is a terminal and NO_COLOR is not set.
bool shows_colours();
// "1.5 s", "3 min", "2 d" of milliseconds.
std::string short_time(std::int64_t ms);
// Milliseconds of "250", "250ms", "5s", "10m", "2h", "7d"; the field is the flag's name.
result<std::int64_t> parse_duration(const std::string& field, std::string_view given);

// Asks on a terminal whether to go on; true elsewhere and with `yes`.
bool confirmed(bool yes, const text& question);

}  // namespace son1k::app
