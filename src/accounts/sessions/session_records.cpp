#include "accounts/sessions/session_records.hpp"

namespace son1k::accounts {
using store::statement;
namespace {

session read_session(const store::row& r) {
  session out;
  out.id = r.text(0);
  out.account = r.text(1);
  out.device = r.text(2);
  out.address = r.text(3);
  out.created_at_ms = r.integer(4);
  out.used_at_ms = r.integer(5);
  out.expires_at_ms = r.integer(6);
  return out;
}

constexpr std::string_view session_columns =
    "id, account, device, address, created_at_ms, used_at_ms, expires_at_ms";

}  // namespace

result<void> insert_session(store::connection& db, const session_secrets& row,
                            std::string_view family) {
  static const statement insert(
      "INSERT INTO session (id, account, device, address, created_at_ms, used_at_ms, "
      "expires_at_ms, family, token, token_before, seed) "
      "VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, '', '')");
  return db.send(insert,
                 {std::string_view(row.of.id), std::string_view(row.of.account),
                  std::string_view(row.of.device), std::string_view(row.of.address),
                  row.of.created_at_ms, row.of.expires_at_ms, family, std::string_view(row.token)});
}

result<std::optional<session_secrets>> session_by_family(store::connection& db,
                                                         std::string_view family) {
  static const statement select("SELECT " + std::string(session_columns) +
                                ", token, token_before, seed FROM session WHERE family = $1");
  std::optional<session_secrets> out;
  auto read = db.query(select, {family}, [&](const store::row& r) {
    out = session_secrets{read_session(r), std::string(r.text(7)), std::string(r.text(8)),
                          std::string(r.text(9))};
    return false;
  });
  if (!read) return read.error();
  return out;
}

result<bool> rotate_session(store::connection& db, const session_secrets& to,
                            std::string_view from) {
  static const statement rotate(
      "UPDATE session SET token = $3, token_before = $2, seed = $4, used_at_ms = $5, "
      "expires_at_ms = $6 WHERE id = $1 AND token = $2");
  auto changed =
      db.execute(rotate, {std::string_view(to.of.id), from, std::string_view(to.token),
                          std::string_view(to.seed), to.of.used_at_ms, to.of.expires_at_ms});
  if (!changed) return changed.error();
  return *changed == 1;
}

result<bool> is_open_session(store::connection& db, std::string_view account, std::string_view id,
                             std::int64_t now_ms) {
  static const statement select(
      "SELECT 1 FROM session WHERE id = $1 AND account = $2 AND expires_at_ms > $3");
  bool found = false;
  auto read =
      db.query(select, {id, account, now_ms}, [&](const store::row&) { return found = true; });
  if (!read) return read.error();
  return found;
}

result<std::vector<session>> list_sessions(store::connection& db, std::string_view account,
                                           std::int64_t now_ms) {
  static const statement select(
      "SELECT " + std::string(session_columns) +
      " FROM session WHERE account = $1 AND expires_at_ms > $2 ORDER BY id DESC");
  std::vector<session> out;
  auto read = db.query(select, {account, now_ms}, [&](const store::row& r) {
    out.push_back(read_session(r));
    return true;
  });
  if (!read) return read.error();
  return out;
}

result<std::int64_t> remove_session(store::connection& db, std::string_view account,
                                    std::string_view id) {
  static const statement remove("DELETE FROM session WHERE account = $1 AND id = $2");
  return db.execute(remove, {account, id});
}

result<std::int64_t> remove_sessions_but(store::connection& db, std::string_view account,
                                         std::string_view keep) {
  static const statement remove("DELETE FROM session WHERE account = $1 AND id <> $2");
  return db.execute(remove, {account, keep});
}

result<void> remove_oldest_sessions(store::connection& db, std::string_view account,
                                    std::int64_t most) {
  static const statement remove(
      "DELETE FROM session WHERE account = $1 AND id NOT IN "
      "(SELECT id FROM session WHERE account = $1 ORDER BY used_at_ms DESC, id DESC LIMIT $2)");
  return db.send(remove, {account, most});
}

result<std::int64_t> forget_sessions(store::connection& db, std::int64_t now_ms,
                                     std::int64_t most) {
  static const statement forget(
      "DELETE FROM session WHERE id IN "
      "(SELECT id FROM session WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2)");
  return db.execute(forget, {now_ms, most});
}

}  // namespace son1k::accounts
