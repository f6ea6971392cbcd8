#include "accounts/tiers/tier_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace son1k::accounts {
namespace {

constexpr std::array<std::string_view, 3> quality_names{"standard", "premium", "ultra"};

struct number_row {
  std::string_view name;
  std::int64_t tier::*place;
  std::int64_t max;
};
constexpr std::array<number_row, 4> numbers{{
    {"requests", &tier::requests_per_minute, 1'000'000},
    {"month", &tier::month, 999'999'999},
    {"day", &tier::day, 999'999'999},
    {"longest", &tier::longest_seconds, 86'400},
}};
// Of the queue: see docs/queue.md.
constexpr std::int64_t priority_max = 2'097'151;

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

// Takes what stands before the next `sign` off the front.
std::string_view next_part(std::string_view& rest, char sign) {
  const auto at = rest.find(sign);
  const auto part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return trimmed(part);
}

std::optional<std::int64_t> whole(std::string_view v, std::int64_t max) {
  std::int64_t n = -1;
  const auto read = std::from_chars(v.data(), v.data() + v.size(), n);
  const bool good = read.ec == std::errc() && read.ptr == v.data() + v.size();
  return good && n >= 0 && n <= max ? std::optional(n) : std::nullopt;
}

error wrong(std::string en, std::string es) {
  return {errc::validation, "tiers", text(std::move(en), std::move(es))};
}

error wrong_number(const tier& of, std::string_view word, std::int64_t max) {
  return wrong(fmt::format("{}: {} must be a whole number from 0 to {}", of.name, word, max),
               fmt::format("{}: {} debe ser un número entero de 0 a {}", of.name, word, max));
}

result<void> read_qualities(tier& to, std::string_view names) {
  std::vector<std::string> out;
  while (!names.empty()) {
    const auto name = next_part(names, '+');
    if (std::ranges::find(quality_names, name) == quality_names.end()) {
      const auto known = fmt::format("{}", fmt::join(quality_names, ", "));
      return wrong(fmt::format("{}: qualities must be of: {}", to.name, known),
                   fmt::format("{}: qualities debe tener de: {}", to.name, known));
    }
    out.emplace_back(name);
  }
  if (out.empty()) {
    return wrong(to.name + ": qualities must name at least one",
                 to.name + ": qualities debe nombrar al menos una");
  }
  to.qualities = std::move(out);
  return {};
}

result<void> read_word(tier& to, std::string_view word) {
  auto value = word;
  const auto name = next_part(value, '=');
  value = trimmed(value);
  if (name == "qualities") return read_qualities(to, value);
  if (name == "priority") {
    const auto n = whole(value, priority_max);
    if (!n) return wrong_number(to, name, priority_max);
    to.priority = static_cast<std::int32_t>(*n);
    return {};
  }
  const auto row = std::ranges::find(numbers, name, &number_row::name);
  if (row == numbers.end()) {
    constexpr std::string_view known = "requests, month, day, longest, qualities, priority";
    return wrong(fmt::format("{}: \"{}\" is none of: {}", to.name, name, known),
                 fmt::format("{}: «{}» no es ninguno de: {}", to.name, name, known));
  }
  const auto n = whole(value, row->max);
  if (!n) return wrong_number(to, name, row->max);
  to.*(row->place) = *n;
  return {};
}

std::vector<tier> defaults() {
  return {
      {"FREE", 10, 5, 2, 60, {"standard"}, 20},
      {"PRO", 50, 50, 10, 120, {"standard", "premium"}, 10},
      {"PREMIUM", 200, 200, 25, 300, {"standard", "premium"}, 5},
      {"ENTERPRISE", 1'000, 1'000, 100, 600, {"standard", "premium", "ultra"}, 1},
      {std::string(system_tier), 0, 999'999'999, 0, 0, {"standard", "premium", "ultra"}, 0},
  };
}

}  // namespace

bool tier::allows(std::string_view quality) const {
  return std::ranges::find(qualities, quality) != qualities.end();
}

tier_table::tier_table() : tiers_(defaults()) {}

result<tier_table> tier_table::parse(std::string_view changes) {
  tier_table out;
  while (!changes.empty()) {
    auto words = next_part(changes, ';');
    if (words.empty()) continue;
    const auto name = next_part(words, ':');
    const auto at = std::ranges::find(out.tiers_, name, &tier::name);
    if (at == out.tiers_.end() || name == system_tier) {
      constexpr std::string_view known = "FREE, PRO, PREMIUM, ENTERPRISE";
      return wrong(fmt::format("\"{}\" is none of: {}", name, known),
                   fmt::format("«{}» no es ninguno de: {}", name, known));
    }
    while (!words.empty()) {
      const auto word = next_part(words, ',');
      if (word.empty()) continue;
      if (auto ok = read_word(*at, word); !ok) return ok.error();
    }
  }
  return out;
}

const tier* tier_table::find(std::string_view name) const {
  const auto at = std::ranges::find(tiers_, name, &tier::name);
  return at == tiers_.end() ? nullptr : &*at;
}

const tier& tier_table::of(std::string_view name) const {
  const auto* known = find(name);
  return known != nullptr ? *known : tiers_.front();
}

}  // namespace son1k::accounts
