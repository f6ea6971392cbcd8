#include "app/table.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "app/command_line.hpp"
#include "base/utf8.hpp"

namespace son1k::app {
namespace {

std::size_t width_of(const std::string& cell) {
  return count_code_points(cell).value_or(cell.size());
}

// One line, cut at a character's boundary; what a terminal would act on is shown as a space.
std::string shown(std::string cell) {
  for (auto& c : cell) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (width_of(cell) <= cell_points_max) return cell;
  std::size_t points = 0;
  std::size_t end = 0;
  while (end < cell.size() && points < cell_points_max) {
    ++end;
    while (end < cell.size() && (static_cast<unsigned char>(cell[end]) & 0xc0) == 0x80) ++end;
    ++points;
  }
  return cell.substr(0, end) + "…";
}

struct colour_row {
  std::string_view word;
  const char* code;
};
constexpr colour_row colours[] = {
    {"completed", "\033[32m"}, {"failed", "\033[31m"},   {"active", "\033[36m"},
    {"cancelled", "\033[35m"}, {"stalled", "\033[31m"},  {"paused", "\033[33m"},
    {"delayed", "\033[33m"},   {"draining", "\033[33m"},
};

std::string coloured(const std::string& cell, bool colour) {
  if (!colour) return cell;
  for (const auto& row : colours) {
    if (cell == row.word) return row.code + cell + "\033[0m";
  }
  return cell;
}

}  // namespace

bool shows_colours() {
  const char* no = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (no == nullptr || *no == '\0');
}

table::table(std::vector<text> headings) : headings_(std::move(headings)) {}

void table::add(std::vector<std::string> cells) {
  for (auto& cell : cells) cell = shown(std::move(cell));
  cells.resize(headings_.size());
  rows_.push_back(std::move(cells));
}

void table::print() const {
  const bool colour = shows_colours();
  std::vector<std::size_t> widths;
  for (std::size_t n = 0; n < headings_.size(); ++n) {
    std::size_t widest = width_of(say(headings_[n]));
    for (const auto& row : rows_) widest = std::max(widest, width_of(row[n]));
    widths.push_back(widest);
  }
  const auto line = [&](const std::vector<std::string>& cells, bool heading) {
    std::string out;
    for (std::size_t n = 0; n < cells.size(); ++n) {
      out += heading ? cells[n] : coloured(cells[n], colour);
      if (n + 1 < cells.size()) out.append(widths[n] - width_of(cells[n]) + 2, ' ');
    }
    const bool bold = heading && colour;
    fmt::print("{}{}{}\n", bold ? "\033[1m" : "", out, bold ? "\033[0m" : "");
  };
  std::vector<std::string> names;
  for (const auto& one : headings_) names.push_back(say(one));
  line(names, true);
  for (const auto& row : rows_) line(row, false);
  std::fflush(stdout);
}

void print_facts(const std::vector<std::pair<text, std::string>>& facts) {
  const bool colour = shows_colours();
  std::size_t widest = 0;
  for (const auto& [label, value] : facts) widest = std::max(widest, width_of(say(label)));
  for (const auto& [label, value] : facts) {
    const auto& name = say(label);
    fmt::print("{}{}  {}\n", name, std::string(widest - width_of(name), ' '),
               coloured(value, colour));
  }
  std::fflush(stdout);
}

std::string short_time(std::int64_t ms) {
  if (ms < 1'000) return fmt::format("{} ms", ms);
  if (ms < 120'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1e3);
  if (ms < 7'200'000) return fmt::format("{} min", ms / 60'000);
  if (ms < 172'800'000) return fmt::format("{} h", ms / 3'600'000);
  return fmt::format("{} d", ms / 86'400'000);
}

result<std::int64_t> parse_duration(const std::string& field, std::string_view given) {
  struct unit {
    std::string_view name;
    std::int64_t ms;
  };
  static constexpr unit units[] = {{"", 1},           {"ms", 1},         {"s", 1'000},
                                   {"m", 60'000},     {"min", 60'000},   {"h", 3'600'000},
                                   {"d", 86'400'000}, {"w", 604'800'000}};
  constexpr std::int64_t most = 9'000'000'000;
  std::int64_t n = 0;
  const auto end = given.data() + given.size();
  const auto read = std::from_chars(given.data(), end, n);
  const std::string_view name(read.ptr, static_cast<std::size_t>(end - read.ptr));
  for (const auto& one : units) {
    if (read.ec == std::errc() && name == one.name && n >= -most && n <= most) return n * one.ms;
  }
  return error(errc::validation, field,
               text("must be a time such as 250ms, 5s, 10m, 2h or 7d",
                    "debe ser un tiempo como 250ms, 5s, 10m, 2h o 7d"));
}

bool confirmed(bool yes, const text& question) {
  if (yes || ::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) return true;
  fmt::print(stderr, "{} [{}/N] ", say(question), spanish_terminal() ? "s" : "y");
  std::fflush(stderr);
  char answer[16] = {};
  if (std::fgets(answer, sizeof answer, stdin) == nullptr) return false;
  const char first = answer[0];
  return first == 'y' || first == 'Y' || first == 's' || first == 'S';
}

}  // namespace son1k::app
