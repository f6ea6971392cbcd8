#include "accounts/audit/audit_records.hpp"

#include <algorithm>
#include <array>

namespace son1k::accounts {
using store::statement;
namespace {

constexpr std::int64_t day_ms = 86'400'000;

audit_entry read_entry(const store::row& r) {
  audit_entry out;
  out.id = r.text(0);
  out.at_ms = r.integer(1);
  out.actor = r.text(2);
  out.shown = r.text(3);
  out.role = r.text(4);
  out.action = r.text(5);
  out.target = r.text(6);
  out.address = r.text(7);
  out.request_id = r.text(8);
  out.outcome = r.text(9);
  out.details = r.text(10);
  return out;
}

}  // namespace

std::string_view shown_name(credential how) {
  switch (how) {
    case credential::local:
      return "local";
    case credential::session:
      return "session";
    case credential::api_key:
      return "key";
    case credential::external:
      return "external";
    case credential::service:
      return "service";
  }
  return "";
}

std::string_view highest_role(const identity& who) {
  static constexpr std::array<std::string_view, 5> ladder{system_role, admin_role, operator_role,
                                                          viewer_role, user_role};
  const auto has = [&who](std::string_view role) { return who.has(role); };
  const auto found = std::ranges::find_if(ladder, has);
  return found == ladder.end() ? std::string_view() : *found;
}

result<void> insert_audit(store::connection& db, const audit_entry& row) {
  static const statement insert(
      "INSERT INTO audit (id, at_ms, actor, shown, role, action, target, address, request, "
      "outcome, details) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
  auto written =
      db.execute(insert, {std::string_view(row.id), row.at_ms, std::string_view(row.actor),
                          std::string_view(row.shown), std::string_view(row.role),
                          std::string_view(row.action), std::string_view(row.target),
                          std::string_view(row.address), std::string_view(row.request_id),
                          std::string_view(row.outcome), std::string_view(row.details)});
  if (!written) return written.error();
  return {};
}

result<std::vector<audit_entry>> list_audit(store::connection& db, const audit_query& query) {
  static const statement select(
      "SELECT id, at_ms, actor, shown, role, action, target, address, request, outcome, details "
      "FROM audit WHERE ($1 = '' OR id < $1) AND ($2 = '' OR actor = $2) AND ($3 = '' OR "
      "target = $3) AND ($4 = '' OR action = $4) AND ($5 = '' OR substr(action, 1, "
      "length($5)) = $5) AND at_ms >= $6 AND at_ms < $7 ORDER BY id DESC LIMIT $8");
  const bool group = query.action.ends_with('.');
  const std::string_view action = query.action;
  std::vector<audit_entry> out;
  auto read = db.query(select,
                       {std::string_view(query.before), std::string_view(query.actor),
                        std::string_view(query.target), group ? std::string_view() : action,
                        group ? action : std::string_view(), query.from_ms, query.to_ms,
                        static_cast<std::int64_t>(query.limit)},
                       [&](const store::row& r) {
                         out.push_back(read_entry(r));
                         return true;
                       });
  if (!read) return read.error();
  return out;
}

result<std::int64_t> forget_audit(store::connection& db, std::int64_t now_ms, std::int64_t days,
                                  std::int64_t most) {
  static const statement forget(
      "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at_ms < $1 ORDER BY at_ms "
      "LIMIT $2)");
  return db.execute(forget, {now_ms - std::max(days, audit_days_min) * day_ms, most});
}

}  // namespace son1k::accounts
