#include "api/analytics/time_range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/clock.hpp"

namespace son1k::api {
namespace {

constexpr std::int64_t days_usual = 30;
constexpr std::array<std::int64_t, 3> days_known{7, 30, 90};

// The smallest id of that millisecond (RFC 9562 §5.7).
std::string smallest_id(std::int64_t ms) {
  const auto at = static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0));
  return fmt::format("{:08x}-{:04x}-0000-0000-000000000000", at >> 16, at & 0xffff);
}

error wrong(std::string field, text why) {
  return {errc::validation, std::move(field), std::move(why)};
}

result<std::int64_t> read_time(const std::string& given, std::string field) {
  if (const auto ms = parse_iso_time(given)) return *ms;
  return wrong(std::move(field), {"must be a time such as 2026-11-23 or 2026-11-23T12:00:00Z",
                                  "debe ser un momento como 2026-11-23 o 2026-11-23T12:00:00Z"});
}

result<time_range> read_bounds(const std::optional<std::string>& from,
                               const std::optional<std::string>& to, std::int64_t now_ms) {
  time_range out{0, now_ms + 1};
  if (to) {
    auto end = read_time(*to, "to");
    if (!end) return end.error();
    out.to_ms = *end;
  }
  out.from_ms = out.to_ms - days_usual * day_ms;
  if (from) {
    auto begin = read_time(*from, "from");
    if (!begin) return begin.error();
    out.from_ms = *begin;
  }
  if (out.from_ms >= out.to_ms)
    return wrong("to", {"must be later than from", "debe ser posterior a from"});
  if (out.to_ms - out.from_ms > analytics_days_max * day_ms)
    return wrong("from",
                 {"must be at most 92 days before to", "debe estar a 92 días o menos de to"});
  return out;
}

}  // namespace

std::string time_range::first_id(std::int64_t slack_ms) const {
  return smallest_id(from_ms - slack_ms);
}

std::string time_range::end_id(std::int64_t slack_ms) const {
  return smallest_id(to_ms + slack_ms);
}

result<time_range> read_range(parameters& in, std::int64_t now_ms) {
  const auto days = in.integer("days", 1, days_known.back());
  const auto from = in.text("from");
  const auto to = in.text("to");
  if (auto ok = in.finish(); !ok) return ok.error();
  if (days && (from || to))
    return wrong("days", {"stands alone: days, or from and to", "va solo: days, o from y to"});
  if (from || to) return read_bounds(from, to, now_ms);
  const auto count = days.value_or(days_usual);
  if (std::find(days_known.begin(), days_known.end(), count) == days_known.end())
    return wrong("days", {"must be 7, 30 or 90", "debe ser 7, 30 o 90"});
  return time_range{now_ms + 1 - count * day_ms, now_ms + 1};
}

boost::json::object to_json(const time_range& range) {
  return {{"from", iso_time(range.from_ms).chars}, {"to", iso_time(range.to_ms).chars}};
}

std::string day_text(std::int64_t day) {
  return std::string(iso_time(day * day_ms).chars, 10);
}

}  // namespace son1k::api
