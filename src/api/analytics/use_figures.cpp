#include "api/analytics/use_figures.hpp"

#include <fmt/format.h>

#include <utility>

namespace son1k::api {
namespace {

using store::statement;

constexpr std::string_view key_days = "day >= $1 and day < $2";

// The same question about one account ($3) and about all of them.
struct statement_pair {
  statement of_one;
  statement of_all;
  const statement& get(std::string_view owner) const { return owner.empty() ? of_all : of_one; }
};
statement_pair pair_of(std::string_view format, std::string_view condition) {
  return {statement(fmt::format(fmt::runtime(format), condition)),
          statement(fmt::format(fmt::runtime(format), ""))};
}

std::vector<store::value> range_of(std::int64_t from, std::int64_t to, std::string_view owner) {
  std::vector<store::value> out{from, to};
  if (!owner.empty()) out.emplace_back(owner);
  return out;
}

result<std::vector<labelled_count>> labelled(store::connection& db, const statement& sql,
                                             std::span<const store::value> values, bool day) {
  std::vector<labelled_count> out;
  auto done = db.query(sql, values, [&](const store::row& r) {
    out.push_back({day ? day_text(r.integer(0)) : std::string(r.text(0)), r.integer(1)});
    return true;
  });
  if (!done) return done.error();
  return out;
}

}  // namespace

void stage_report(store::transaction& tx, client_report what) {
  tx.stage([what = std::move(what)](store::connection& db) -> result<void> {
    static const statement insert(
        fmt::format("insert into analytics_event (account, id, event, at_ms, properties) "
                    "select $1, $2, $3, $4, $5 where not exists (select 1 from analytics_event "
                    "where account = $1 and id >= $6 order by id limit 1 offset {})",
                    reports_a_day_max - 1));
    const auto today = what.at_ms / day_ms * day_ms;
    const auto first = time_range{today, today}.first_id(0);
    auto added = db.execute(insert, {std::string_view(what.account), std::string_view(what.id),
                                     std::string_view(what.event), what.at_ms,
                                     std::string_view(what.properties), std::string_view(first)});
    if (!added) return added.error();
    if (*added == 1) return {};
    const auto most = std::to_string(reports_a_day_max);
    error full(errc::quota_exceeded, "event",
               text(most + " events were reported today; more are taken from tomorrow on (UTC)",
                    "hoy se informaron " + most + " eventos; se admiten más desde mañana (UTC)"));
    full.details["retryAfterSeconds"] = (today + day_ms - what.at_ms + 999) / 1'000;
    return full;
  });
}

result<std::int64_t> forget_reports(store::connection& db, std::int64_t oldest_ms,
                                    std::int64_t most) {
  static const statement forget(
      "delete from analytics_event where (account, id) in (select account, id from "
      "analytics_event where at_ms < $1 order by at_ms limit $2)");
  return db.execute(forget, {oldest_ms, most});
}

result<std::vector<labelled_count>> count_reports(store::connection& db, std::string_view owner,
                                                  const time_range& when) {
  static const statement of_one(
      "select event, count(*) as n from analytics_event where account = $1 and id >= $2 and "
      "id < $3 and at_ms >= $4 and at_ms < $5 group by event order by n desc, event limit 50");
  static const statement of_all(
      "select event, count(*) as n from analytics_event where at_ms >= $1 and at_ms < $2 "
      "group by event order by n desc, event limit 50");
  const auto first = when.first_id(60'000), end = when.end_id(60'000);
  const std::vector<store::value> one{owner, std::string_view(first), std::string_view(end),
                                      when.from_ms, when.to_ms};
  const std::vector<store::value> all{when.from_ms, when.to_ms};
  return owner.empty() ? labelled(db, of_all, all, false) : labelled(db, of_one, one, false);
}

result<std::vector<key_use>> count_key_uses(store::connection& db, std::string_view owner,
                                            const time_range& when) {
  static const auto texts = pair_of(
      fmt::format("select u.key, u.account, coalesce(k.name, ''), coalesce(k.ending, ''), "
                  "u.requests, coalesce(k.used_at_ms, 0) from (select account, key, "
                  "cast(sum(requests) as bigint) as requests from api_key_use where {}{{}} group "
                  "by account, key order by requests desc, key limit 100) as u "
                  "left join api_key k on k.id = u.key order by u.requests desc, u.key",
                  key_days),
      " and account = $3");
  std::vector<key_use> out;
  const auto values = range_of(when.first_day(), when.end_day(), owner);
  auto done = db.query(texts.get(owner), values, [&](const store::row& r) {
    out.push_back({std::string(r.text(0)), std::string(r.text(1)), std::string(r.text(2)),
                   std::string(r.text(3)), r.integer(4), r.integer(5)});
    return true;
  });
  if (!done) return done.error();
  return out;
}

result<std::vector<labelled_count>> key_uses_by_day(store::connection& db, std::string_view owner,
                                                    const time_range& when) {
  static const auto texts =
      pair_of(fmt::format("select day, cast(sum(requests) as bigint) from api_key_use where {}{{}} "
                          "group by day order by day limit 100",
                          key_days),
              " and account = $3");
  return labelled(db, texts.get(owner), range_of(when.first_day(), when.end_day(), owner), true);
}

result<account_counts> count_accounts(store::connection& db, const time_range& when) {
  static const statement by_tier(
      "select tier, count(*) as n from account group by tier order by n desc, tier limit 50");
  static const statement by_role(
      "select role, count(*) as n from account group by role order by n desc, role limit 50");
  static const statement sums(
      "select count(*), count(case when disabled_at_ms <> 0 then 1 end), "
      "(select count(*) from api_key) from account");
  static const statement made(
      "select created_at_ms / 86400000 as day, count(*) from account where created_at_ms >= $1 and "
      "created_at_ms < $2 group by day order by day limit 100");
  account_counts out;
  auto done = db.query(sums, {}, [&](const store::row& r) {
    out.total = r.integer(0);
    out.disabled = r.integer(1);
    out.keys = r.integer(2);
    return false;
  });
  if (!done) return done.error();
  auto tiers = labelled(db, by_tier, {}, false);
  if (!tiers) return tiers.error();
  auto roles = labelled(db, by_role, {}, false);
  if (!roles) return roles.error();
  auto days = labelled(db, made, range_of(when.from_ms, when.to_ms, {}), true);
  if (!days) return days.error();
  out.tiers = std::move(*tiers);
  out.roles = std::move(*roles);
  out.new_by_day = std::move(*days);
  return out;
}

}  // namespace son1k::api
