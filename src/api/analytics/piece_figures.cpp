#include "api/analytics/piece_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace son1k::api {
namespace {

using store::statement;

// Ids are made where the request is taken, the row's time a moment later by the same clock.
constexpr std::int64_t id_slack_ms = 3'600'000;

constexpr std::string_view in_range =
    "id >= $1 and id < $2 and created_at_ms >= $3 and created_at_ms < $4";

// A piece as figures count it. Spans are null as long as they are not over, and nothing where a
// clock went back.
constexpr std::string_view piece_fact =
    "(select owner, id, status, created_at_ms, coalesce(error_code, '') as error_code, "
    "coalesce(json_extract(request, '$.quality'), '') as quality, "
    "coalesce(json_extract(result, '$.understood.style.value'), "
    "json_extract(request, '$.style'), '') as style, "
    "case when status = 'completed' then cast(round(1000 * "
    "cast(coalesce(json_extract(result, '$.duration'), '0') as double precision)) as bigint) "
    "else 0 end as sound_ms, "
    "case when started_at_ms is null then null "
    "when started_at_ms < created_at_ms then 0 else started_at_ms - created_at_ms end as wait_ms, "
    "case when status <> 'completed' or started_at_ms is null then null "
    "when finished_at_ms < started_at_ms then 0 else finished_at_ms - started_at_ms end as run_ms, "
    "case when status <> 'completed' then null "
    "when finished_at_ms < created_at_ms then 0 else finished_at_ms - created_at_ms end "
    "as whole_ms from generation) as piece_fact";

// Distinct owners, each found by one look into the key (a "loose index scan").
constexpr std::string_view owners =
    "owners(one) as (select min(owner) from generation union all select (select min(owner) from "
    "generation where owner > one) from owners where one is not null)";

// "with recursive …, facts as (select COLUMNS of the pieces in the scope where …)"
std::string facts(bool of_one, std::string_view columns, std::string_view extra = "") {
  if (of_one) {
    return fmt::format("with facts as (select {} from {} where owner = $5 and {}{}) ", columns,
                       piece_fact, in_range, extra);
  }
  return fmt::format(
      "with recursive {}, facts as (select {} from owners cross join {} where owner = one "
      "and {}{}) ",
      owners, columns, piece_fact, in_range, extra);
}

struct trait_row {
  std::string_view column;
  std::string_view extra;  // which pieces have it
};
constexpr std::array<trait_row, 5> traits{{{"created_at_ms / 86400000", ""},
                                           {"quality", ""},
                                           {"style", ""},
                                           {"owner", ""},
                                           {"error_code", " and status = 'failed'"}}};

std::string tally_text(piece_trait by, bool of_one) {
  const auto& row = traits[static_cast<std::size_t>(by)];
  const auto columns = fmt::format("{} as label, status, sound_ms", row.column);
  const auto limit = of_one ? "$6" : "$5";
  const std::string_view order = by == piece_trait::day ? "label" : "total desc, label";
  return facts(of_one, columns, row.extra) +
         fmt::format(
             "select label, count(*) as total, "
             "count(case when status = 'completed' then 1 end), "
             "count(case when status = 'failed' then 1 end), "
             "count(case when status = 'cancelled' then 1 end), "
             "cast(coalesce(sum(sound_ms), 0) as bigint) "
             "from facts group by label order by {} limit {}",
             order, limit);
}

constexpr std::array<std::string_view, 3> measures{"wait_ms", "run_ms", "whole_ms"};
constexpr std::array<int, 4> permilles{500, 900, 950, 990};
constexpr std::array<std::string_view, 3> spread_columns{"''", "created_at_ms / 86400000",
                                                         "quality"};

// percentile_cont(p) is the value at rank p (n - 1), between two ranks the line between them. The
// ranks are whole numbers here, so that both databases compute the same.
std::string spread_text(spread_trait by, bool of_one) {
  const auto column = spread_columns[static_cast<std::size_t>(by)];
  std::string out = facts(of_one, fmt::format("{} as label, wait_ms, run_ms, whole_ms", column));
  out.pop_back();
  out += ", measured as (";
  for (std::size_t n = 0; n < measures.size(); ++n) {
    out += fmt::format("{}select label, {} as measure, {} as x from facts where {} is not null",
                       n == 0 ? "" : " union all ", n, measures[n], measures[n]);
  }
  out +=
      "), ranked as (select label, measure, x, "
      "row_number() over (partition by label, measure order by x) - 1 as k, "
      "count(*) over (partition by label, measure) - 1 as top from measured), "
      "picked as (select label, measure, top, min(x) as smallest, max(x) as largest, "
      "cast(sum(x) as bigint) as total";
  for (const auto p : permilles) {
    out += fmt::format(
        ", max(case when k = {0} * top / 1000 then x end) as low{0}"
        ", max(case when k = ({0} * top + 999) / 1000 then x end) as high{0}",
        p);
  }
  out +=
      " from ranked group by label, measure, top) select label, measure, top + 1, smallest, "
      "largest, total";
  for (const auto p : permilles) {
    out += fmt::format(
        ", low{0} + cast((high{0} - low{0}) * ({0} * top % 1000) as double precision) / 1000", p);
  }
  return out + " from picked order by label, measure";
}

const std::string owners_text =
    facts(false, "owner") + "select count(*) from (select distinct owner from facts) as each_one";

template <class Enum, std::size_t N, class Text>
const statement& text_of(Enum which, bool of_one, Text make) {
  static const auto all = [&] {
    std::vector<statement> out;
    for (const bool one : {false, true})
      for (std::size_t n = 0; n < N; ++n) out.emplace_back(make(static_cast<Enum>(n), one));
    return out;
  }();
  return all[(of_one ? N : 0) + static_cast<std::size_t>(which)];
}

const statement& tally_statement(piece_trait by, bool of_one) {
  return text_of<piece_trait, traits.size()>(by, of_one, tally_text);
}
const statement& spread_statement(spread_trait by, bool of_one) {
  return text_of<spread_trait, spread_columns.size()>(by, of_one, spread_text);
}

spread read_spread(const store::row& r) {
  return {r.integer(2), r.integer(3), r.integer(4), r.integer(5),
          r.real(6),    r.real(7),    r.real(8),    r.real(9)};
}

std::string label_of(const store::row& r, bool day) {
  return day ? day_text(r.integer(0)) : std::string(r.text(0));
}

}  // namespace

