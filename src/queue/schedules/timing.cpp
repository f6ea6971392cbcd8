#include "queue/schedules/timing.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace son1k::queue {
namespace {

// Offsets and rules change a few times a year at most; this many changes are looked through.
constexpr int spans_max = 128;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

}  // namespace

result<timing> timing::by_cron(std::string_view pattern, std::string_view zone_name) {
  auto parsed = cron::parse(pattern);
  if (!parsed) return parsed.error();
  auto where = zone::find(zone_name);
  if (!where) return where.error();
  timing out;
  out.calendar_ = calendar{*parsed, *where};
  return out;
}

result<timing> timing::by_interval(std::int64_t every_ms, std::int64_t anchor_ms) {
  if (every_ms < every_ms_min || every_ms > every_ms_max) {
    const auto bounds = fmt::format("{}..{}", every_ms_min, every_ms_max);
    return error(errc::validation, "every",
                 text("must be milliseconds in " + bounds, "debe ser milisegundos en " + bounds));
  }
  timing out;
  out.every_ms_ = every_ms;
  out.anchor_ms_ = anchor_ms;
  return out;
}

std::optional<std::int64_t> timing::next(std::int64_t after_ms) const {
  after_ms = std::clamp<std::int64_t>(after_ms, 0, time_ms_max);
  std::optional<std::int64_t> found;
  if (calendar_) {
    const auto after = floor_div(after_ms, 1'000);
    found = calendar_->pattern.every_hour() ? next_by_real_time(after) : next_by_day(after);
    if (found) *found *= 1'000;
  } else {
    const auto turns = floor_div(after_ms - anchor_ms_, every_ms_) + 1;
    found = anchor_ms_ + turns * every_ms_;
  }
  if (found && *found >= time_ms_max) return std::nullopt;
  return found;
}

// Local times in their order have instants in their order, so the first match whose instant is
// later than `after` is the answer.
std::optional<std::int64_t> timing::next_by_day(std::int64_t after) const {
  const auto& [pattern, where] = *calendar_;
  auto local = after + where.at(after).offset;
  while (true) {
    const auto match = pattern.next_local(local);
    if (!match) return std::nullopt;
    const auto instant = where.when(*match);
    if (instant > after) return instant;
    local = *match + 1;
  }
}

std::optional<std::int64_t> timing::next_by_real_time(std::int64_t after) const {
  const auto& [pattern, where] = *calendar_;
  auto instant = after + 1;
  for (int spans = 0; spans < spans_max; ++spans) {
    const auto span = where.at(instant);
    const auto match = pattern.next_local(instant + span.offset);
    if (!match) return std::nullopt;
    if (*match - span.offset < span.end) return *match - span.offset;
    instant = span.end;
  }
  return std::nullopt;
}

std::vector<std::int64_t> timing::preview(std::int64_t after_ms, std::size_t count) const {
  std::vector<std::int64_t> out;
  while (out.size() < std::min(count, preview_max)) {
    const auto at = next(after_ms);
    if (!at) break;
    out.push_back(*at);
    after_ms = *at;
  }
  return out;
}

}  // namespace son1k::queue
