#include "api/analytics/figures_json.hpp"

#include <numeric>

#include "base/clock.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

json::value share_of(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? json::value()
                    : json::value(static_cast<double>(part) / static_cast<double>(whole));
}

json::object plain(const piece_tally& t) {
  return {{"total", t.total},
          {"completed", t.completed},
          {"failed", t.failed},
          {"cancelled", t.cancelled},
          {"open", t.open},
          {"successRate", share_of(t.completed, t.completed + t.failed)},
          {"soundSeconds", static_cast<double>(t.sound_ms) / 1'000}};
}

json::value to_value(const spread& s) {
  if (s.count == 0) return {};
  return json::object{
      {"count", s.count}, {"min", s.least},
      {"max", s.most},    {"mean", static_cast<double>(s.sum) / static_cast<double>(s.count)},
      {"p50", s.p50},     {"p90", s.p90},
      {"p95", s.p95},     {"p99", s.p99}};
}

}  // namespace

json::object sum_of(std::span<const piece_tally> all) {
  piece_tally out;
  for (const auto& one : all) {
    out.total += one.total;
    out.completed += one.completed;
    out.failed += one.failed;
    out.cancelled += one.cancelled;
    out.open += one.open;
    out.sound_ms += one.sound_ms;
  }
  return plain(out);
}

json::array to_json(std::span<const piece_tally> all, std::string_view name) {
  json::array out;
  for (const auto& one : all) {
    auto row = plain(one);
    row[name] = one.of;
    out.emplace_back(std::move(row));
  }
  return out;
}

json::object to_json(const piece_spreads& of) {
  return {{"wait", to_value(of.wait)}, {"run", to_value(of.run)}, {"whole", to_value(of.whole)}};
}

json::array to_json(std::span<const piece_spreads> all, std::string_view name) {
  json::array out;
  for (const auto& one : all) {
    auto row = to_json(one);
    row[name] = one.of;
    out.emplace_back(std::move(row));
  }
  return out;
}

json::array to_json(std::span<const labelled_count> all, std::string_view name,
                    std::string_view count) {
  json::array out;
  for (const auto& one : all) out.push_back(json::object{{name, one.of}, {count, one.count}});
  return out;
}

json::array to_json(std::span<const key_use> all, bool with_account) {
  json::array out;
  for (const auto& one : all) {
    json::object row{{"id", one.key}, {"requests", one.requests}, {"revoked", one.ending.empty()}};
    if (!one.ending.empty()) {
      row["name"] = one.name;
      row["lastFour"] = one.ending;
    }
    if (one.used_at_ms != 0) row["lastUsedAt"] = iso_time(one.used_at_ms).chars;
    if (with_account) row["account"] = one.account;
    out.emplace_back(std::move(row));
  }
  return out;
}

std::int64_t total_of(std::span<const labelled_count> all) {
  return std::accumulate(all.begin(), all.end(), std::int64_t{0},
                         [](std::int64_t sum, const auto& one) { return sum + one.count; });
}

}  // namespace son1k::api
