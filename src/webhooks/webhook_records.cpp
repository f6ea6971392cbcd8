#include "webhooks/webhook_records.hpp"

#include <memory>

namespace son1k::webhooks {
namespace {

using store::statement;
using store::value;

constexpr std::string_view webhook_columns =
    "id, owner, url, events, description, active, secret, secret_before, before_until_ms, "
    "failures, disabled_at_ms, disabled_why, version, created_at_ms, updated_at_ms";

// ",a,b,", so that one name is found as ",a,".
std::string line_of_events(const std::vector<std::string>& events) {
  std::string out;
  for (const auto& one : events) out += "," + one;
  return out.empty() ? out : out + ",";
}

std::vector<std::string> events_of_line(std::string_view line) {
  std::vector<std::string> out;
  while (!line.empty()) {
    const auto end = std::min(line.find(','), line.size());
    if (end > 0) out.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return out;
}

webhook read_webhook(const store::row& r) {
  webhook out;
  out.id = r.text(0);
  out.owner = r.text(1);
  out.url = r.text(2);
  out.events = events_of_line(r.text(3));
  out.description = r.text(4);
  out.active = r.integer(5) != 0;
  out.secret = r.text(6);
  out.secret_before = r.text(7);
  out.before_until_ms = r.integer(8);
  out.failures = r.integer(9);
  out.disabled_at_ms = r.integer(10);
  out.disabled_why = r.text(11);
  out.version = r.integer(12);
  out.created_at_ms = r.integer(13);
  out.updated_at_ms = r.integer(14);
  return out;
}

error no_webhook() {
  return {errc::not_found, "id",
          text("there is no webhook with this id", "no hay ningún webhook con este id")};
}

result<void> insert_webhook(store::connection& db, const webhook& w) {
  static const statement count("select count(*) from webhook where owner = $1");
  static const statement insert(
      "insert into webhook (id, owner, url, events, description, active, secret, secret_before, "
      "before_until_ms, failures, disabled_at_ms, disabled_why, version, created_at_ms, "
      "updated_at_ms) values ($1, $2, $3, $4, $5, $6, $7, '', 0, 0, 0, '', 1, $8, $8)");
  if (auto locked = db.lock("webhook." + w.owner); !locked) return locked;
  std::int64_t there = 0;
  auto counted = db.query(count, {std::string_view(w.owner)}, [&](const store::row& r) {
    there = r.integer(0);
    return false;
  });
  if (!counted) return counted;
  if (there >= webhooks_of_account_max) {
    return error(errc::conflict, "url",
                 text("there are 10 webhooks already; remove one first",
                      "ya hay 10 webhooks; elimine uno primero"));
  }
  const auto events = line_of_events(w.events);
  return db.send(insert,
                 {std::string_view(w.id), std::string_view(w.owner), std::string_view(w.url),
                  std::string_view(events), std::string_view(w.description), std::int64_t{w.active},
                  std::string_view(w.secret), w.created_at_ms});
}

// The statement must change one row.
result<void> change_one(store::connection& db, const statement& sql,
                        std::initializer_list<value> values) {
  auto changed = db.execute(sql, values);
  if (!changed) return changed.error();
  if (*changed == 1) return {};
  return no_webhook();
}

value text_or_null(const std::optional<std::string>& text) {
  return text ? value(std::string_view(*text)) : value();
}

}  // namespace

void stage_webhook(store::transaction& tx, webhook what) {
  auto kept = std::make_shared<const webhook>(std::move(what));
  tx.stage([kept](store::connection& db) { return insert_webhook(db, *kept); });
}

void stage_webhook_change(store::transaction& tx, std::string owner, std::string id,
                          webhook_change to, std::int64_t only, std::int64_t now_ms) {
  tx.stage([owner = std::move(owner), id = std::move(id), to = std::move(to), only,
            now_ms](store::connection& db) -> result<void> {
    static const statement change(
        "update webhook set url = coalesce($3, url), events = coalesce($4, events), "
        "description = coalesce($5, description), active = coalesce($6, active), "
        "failures = case when $6 = 1 then 0 else failures end, "
        "disabled_at_ms = case when $6 = 1 then 0 else disabled_at_ms end, "
        "disabled_why = case when $6 = 1 then '' else disabled_why end, "
        "version = version + 1, updated_at_ms = $7 where owner = $1 and id = $2 and "
        "($8 = 0 or version = $8)");
    std::optional<std::string> events;
    if (to.events) events = line_of_events(*to.events);
    const auto active = to.active ? value(std::int64_t{*to.active}) : value();
    auto done =
        change_one(db, change,
                   {std::string_view(owner), std::string_view(id), text_or_null(to.url),
                    text_or_null(events), text_or_null(to.description), active, now_ms, only});
    if (done || only == 0) return done;
    const auto fault = done.error();
    if (fault.code != errc::not_found) return done;
    auto there = find_webhook(db, owner, id);
    return there ? error(errc::conflict, "version", text("it has changed")) : fault;
  });
}

void stage_new_secret(store::transaction& tx, std::string owner, std::string id, std::string secret,
                      std::int64_t until_ms, std::int64_t now_ms) {
  tx.stage([owner = std::move(owner), id = std::move(id), secret = std::move(secret), until_ms,
            now_ms](store::connection& db) {
    static const statement change(
        "update webhook set secret_before = secret, secret = $3, before_until_ms = $4, "
        "version = version + 1, updated_at_ms = $5 where owner = $1 and id = $2");
    return change_one(db, change,
                      {std::string_view(owner), std::string_view(id), std::string_view(secret),
                       until_ms, now_ms});
  });
}

void stage_webhook_removal(store::transaction& tx, std::string owner, std::string id) {
  tx.stage([owner = std::move(owner), id = std::move(id)](store::connection& db) {
    static const statement remove("delete from webhook where owner = $1 and id = $2");
    return change_one(db, remove, {std::string_view(owner), std::string_view(id)});
  });
}

result<std::vector<webhook>> list_webhooks(store::connection& db, std::string_view owner) {
  static const statement select("select " + std::string(webhook_columns) +
                                " from webhook where owner = $1 order by id limit 100");
  std::vector<webhook> out;
  auto done = db.query(select, {owner}, [&](const store::row& r) {
    out.push_back(read_webhook(r));
    return true;
  });
  if (!done) return done.error();
  return out;
}

result<webhook> find_webhook(store::connection& db, std::string_view owner, std::string_view id) {
  static const statement select("select " + std::string(webhook_columns) +
                                " from webhook where id = $1 and ($2 = '' or owner = $2)");
  std::optional<webhook> found;
  auto done = db.query(select, {id, owner}, [&](const store::row& r) {
    found = read_webhook(r);
    return false;
  });
  if (!done) return done.error();
  if (!found) return no_webhook();
  return std::move(*found);
}

}  // namespace son1k::webhooks
