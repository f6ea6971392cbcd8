#include "api/alerts/alert_records.hpp"

#include <optional>

#include "base/uuid.hpp"

namespace son1k::api {
using store::statement;
namespace {

constexpr std::string_view columns =
    "id, rule, subject, severity, value, since_ms, seen_at_ms, resolved_at_ms, acknowledged_by, "
    "acknowledged_at_ms";

alert read_alert(const store::row& r) {
  alert out;
  out.id = r.text(0);
  out.rule = r.text(1);
  out.subject = r.text(2);
  out.severity = r.text(3);
  out.value = r.real(4);
  out.since_ms = r.integer(5);
  out.seen_at_ms = r.integer(6);
  out.resolved_at_ms = r.integer(7);
  out.acknowledged_by = r.text(8);
  out.acknowledged_at_ms = r.integer(9);
  return out;
}

result<void> write_one(store::connection& db, const alert_reading& reading, std::int64_t now_ms) {
  static const statement fire(
      "INSERT INTO alert (id, rule, subject, severity, value, since_ms, seen_at_ms, "
      "resolved_at_ms, acknowledged_by, acknowledged_at_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $6, 0, '', 0) "
      "ON CONFLICT (rule, subject) WHERE resolved_at_ms = 0 "
      "DO UPDATE SET severity = $4, value = $5, seen_at_ms = $6");
  static const statement resolve(
      "UPDATE alert SET resolved_at_ms = $3, seen_at_ms = $3 "
      "WHERE rule = $1 AND subject = $2 AND resolved_at_ms = 0");
  const auto severity = severity_of(reading);
  if (severity.empty()) {
    return db.send(resolve,
                   {std::string_view(reading.rule), std::string_view(reading.subject), now_ms});
  }
  const auto id = uuid_v7();
  return db.send(fire, {std::string_view(id), std::string_view(reading.rule),
                        std::string_view(reading.subject), severity, reading.value, now_ms});
}

}  // namespace

result<void> write_readings(store::connection& db, const std::vector<alert_reading>& readings,
                            std::int64_t now_ms) {
  static const statement leave(
      "UPDATE alert SET resolved_at_ms = $1 WHERE resolved_at_ms = 0 AND seen_at_ms < $2");
  for (const auto& one : readings)
    if (auto ok = write_one(db, one, now_ms); !ok) return ok;
  return db.send(leave, {now_ms, now_ms - alert_unseen_ms});
}

result<std::vector<alert>> list_alerts(store::connection& db, const alert_query& query) {
  static const statement select(
      "SELECT " + std::string(columns) +
      " FROM alert WHERE ($1 = '' OR id < $1) AND ($2 = '' OR ($2 = 'firing') = "
      "(resolved_at_ms = 0)) ORDER BY id DESC LIMIT $3");
  std::vector<alert> out;
  auto read = db.query(select,
                       {std::string_view(query.before), std::string_view(query.state),
                        static_cast<std::int64_t>(query.limit)},
                       [&](const store::row& r) {
                         out.push_back(read_alert(r));
                         return true;
                       });
  if (!read) return read.error();
  return out;
}

result<alert> acknowledge_alert(store::connection& db, std::string_view id, std::string_view by,
                                std::int64_t now_ms) {
  static const statement note(
      "UPDATE alert SET acknowledged_by = $2, acknowledged_at_ms = $3 "
      "WHERE id = $1 AND acknowledged_at_ms = 0");
  static const statement find("SELECT " + std::string(columns) + " FROM alert WHERE id = $1");
  if (auto noted = db.execute(note, {id, by, now_ms}); !noted) return noted.error();
  std::optional<alert> found;
  auto read = db.query(find, {id}, [&](const store::row& r) {
    found = read_alert(r);
    return false;
  });
  if (!read) return read.error();
  if (found) return std::move(*found);
  return error(errc::not_found, "id", text("there is no such alert", "no hay ninguna alerta así"));
}

result<std::int64_t> forget_alerts(store::connection& db, std::int64_t now_ms, std::int64_t most) {
  static const statement forget(
      "DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE resolved_at_ms > 0 AND "
      "resolved_at_ms < $1 LIMIT $2)");
  return db.execute(forget, {now_ms - alert_kept_ms, most});
}

}  // namespace son1k::api
