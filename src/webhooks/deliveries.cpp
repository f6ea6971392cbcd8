#include "webhooks/deliveries.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "base/clock.hpp"
#include "base/uuid.hpp"

namespace son1k::webhooks {
namespace {

using store::statement;

constexpr std::size_t uuid_size = 36;

constexpr std::string_view delivery_columns =
    "webhook, id, owner, message, event, payload, state, forced, attempts, status, problem, "
    "took_ms, created_at_ms, tried_at_ms, ended_at_ms";

delivery read_delivery(const store::row& r) {
  delivery out;
  out.webhook = r.text(0);
  out.id = r.text(1);
  out.owner = r.text(2);
  out.message = r.text(3);
  out.event = r.text(4);
  out.payload = r.text(5);
  out.state = r.text(6);
  out.forced = r.integer(7) != 0;
  out.attempts = r.integer(8);
  out.status = r.integer(9);
  out.problem = r.text(10);
  out.took_ms = r.integer(11);
  out.created_at_ms = r.integer(12);
  out.tried_at_ms = r.integer(13);
  out.ended_at_ms = r.integer(14);
  return out;
}

error no_delivery() {
  return {errc::not_found, "id",
          text("there is no delivery with this id", "no hay ninguna entrega con este id")};
}

result<std::vector<due_delivery>> read_due(store::connection& db, const statement& sql,
                                           std::initializer_list<store::value> values) {
  std::vector<due_delivery> out;
  auto done = db.query(sql, values, [&](const store::row& r) {
    out.push_back({std::string(r.text(0)), std::string(r.text(1)), r.integer(2)});
    return true;
  });
  if (!done) return done.error();
  return out;
}

std::string_view name_of_end(delivery_end how) {
  return how == delivery_end::delivered ? "delivered"
         : how == delivery_end::failed  ? "failed"
                                        : "dropped";
}

// A webhook that is disabled here says so to the owner's others.
result<void> count_failure(store::connection& db, std::string_view delivery,
                           std::int64_t failures_max, std::int64_t now_ms,
                           const std::string& announcement_id) {
  static const statement count("update webhook set failures = failures + 1 where id = $1");
  static const statement disable(
      "update webhook set disabled_at_ms = $3, version = version + 1, updated_at_ms = $3, "
      "disabled_why = case when failures >= $2 then 'failures' else 'gone' end "
      "where id = $1 and disabled_at_ms = 0 and (failures >= $2 or exists (select 1 from "
      "webhook_delivery where webhook = $1 and webhook_delivery.id = $4 and status = 410)) "
      "returning owner, url, disabled_why");
  const auto webhook = webhook_of(delivery);
  if (auto counted = db.send(count, {webhook}); !counted) return counted;
  std::optional<announcement> tell;
  auto done =
      db.query(disable, {webhook, failures_max, now_ms, delivery}, [&](const store::row& r) {
        tell = announcement{std::string(r.text(0)), std::string(disabled_event),
                            boost::json::serialize(boost::json::object{
                                {"webhookId", webhook}, {"url", r.text(1)}, {"why", r.text(2)}}),
                            now_ms, announcement_id};
        return false;
      });
  if (!done || !tell) return done;
  return announce(db, *tell);
}

}  // namespace

std::string payload_of(std::string_view event, std::int64_t at_ms, std::string_view data) {
  std::string out = R"({"type":")";
  out += event;
  out += R"(","timestamp":")";
  out += iso_time(at_ms).chars;
  out += R"(","data":)";
  out += data;
  return out + "}";
}

std::string delivery_id(std::string_view webhook) {
  return uuid_v7() + "." + std::string(webhook);
}

std::string_view webhook_of(std::string_view delivery) {
  if (delivery.size() != 2 * uuid_size + 1 || delivery[uuid_size] != '.') return {};
  return delivery.substr(uuid_size + 1);
}

result<void> announce(store::connection& db, const announcement& what) {
  static const statement insert(
      "insert into webhook_delivery (webhook, id, owner, message, event, payload, state, forced, "
      "queued, fence, attempts, status, problem, took_ms, created_at_ms, tried_at_ms, "
      "ended_at_ms) select id, $1 || '.' || id, owner, 'msg_' || $1, $3, $4, 'pending', 0, 0, 0, "
      "0, 0, '', 0, $5, 0, 0 from webhook where owner = $2 and active = 1 and "
      "disabled_at_ms = 0 and (events = '' or events like '%,' || $3 || ',%')");
  const auto payload = payload_of(what.event, what.at_ms, what.data);
  return db.send(insert, {std::string_view(what.id), std::string_view(what.owner),
                          std::string_view(what.event), std::string_view(payload), what.at_ms});
}

void stage_delivery(store::transaction& tx, delivery what) {
  auto kept = std::make_shared<const delivery>(std::move(what));
  tx.stage([kept](store::connection& db) {
    static const statement insert(
        "insert into webhook_delivery (webhook, id, owner, message, event, payload, state, "
        "forced, queued, fence, attempts, status, problem, took_ms, created_at_ms, tried_at_ms, "
        "ended_at_ms) values ($1, $2, $3, $4, $5, $6, 'pending', $7, 0, 0, 0, 0, '', 0, $8, 0, 0)");
    return db.send(insert, {std::string_view(kept->webhook), std::string_view(kept->id),
                            std::string_view(kept->owner), std::string_view(kept->message),
                            std::string_view(kept->event), std::string_view(kept->payload),
                            std::int64_t{kept->forced}, kept->created_at_ms});
  });
}

