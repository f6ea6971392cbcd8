#include "api/analytics/analytics.hpp"

#include <boost/json.hpp>
#include <functional>

#include "accounts/keys/key_uses.hpp"
#include "accounts/quota/ledger.hpp"
#include "api/analytics/figures_json.hpp"
#include "api/analytics/operations.hpp"
#include "api/analytics/report.hpp"
#include "api/envelope.hpp"
#include "api/parameters.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using context_ptr = std::shared_ptr<const services>;

// What one call counts, inside a read of the database.
using counting = result<json::object> (*)(store::connection&, const piece_scope&, std::int64_t now);

result<void> add_pieces(json::object& out, store::connection& db, const piece_scope& which) {
  auto days = tally_pieces(db, which, piece_trait::day);
  if (!days) return days.error();
  out["pieces"] = sum_of(*days);
  out["activeDays"] = days->size();
  out["byDay"] = to_json(*days, "day");
  return {};
}

result<void> add_tally(json::object& out, store::connection& db, const piece_scope& which,
                       piece_trait by, std::string_view list, std::string_view name,
                       std::int64_t most) {
  auto rows = tally_pieces(db, which, by, most);
  if (!rows) return rows.error();
  out[list] = to_json(*rows, name);
  return {};
}

result<void> add_reports(json::object& out, store::connection& db, const piece_scope& which) {
  auto rows = count_reports(db, which.owner, which.when);
  if (!rows) return rows.error();
  out["events"] = to_json(*rows, "event", "count");
  return {};
}

result<void> add_keys(json::object& out, store::connection& db, const piece_scope& which) {
  auto days = key_uses_by_day(db, which.owner, which.when);
  if (!days) return days.error();
  auto keys = count_key_uses(db, which.owner, which.when);
  if (!keys) return keys.error();
  out["requests"] = total_of(*days);
  out["byDay"] = to_json(*days, "day", "requests");
  out["keys"] = to_json(*keys, which.owner.empty());
  return {};
}

result<json::object> count_user(store::connection& db, const piece_scope& which,
                                std::int64_t now_ms) {
  json::object out;
  if (auto ok = add_pieces(out, db, which); !ok) return ok.error();
  auto times = spread_pieces(db, which, spread_trait::none);
  if (!times) return times.error();
  out["times"] = to_json(times->empty() ? piece_spreads() : times->front());
  auto used = accounts::read_use(db, which.owner, now_ms);
  if (!used) return used.error();
  out["quota"] = {{"usedToday", used->day}, {"usedThisMonth", used->month}};
  auto requests = key_uses_by_day(db, which.owner, which.when);
  if (!requests) return requests.error();
  out["apiRequests"] = total_of(*requests);
  if (auto ok = add_reports(out, db, which); !ok) return ok.error();
  return out;
}

result<json::object> count_generations(store::connection& db, const piece_scope& which,
                                       std::int64_t) {
  struct list {
    piece_trait by;
    std::string_view name, label;
    std::int64_t most;
  };
  static constexpr list lists[] = {{piece_trait::quality, "byQuality", "quality", 10},
                                   {piece_trait::style, "byStyle", "style", 20},
                                   {piece_trait::failure, "failures", "code", 20}};
  json::object out;
  if (auto ok = add_pieces(out, db, which); !ok) return ok.error();
  for (const auto& one : lists) {
    if (auto ok = add_tally(out, db, which, one.by, one.name, one.label, one.most); !ok)
      return ok.error();
  }
  return out;
}

result<json::object> count_tokens(store::connection& db, const piece_scope& which, std::int64_t) {
  json::object out;
  if (auto ok = add_keys(out, db, which); !ok) return ok.error();
  return out;
}

result<json::object> count_times(store::connection& db, const piece_scope& which, std::int64_t) {
  json::object out;
  auto all = spread_pieces(db, which, spread_trait::none);
  if (!all) return all.error();
  auto days = spread_pieces(db, which, spread_trait::day);
  if (!days) return days.error();
  auto grades = spread_pieces(db, which, spread_trait::quality);
  if (!grades) return grades.error();
  out["times"] = to_json(all->empty() ? piece_spreads() : all->front());
  out["byDay"] = to_json(*days, "day");
  out["byQuality"] = to_json(*grades, "quality");
  return out;
}

result<json::object> count_users(store::connection& db, const piece_scope& which, std::int64_t) {
  auto known = count_accounts(db, which.when);
  if (!known) return known.error();
  auto active = count_owners(db, which.when);
  if (!active) return active.error();
  json::object out{{"accounts", known->total},
                   {"disabled", known->disabled},
                   {"active", *active},
                   {"byTier", to_json(known->tiers, "tier", "accounts")},
                   {"byRole", to_json(known->roles, "role", "accounts")},
                   {"newByDay", to_json(known->new_by_day, "day", "accounts")}};
  if (auto ok = add_tally(out, db, which, piece_trait::owner, "busiest", "account", 20); !ok)
    return ok.error();
  if (auto ok = add_reports(out, db, which); !ok) return ok.error();
  return out;
}

