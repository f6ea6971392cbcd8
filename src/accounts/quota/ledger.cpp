#include "accounts/quota/ledger.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "accounts/quota/periods.hpp"
#include "accounts/quota/use_counters.hpp"
#include "base/clock.hpp"
#include "store/joint_insert.hpp"

namespace son1k::accounts {
namespace {

using store::statement;

enum class period { day, month };

error used_up(period which, std::int64_t limit, std::int64_t now_ms) {
  const bool month = which == period::month;
  const auto reset = month ? next_month_ms(now_ms) : next_day_ms(now_ms);
  const std::string at = iso_time(reset).chars;
  error out(errc::quota_exceeded,
            text(fmt::format("the {} pieces of this {} are used up; more from {}", limit,
                             month ? "month" : "day", at),
                 fmt::format("las {} piezas de este {} están usadas; más a partir de {}", limit,
                             month ? "mes" : "día", at)));
  out.details["period"] = month ? "month" : "day";
  out.details["limit"] = limit;
  out.details["resetAt"] = at;
  out.details["retryAfterSeconds"] = (reset - now_ms + 999) / 1'000;
  return out;
}

error refused(const reservation& of, period which) {
  const bool month = which == period::month;
  if (of.refusals)
    of.refusals->note(of.account, month ? next_month_ms(of.now_ms) : next_day_ms(of.now_ms));
  return used_up(which, month ? of.limits.month : of.limits.day, of.now_ms);
}

// The month first: where both are used up, waiting for the next day would be of no use.
result<void> charge(store::connection& db, const reservation& of, std::string_view day) {
  const std::string_view account(of.account);
  auto month = add_use(db, {account, month_of(day), of.units, of.limits.month});
  if (!month) return month.error();
  if (!*month) return refused(of, period::month);
  auto today = add_use(db, {account, day, of.units, of.limits.day});
  if (!today) return today.error();
  if (!*today) return refused(of, period::day);
  return {};
}

// The first entries of generations. Whoever looks for entries within a step flushes them before.
const store::joint_insert& first_entries() {
  static const store::joint_insert insert(
      "insert into quota_entry (account, generation, step, kind, units, day, at_ms)", 7);
  return insert;
}

result<void> reserve(store::connection& db, const reservation& of, std::string_view day) {
  if (auto charged = charge(db, of, day); !charged) return charged;
  return first_entries().add(
      db, {std::string_view(of.account), std::string_view(of.generation), std::int64_t{1},
           std::string_view("reserve"), of.units, day, of.now_ms});
}

// The last entry of a generation, if it is of the kind that `kind` follows, and one step on.
// Whoever comes second waits for the first and changes nothing.
std::string followed(std::string_view kind, std::string_view day, std::string_view last) {
  return fmt::format(
      "insert into quota_entry (account, generation, step, kind, units, day, at_ms) "
      "select account, generation, step + 1, '{}', units, {}, $3 from quota_entry "
      "where account = $1 and generation = $2 and kind = '{}' and step = "
      "(select max(step) from quota_entry where account = $1 and generation = $2) "
      "on conflict do nothing",
      kind, day, last);
}

}  // namespace

void stage_reserve(store::transaction& tx, reservation wanted) {
  struct staged {
    reservation of;
    std::string day;
  };
  // Shared, because a staged step is copied and may run again.
  auto day = day_of(wanted.now_ms);
  auto kept = std::make_shared<const staged>(staged{std::move(wanted), std::move(day)});
  tx.stage([kept](store::connection& db) { return reserve(db, kept->of, kept->day); });
}

void stage_reserve_again(store::transaction& tx, reservation wanted) {
  auto kept = std::make_shared<const reservation>(std::move(wanted));
  tx.stage([kept](store::connection& db) { return reserve_again(db, *kept); });
}

void stage_commit(store::transaction& tx, std::string account, std::string generation,
                  std::int64_t now_ms) {
  tx.stage([account = std::move(account), generation = std::move(generation), now_ms](
               store::connection& db) { return commit_reserved(db, account, generation, now_ms); });
}

void stage_refund(store::transaction& tx, std::string account, std::string generation,
                  std::int64_t now_ms) {
  tx.stage([account = std::move(account), generation = std::move(generation), now_ms](
               store::connection& db) { return refund_reserved(db, account, generation, now_ms); });
}

result<void> reserve_again(store::connection& db, const reservation& wanted) {
  if (auto seen = first_entries().flush(db); !seen) return seen;
  static const statement insert(followed("reserve", "$4", "refund") + " returning units");
  const auto day = day_of(wanted.now_ms);
  std::optional<reservation> reserved;
  const auto note = [&](const store::row& r) {
    reserved = wanted;
    reserved->units = r.integer(0);
    return true;
  };
  auto done = db.query(insert,
                       {std::string_view(wanted.account), std::string_view(wanted.generation),
                        wanted.now_ms, std::string_view(day)},
                       note);
  if (!done || !reserved) return done;
  return charge(db, *reserved, day);
}

result<void> commit_reserved(store::connection& db, std::string_view account,
                             std::string_view generation, std::int64_t now_ms) {
  if (auto seen = first_entries().flush(db); !seen) return seen;
  static const statement insert(followed("commit", "day", "reserve"));
  return db.send(insert, {account, generation, now_ms});
}

result<void> refund_reserved(store::connection& db, std::string_view account,
                             std::string_view generation, std::int64_t now_ms) {
  if (auto seen = first_entries().flush(db); !seen) return seen;
  static const statement insert(followed("refund", "day", "reserve") + " returning units, day");
  std::int64_t units = 0;
  std::string day;
  const auto note = [&](const store::row& r) {
    units = r.integer(0);
    day = r.text(1);
    return true;
  };
  auto done = db.query(insert, {account, generation, now_ms}, note);
  if (!done || units == 0) return done;
  if (auto given = give_back_use(db, {account, month_of(day), units}); !given) return given;
  return give_back_use(db, {account, day, units});
}

result<quota_use> read_use(store::connection& db, std::string_view account, std::int64_t now_ms) {
  static const statement select(
      "select period, used from quota_use where account = $1 and period in ($2, $3)");
  const auto day = day_of(now_ms);
  quota_use out;
  out.day_resets_at_ms = next_day_ms(now_ms);
  out.month_resets_at_ms = next_month_ms(now_ms);
  auto done =
      db.query(select, {account, month_of(day), std::string_view(day)}, [&](const store::row& r) {
        (r.text(0) == day ? out.day : out.month) = r.integer(1);
        return true;
      });
  if (!done) return done.error();
  return out;
}

result<void> check_use(const quota_use& used, const quota_limits& limits, std::int64_t now_ms) {
  if (limits.month > 0 && used.month >= limits.month)
    return used_up(period::month, limits.month, now_ms);
  if (limits.day > 0 && used.day >= limits.day) return used_up(period::day, limits.day, now_ms);
  return {};
}

result<std::vector<ledger_entry>> list_entries(store::connection& db, std::string_view account,
                                               const ledger_cursor& after, std::int64_t most) {
  static const statement select(
      "select generation, step, kind, units, day, at_ms from quota_entry "
      "where account = $1 and ($2 = '' or (generation, step) < ($2, $3)) "
      "order by generation desc, step desc limit $4");
  std::vector<ledger_entry> out;
  const auto note = [&](const store::row& r) {
    out.push_back({std::string(r.text(0)), r.integer(1), std::string(r.text(2)), r.integer(3),
                   std::string(r.text(4)), r.integer(5)});
    return true;
  };
  auto done =
      db.query(select, {account, std::string_view(after.generation), after.step, most}, note);
  if (!done) return done.error();
  return out;
}

}  // namespace son1k::accounts