result<delivery> find_delivery(store::connection& db, std::string_view id) {
  static const statement select("select " + std::string(delivery_columns) +
                                " from webhook_delivery where webhook = $1 and id = $2");
  std::optional<delivery> found;
  auto done = db.query(select, {webhook_of(id), id}, [&](const store::row& r) {
    found = read_delivery(r);
    return false;
  });
  if (!done) return done.error();
  if (!found) return no_delivery();
  return std::move(*found);
}

result<std::vector<delivery>> list_deliveries(store::connection& db, std::string_view webhook,
                                              std::string_view before, std::string_view state,
                                              std::int64_t most) {
  static const statement select("select " + std::string(delivery_columns) +
                                " from webhook_delivery where webhook = $1 and "
                                "($2 = '' or id < $2) and ($3 = '' or state = $3) "
                                "order by id desc limit $4");
  std::vector<delivery> out;
  auto done = db.query(select, {webhook, before, state, most}, [&](const store::row& r) {
    out.push_back(read_delivery(r));
    return true;
  });
  if (!done) return done.error();
  return out;
}

result<std::vector<due_delivery>> due_deliveries(store::connection& db, std::int64_t most) {
  static const statement select(
      "select id, owner, fence from webhook_delivery where queued = 0 order by id limit $1");
  return read_due(db, select, {most});
}

void stage_queued(store::transaction& tx, std::string id) {
  tx.stage([id = std::move(id)](store::connection& db) -> result<void> {
    static const statement mark(
        "update webhook_delivery set queued = 1 where webhook = $1 and id = $2 and queued = 0");
    auto changed = db.execute(mark, {webhook_of(id), std::string_view(id)});
    if (!changed) return changed.error();
    if (*changed == 1) return {};
    return error(errc::conflict, "id", text("its job has been added"));
  });
}

result<std::vector<due_delivery>> owed_deliveries(store::connection& db, std::string_view after,
                                                  std::int64_t most) {
  static const statement select(
      "select id, owner, fence from webhook_delivery where state = 'pending' and queued = 1 and "
      "id > $1 order by id limit $2");
  return read_due(db, select, {after, most});
}

result<bool> take_over_delivery(store::connection& db, const due_delivery& what) {
  static const statement raise(
      "update webhook_delivery set fence = $3 where webhook = $1 and id = $2 and "
      "state = 'pending' and fence < $3");
  auto changed = db.execute(raise, {webhook_of(what.id), std::string_view(what.id), what.fence});
  if (!changed) return changed.error();
  return *changed == 1;
}

void stage_attempt(store::transaction& tx, attempt what) {
  auto kept = std::make_shared<const attempt>(std::move(what));
  tx.stage([kept](store::connection& db) -> result<void> {
    static const statement note(
        "update webhook_delivery set fence = $3, attempts = attempts + 1, status = $4, "
        "problem = $5, took_ms = $6, tried_at_ms = $7 where webhook = $1 and id = $2 and "
        "state = 'pending' and fence <= $3");
    auto changed = db.execute(
        note, {webhook_of(kept->id), std::string_view(kept->id), kept->fence, kept->status,
               std::string_view(kept->problem), kept->took_ms, kept->at_ms});
    if (!changed) return changed.error();
    if (*changed == 1) return {};
    return error(errc::conflict, "id", text("nobody waits for this attempt"));
  });
}

result<void> end_delivery(store::connection& db, std::string_view id, delivery_end how,
                          std::int64_t failures_max, std::int64_t now_ms,
                          const std::string& announcement_id) {
  static const statement end(
      "update webhook_delivery set state = $3, ended_at_ms = $4, queued = 1 "
      "where webhook = $1 and id = $2 and state = 'pending'");
  static const statement clear("update webhook set failures = 0 where id = $1 and failures <> 0");
  const auto webhook = webhook_of(id);
  auto changed = db.execute(end, {webhook, id, name_of_end(how), now_ms});
  if (!changed) return changed.error();
  if (*changed == 0 || how == delivery_end::dropped) return {};
  if (how == delivery_end::delivered) return db.send(clear, {webhook});
  return count_failure(db, id, failures_max, now_ms, announcement_id);
}

result<void> reopen_delivery(store::connection& db, std::string_view id) {
  static const statement reopen(
      "update webhook_delivery set state = 'pending', ended_at_ms = 0, fence = 0 "
      "where webhook = $1 and id = $2 and state <> 'pending'");
  return db.send(reopen, {webhook_of(id), id});
}

result<std::int64_t> forget_deliveries(store::connection& db, std::int64_t now_ms,
                                       std::int64_t most) {
  static const statement forget(
      "delete from webhook_delivery where (webhook, id) in (select webhook, id from "
      "webhook_delivery where created_at_ms < $1 and state <> 'pending' "
      "order by created_at_ms limit $2)");
  return db.execute(forget, {now_ms - deliveries_kept_ms, most});
}

}  // namespace son1k::webhooks