// What keys did a moment ago counts too.
awaitable<result<void>> write_key_uses(context_ptr with) {
  if (with->key_uses == nullptr || with->key_uses->empty()) co_return result<void>();
  store::transaction tx(store::durability::process);
  with->key_uses->stage(tx);
  auto done = co_await store::async_commit(with->database, std::move(tx));
  co_return done;
}

awaitable<http_response> show(context_ptr with, counting count, bool own, http_request& request) {
  parameters in(request);
  const auto now = with->clock.now_ms();
  auto when = read_range(in, now);
  if (!when) co_return refuse(when.error(), request);
  auto written = co_await write_key_uses(with);
  if (!written) co_return refuse(written.error(), request);
  const piece_scope which{own ? caller_of(request).user : std::string(), *when};
  auto work = [count, which, now](store::connection& db) { return count(db, which, now); };
  auto counted = co_await store::async_read(with->database, std::move(work));
  if (!counted) co_return refuse(counted.error(), request);
  json::object out{{"range", to_json(*when)}};
  for (auto& member : *counted) out[member.key()] = std::move(member.value());
  co_return reply(200, json::value(std::move(out)));
}

// All there is of the caller, whenever it was.
result<json::object> count_own(store::connection& db, const std::string& owner,
                               std::int64_t now_ms) {
  static const store::statement about(
      "select (select count(*) from api_key where account = $1), "
      "(select count(*) from session where account = $1 and expires_at_ms > $2), "
      "(select created_at_ms from account where id = $1)");
  const piece_scope ever{owner, {0, now_ms + 1}};
  auto rows = tally_pieces(db, ever, piece_trait::quality);
  if (!rows) return rows.error();
  auto used = accounts::read_use(db, owner, now_ms);
  if (!used) return used.error();
  json::object out{{"pieces", sum_of(*rows)},
                   {"byQuality", to_json(*rows, "quality")},
                   {"quota", {{"usedToday", used->day}, {"usedThisMonth", used->month}}}};
  auto done = db.query(about, {std::string_view(owner), now_ms}, [&](const store::row& r) {
    out["apiKeys"] = r.integer(0);
    out["sessions"] = r.integer(1);
    out["memberSince"] = r.is_null(2) ? json::value() : json::value(iso_time(r.integer(2)).chars);
    return false;
  });
  if (!done) return done.error();
  return out;
}

awaitable<http_response> stats(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto work = [owner = caller_of(request).user, now = with->clock.now_ms()](store::connection& db) {
    return count_own(db, owner, now);
  };
  auto counted = co_await store::async_read(with->database, std::move(work));
  if (!counted) co_return refuse(counted.error(), request);
  (*counted)["tier"] = caller_of(request).tier;
  co_return reply(200, json::value(std::move(*counted)));
}

}  // namespace

void bind_analytics(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  struct figure {
    const char* path;
    counting count;
    bool own;
  };
  static constexpr figure figures[] = {
      {"/api/analytics/user", count_user, true},
      {"/api/analytics/generations", count_generations, true},
      {"/api/analytics/tokens", count_tokens, true},
      {"/api/analytics/metrics", count_times, true},
      {"/api/analytics/admin/users", count_users, false},
      {"/api/analytics/admin/generations", count_generations, false},
      {"/api/analytics/admin/tokens", count_tokens, false},
      {"/api/analytics/admin/performance", count_times, false},
  };
  for (const auto& one : figures) {
    auto handler =
        net::handler([self, one](http_request& r) { return show(self, one.count, one.own, r); });
    routes.add_all(
        {{http_method::get, one.path, std::move(handler), one.own ? reads_own : reads_consoles}});
  }
  const auto own = bound_to(self)(stats);
  routes.add_all({{http_method::get, "/api/auth/stats", own, reads_own},
                  {http_method::get, "/api/user/stats", own, reads_own}});
  bind_operations(routes, with);
  bind_report(routes, with);
}

result<std::int64_t> forget_analytics(store::connection& db, std::int64_t now_ms,
                                      std::int64_t most) {
  const auto oldest = now_ms - analytics_days_max * day_ms;
  auto reports = forget_reports(db, oldest, most);
  if (!reports) return reports;
  auto uses = accounts::forget_key_uses(db, oldest / day_ms, most);
  if (!uses) return uses;
  return *reports + *uses;
}

}  // namespace son1k::api
