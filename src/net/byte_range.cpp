#include "net/byte_range.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "net/field_text.hpp"

namespace son1k::net {
namespace {

using days = std::chrono::days;

constexpr std::array<std::string_view, 7> weekdays = {"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Decimal digits, saturated: a position past 2^64 is past every file.
std::uint64_t to_position(std::string_view text) {
  std::uint64_t out = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  return parsed.ec == std::errc::result_out_of_range ? UINT64_MAX : out;
}

std::string_view without_weak_mark(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  return etag;
}

}  // namespace

range_choice choose_range(std::string_view field, std::uint64_t size) {
  const range_choice whole{range_kind::whole, 0, size};
  const range_choice none{range_kind::unsatisfiable, 0, 0};
  field = trim(field);
  const auto equals = field.find('=');
  if (field.empty()) return whole;
  if (equals == std::string_view::npos) return none;
  auto unit = field.substr(0, equals);
  if (unit.size() != 5 || (unit != "bytes" && unit != "Bytes" && unit != "BYTES")) return whole;
  const auto spec = trim(field.substr(equals + 1));
  if (spec.find(',') != std::string_view::npos) return whole;
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos) return none;
  const auto first_text = spec.substr(0, dash);
  const auto last_text = spec.substr(dash + 1);
  if (first_text.empty()) {
    if (!is_digits(last_text)) return none;
    const auto length = std::min(to_position(last_text), size);
    if (length == 0) return none;
    return {range_kind::part, size - length, length};
  }
  if (!is_digits(first_text) || (!last_text.empty() && !is_digits(last_text))) return none;
  const auto first = to_position(first_text);
  if (first >= size) return none;
  const auto last = last_text.empty() ? size - 1 : std::min(to_position(last_text), size - 1);
  if (last < first) return none;
  return {range_kind::part, first, last - first + 1};
}

bool etag_matches(std::string_view list, std::string_view etag) {
  const auto wanted = without_weak_mark(etag);
  while (!list.empty()) {
    list = trim(list);
    if (list.starts_with('*')) return true;
    const auto open = list.find('"');
    if (open == std::string_view::npos) return false;
    const auto close = list.find('"', open + 1);
    if (close == std::string_view::npos) return false;
    if (list.substr(open, close - open + 1) == wanted) return true;
    list.remove_prefix(close + 1);
    if (list.starts_with(',')) list.remove_prefix(1);
  }
  return false;
}

bool if_range_holds(std::string_view field, std::string_view etag, std::int64_t modified_s) {
  field = trim(field);
  if (field.starts_with('"')) return field == etag;
  if (field.starts_with("W/")) return false;
  const auto date = parse_http_date(field);
  return date && *date == modified_s;
}

std::string http_date(std::int64_t epoch_s) {
  const auto time = std::chrono::sys_seconds(std::chrono::seconds(epoch_s));
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const auto weekday = weekdays[std::chrono::weekday(day).c_encoding()];
  const auto month = months[static_cast<unsigned>(date.month()) - 1];
  std::array<char, 64> out{};
  const int length = std::snprintf(
      out.data(), out.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT", weekday.data(),
      static_cast<unsigned>(date.day()), month.data(), static_cast<int>(date.year()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return {out.data(), static_cast<std::size_t>(length)};
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  if (text.size() != 29) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t count) {
    const auto part = text.substr(at, count);
    return is_digits(part) ? static_cast<int>(to_position(part)) : -1;
  };
  const auto name = std::find(months.begin(), months.end(), text.substr(8, 3));
  const int day = number(5, 2);
  const int year = number(12, 4);
  const int hour = number(17, 2);
  const int minute = number(20, 2);
  const int second = number(23, 2);
  if (name == months.end() || day < 1 || year < 0 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(
      std::chrono::year(year), std::chrono::month(static_cast<unsigned>(name - months.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  const auto time = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                    std::chrono::minutes(minute) + std::chrono::seconds(second);
  const auto epoch_s = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  // The weekday and the separators are checked by writing the date again.
  if (second < 60 && http_date(epoch_s) != text) return std::nullopt;
  return epoch_s;
}

}  // namespace son1k::net