std::vector<store::value> bound_values(const piece_scope& which, std::string& first_id,
                                       std::string& end_id) {
  first_id = which.when.first_id(id_slack_ms);
  end_id = which.when.end_id(id_slack_ms);
  std::vector<store::value> out{std::string_view(first_id), std::string_view(end_id),
                                which.when.from_ms, which.when.to_ms};
  if (!which.owner.empty()) out.emplace_back(std::string_view(which.owner));
  return out;
}

std::vector<std::string_view> piece_statements(bool of_one_owner) {
  std::vector<std::string_view> out;
  for (std::size_t n = 0; n < traits.size(); ++n)
    out.push_back(tally_statement(static_cast<piece_trait>(n), of_one_owner).sql());
  for (std::size_t n = 0; n < spread_columns.size(); ++n)
    out.push_back(spread_statement(static_cast<spread_trait>(n), of_one_owner).sql());
  return out;
}

result<std::vector<piece_tally>> tally_pieces(store::connection& db, const piece_scope& which,
                                              piece_trait by, std::int64_t most) {
  std::string first, end;
  auto values = bound_values(which, first, end);
  values.emplace_back(std::min(most, tallies_max));
  std::vector<piece_tally> out;
  const auto& sql = tally_statement(by, !which.owner.empty());
  auto done = db.query(sql, values, [&](const store::row& r) {
    piece_tally one;
    one.of = label_of(r, by == piece_trait::day);
    one.total = r.integer(1);
    one.completed = r.integer(2);
    one.failed = r.integer(3);
    one.cancelled = r.integer(4);
    one.open = one.total - one.completed - one.failed - one.cancelled;
    one.sound_ms = r.integer(5);
    out.push_back(std::move(one));
    return true;
  });
  if (!done) return done.error();
  return out;
}

result<std::vector<piece_spreads>> spread_pieces(store::connection& db, const piece_scope& which,
                                                 spread_trait by) {
  std::string first, end;
  const auto values = bound_values(which, first, end);
  std::vector<piece_spreads> out;
  const auto& sql = spread_statement(by, !which.owner.empty());
  auto done = db.query(sql, values, [&](const store::row& r) {
    auto label = label_of(r, by == spread_trait::day);
    if (out.empty() || out.back().of != label) out.push_back({std::move(label), {}, {}, {}});
    auto& one = out.back();
    (r.integer(1) == 0 ? one.wait : r.integer(1) == 1 ? one.run : one.whole) = read_spread(r);
    return true;
  });
  if (!done) return done.error();
  return out;
}

result<std::int64_t> count_owners(store::connection& db, const time_range& when) {
  static const statement sql(owners_text);
  std::string first, end;
  const auto values = bound_values({{}, when}, first, end);
  std::int64_t out = 0;
  auto done = db.query(sql, values, [&](const store::row& r) {
    out = r.integer(0);
    return false;
  });
  if (!done) return done.error();
  return out;
}

}  // namespace son1k::api
