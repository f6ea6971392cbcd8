#include "contract/analytics/analytics_place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "support/fresh_databases.hpp"

namespace son1k::api::test {
namespace {

using store::statement;
using store::transaction;

// As uuid_v7() makes them, at a time of the test's choice.
std::string id_of(std::int64_t ms, std::size_t number) {
  return fmt::format("{:08x}-{:04x}-7000-8000-{:012x}", ms >> 16, ms & 0xffff, number);
}

store::value time_or_null(std::int64_t ms) {
  return ms == 0 ? store::value() : store::value(ms);
}

result<void> insert_one(store::connection& c, const known_piece& p, std::size_t number) {
  static const statement insert(
      "insert into generation (id, owner, status, prompt, request, error_code, result, "
      "created_at_ms, started_at_ms, finished_at_ms) "
      "values ($1, $2, $3, 'a prompt', $4, $5, $6, $7, $8, $9)");
  const auto id = id_of(p.asked_ms, number);
  const auto request = fmt::format(R"({{"quality":"{}","style":"asked"}})", p.quality);
  const auto finished =
      fmt::format(R"({{"understood":{{"style":{{"value":"{}"}}}},"duration":{}.{:03}}})", p.style,
                  p.sound_ms / 1'000, p.sound_ms % 1'000);
  using store::value;
  const auto code = p.error_code.empty() ? value() : value(std::string_view(p.error_code));
  const auto made = p.status == "completed" ? value(std::string_view(finished)) : value();
  const std::vector<value> values{std::string_view(id),
                                  std::string_view(p.owner),
                                  std::string_view(p.status),
                                  std::string_view(request),
                                  code,
                                  made,
                                  p.asked_ms,
                                  time_or_null(p.started_ms),
                                  time_or_null(p.finished_ms)};
  return c.send(insert, values);
}

bool counts(const known_piece& p, const piece_scope& which) {
  return (which.owner.empty() || which.owner == p.owner) && p.asked_ms >= which.when.from_ms &&
         p.asked_ms < which.when.to_ms;
}

std::string label_of(const known_piece& p, piece_trait by) {
  switch (by) {
    case piece_trait::day:
      return day_text(p.asked_ms / day_ms);
    case piece_trait::quality:
      return p.quality;
    case piece_trait::style:
      return p.status == "completed" ? p.style : "asked";
    case piece_trait::owner:
      return p.owner;
    case piece_trait::failure:
      return p.error_code;
  }
  return "";
}

spread spread_of(std::vector<std::int64_t> values) {
  spread out;
  if (values.empty()) return out;
  std::sort(values.begin(), values.end());
  out.count = static_cast<std::int64_t>(values.size());
  out.least = values.front();
  out.most = values.back();
  for (const auto v : values) out.sum += v;
  const auto at = [&](double p) {
    const double rank = p * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(rank);
    const auto high = std::min(low + 1, values.size() - 1);
    const double share = rank - static_cast<double>(low);
    return static_cast<double>(values[low]) +
           share * static_cast<double>(values[high] - values[low]);
  };
  out.p50 = at(0.5);
  out.p90 = at(0.9);
  out.p95 = at(0.95);
  out.p99 = at(0.99);
  return out;
}

std::int64_t span(std::int64_t from, std::int64_t to) {
  return std::max<std::int64_t>(to - from, 0);
}

}  // namespace

void analytics_contract::SetUp() {
  auto opened = son1k::test::open_fresh(GetParam(), folder_.path());
  if (opened.empty()) {
    if (getenv("CI") != nullptr) FAIL() << "PostgreSQL must be installed (tools/setup)";
    GTEST_SKIP() << "PostgreSQL is not installed (tools/setup)";
  }
  db_ = std::move(opened.front());
  ASSERT_TRUE(db_->migrate());
}

void analytics_contract::insert(const std::vector<known_piece>& pieces) {
  constexpr std::size_t slice = 5'000;
  for (std::size_t from = 0; from < pieces.size(); from += slice) {
    transaction tx(store::durability::process);
    tx.stage([&, from](store::connection& c) -> result<void> {
      for (std::size_t n = from; n < std::min(from + slice, pieces.size()); ++n) {
        if (auto sent = insert_one(c, pieces[n], n); !sent) return sent;
      }
      return {};
    });
    const auto done = store::commit_and_wait(db(), std::move(tx));
    ASSERT_TRUE(done) << done.error().what();
  }
}

void analytics_contract::analyze() {
  if (GetParam() == "sqlite") return;  // nobody does in a file of ours
  static const statement sql("analyze");
  transaction tx;
  tx.stage([](store::connection& c) -> result<void> {
    auto done = c.execute(sql, {});
    return done ? result<void>() : result<void>(done.error());
  });
  const auto done = store::commit_and_wait(db(), std::move(tx));
  ASSERT_TRUE(done) << done.error().what();
}

std::string analytics_contract::plan_of(std::string_view sql, const piece_scope& which,
                                        bool with_limit) {
  const bool lite = GetParam() == "sqlite";
  const statement explain((lite ? "explain query plan " : "explain ") + std::string(sql));
  std::string first, end, out;
  auto values = bound_values(which, first, end);
  if (with_limit) values.emplace_back(tallies_max);
  auto work = [&](store::connection& c) {
    return c.query(explain, values, [&](const store::row& r) {
      out += std::string(r.text(lite ? 3 : 0)) + "\n";
      return true;
    });
  };
  const auto done = store::read_and_wait(db(), work);
  EXPECT_TRUE(done) << done.error().what();
  for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

double analytics_contract::percentile_cont(const char* spans, const char* which_pieces, double p,
                                           const piece_scope& which) {
  const statement sql(fmt::format(
      "select percentile_cont({}) within group (order by {}) from generation "
      "where created_at_ms >= $1 and created_at_ms < $2 and ($3 = '' or owner = $3) and {}",
      p, spans, which_pieces));
  double out = -1;
  auto work = [&](store::connection& c) {
    return c.query(sql, {which.when.from_ms, which.when.to_ms, std::string_view(which.owner)},
                   [&](const store::row& r) {
                     out = r.real(0);
                     return false;
                   });
  };
  EXPECT_TRUE(store::read_and_wait(db(), work));
  return out;
}

std::vector<piece_tally> tally_by_hand(const std::vector<known_piece>& pieces,
                                       const piece_scope& which, piece_trait by) {
  std::map<std::string, piece_tally> all;
  for (const auto& p : pieces) {
    if (!counts(p, which) || (by == piece_trait::failure && p.status != "failed")) continue;
    auto& one = all[label_of(p, by)];
    one.of = label_of(p, by);
    ++one.total;
    ++(p.status == "completed"   ? one.completed
       : p.status == "failed"    ? one.failed
       : p.status == "cancelled" ? one.cancelled
                                 : one.open);
    if (p.status == "completed") one.sound_ms += p.sound_ms;
  }
  std::vector<piece_tally> out;
  for (auto& [label, one] : all) out.push_back(std::move(one));
  const auto more = [](const auto& a, const auto& b) { return a.total > b.total; };
  if (by != piece_trait::day) std::stable_sort(out.begin(), out.end(), more);
  return out;
}

std::vector<piece_spreads> spreads_by_hand(const std::vector<known_piece>& pieces,
                                           const piece_scope& which, spread_trait by) {
  struct spans {
    std::vector<std::int64_t> wait, run, whole;
  };
  std::map<std::string, spans> all;
  for (const auto& p : pieces) {
    if (!counts(p, which)) continue;
    const bool done = p.status == "completed";
    if (p.started_ms == 0 && !done) continue;
    auto& one = all[by == spread_trait::none  ? ""
                    : by == spread_trait::day ? day_text(p.asked_ms / day_ms)
                                              : p.quality];
    if (p.started_ms != 0) one.wait.push_back(span(p.asked_ms, p.started_ms));
    if (done && p.started_ms != 0) one.run.push_back(span(p.started_ms, p.finished_ms));
    if (done) one.whole.push_back(span(p.asked_ms, p.finished_ms));
  }
  std::vector<piece_spreads> out;
  for (const auto& [label, one] : all)
    out.push_back({label, spread_of(one.wait), spread_of(one.run), spread_of(one.whole)});
  return out;
}

}  // namespace son1k::api::test
