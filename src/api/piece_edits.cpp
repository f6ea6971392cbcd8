#include "api/piece_edits.hpp"

#include "api/listing_records.hpp"
#include "base/uuid.hpp"
#include "queue/options_codec.hpp"
#include "webhooks/generation_events.hpp"

namespace son1k::api {
using store::statement;
using store::value;
namespace {

// The state of a piece, on the writer's side of what is staged before. not_found.
result<std::string> status_of(store::connection& db, const std::string& owner,
                              const std::string& id) {
  static const statement select("select status from generation where id = $1 and owner = $2");
  std::string out;
  auto done =
      db.query(select, {std::string_view(id), std::string_view(owner)}, [&](const store::row& r) {
        out = r.text(0);
        return false;
      });
  if (!done) return done.error();
  if (out.empty()) return no_such_piece();
  return out;
}

error changed_since() {
  return {
      errc::conflict, "If-Match",
      text("it has changed since; read it again", "ha cambiado desde entonces; léalo de nuevo")};
}

error not_again(const std::string& status) {
  return {errc::conflict, "id",
          text("only a failed or cancelled piece can be made again; this one is " + status,
               "solo se puede volver a hacer una pieza fallida o cancelada; esta está en estado " +
                   status)};
}

result<void> edit_piece(store::connection& db, const std::string& owner, const std::string& id,
                        std::int64_t version, const piece_edit& to) {
  static const statement update(
      "update generation set title = coalesce($3, title), tags = coalesce($4, tags), "
      "favourite = coalesce($5, favourite), version = version + 1 "
      "where id = $1 and owner = $2 and ($6 = 0 or version = $6)");
  const auto tags = packed_tags(to.tags.value_or(std::vector<std::string>()));
  const value title = to.title ? value(std::string_view(*to.title)) : value();
  const value words = to.tags ? value(std::string_view(tags)) : value();
  const value favourite = to.favourite ? value(std::int64_t{*to.favourite}) : value();
  auto rows = db.execute(
      update, {std::string_view(id), std::string_view(owner), title, words, favourite, version});
  if (!rows) return rows.error();
  if (*rows > 0) return {};
  auto status = status_of(db, owner, id);
  if (!status) return status.error();
  return changed_since();
}

result<void> begin_again(store::connection& db, const accounts::reservation& wanted) {
  static const statement again(
      "update generation set status = 'pending', error_code = null, error_message = null, "
      "result = null, started_at_ms = null, finished_at_ms = null, fence = 0 "
      "where id = $1 and owner = $2 and status in ('failed', 'cancelled')");
  auto rows =
      db.execute(again, {std::string_view(wanted.generation), std::string_view(wanted.account)});
  if (!rows) return rows.error();
  if (*rows > 0) return accounts::reserve_again(db, wanted);
  auto status = status_of(db, wanted.account, wanted.generation);
  if (!status) return status.error();
  return not_again(*status);
}

result<void> delete_piece(store::connection& db, const std::string& owner, const std::string& id,
                          std::int64_t now_ms, const std::string& told) {
  static const statement links("delete from piece_share where owner = $1 and piece = $2");
  static const statement row("delete from generation where id = $1 and owner = $2");
  static const statement note(
      "insert into deleted_piece (id, at_ms) values ($1, $2) on conflict do nothing");
  auto status = status_of(db, owner, id);
  if (!status) return status.error();
  auto offered = listing_of_piece(db, id);
  if (!offered) return offered.error();
  if (!offered->empty()) {
    return error(errc::conflict, "id",
                 text("the piece has a listing; withdraw it first, if it is not sold",
                      "la pieza tiene una publicación; retírela antes, si no está vendida"));
  }
  const std::string_view key(id), whose(owner);
  auto done = db.send(links, {whose, key});
  if (done) done = db.send(row, {key, whose});
  if (done) done = db.send(note, {key, now_ms});
  if (!done) return done;
  if (*status != "pending" && *status != "processing") return {};
  if (auto ok = accounts::refund_reserved(db, owner, id, now_ms); !ok) return ok;
  return webhooks::announce(db, webhooks::cancelled_piece(owner, id, now_ms, told));
}

}  // namespace

void stage_piece_edit(store::transaction& tx, std::string owner, std::string id,
                      std::int64_t version, piece_edit to) {
  tx.stage([owner = std::move(owner), id = std::move(id), version, to = std::move(to)](
               store::connection& db) { return edit_piece(db, owner, id, version, to); });
}

void stage_piece_again(store::transaction& tx, accounts::reservation wanted) {
  tx.stage([wanted = std::move(wanted)](store::connection& db) { return begin_again(db, wanted); });
}

void stage_piece_delete(store::transaction& tx, std::string owner, std::string id,
                        std::int64_t now_ms) {
  tx.stage([owner = std::move(owner), id = std::move(id), now_ms, told = uuid_v7()](
               store::connection& db) { return delete_piece(db, owner, id, now_ms, told); });
}

result<queue::job_spec> job_of_piece(store::connection& db, const std::string& owner,
                                     const std::string& id) {
  static const statement select(
      "select request, job_priority, job_group, job_options from generation "
      "where id = $1 and owner = $2");
  std::optional<queue::job_spec> out;
  auto done =
      db.query(select, {std::string_view(id), std::string_view(owner)}, [&](const store::row& r) {
        out.emplace();
        out->data = r.text(0);
        out->options = queue::decode_options(r.text(3));
        out->options.priority = static_cast<std::int32_t>(r.integer(1));
        out->options.group = r.text(2);
        return false;
      });
  if (!done) return done.error();
  if (!out) return no_such_piece();
  out->queue = "generation";
  out->kind = "generation";
  out->id = id;
  out->user = owner;
  return std::move(*out);
}

result<std::vector<std::string>> deleted_pieces(store::connection& db, std::int64_t most) {
  static const statement select("select id from deleted_piece order by at_ms, id limit $1");
  std::vector<std::string> out;
  auto done = db.query(select, {most}, [&](const store::row& r) {
    out.emplace_back(r.text(0));
    return true;
  });
  if (!done) return done.error();
  return out;
}

void stage_deleted_forgotten(store::transaction& tx, std::vector<std::string> ids,
                             std::int64_t until_ms) {
  static const statement forget("delete from deleted_piece where id = $1 and at_ms < $2");
  tx.stage([ids = std::move(ids), until_ms](store::connection& db) -> result<void> {
    for (const auto& id : ids) {
      if (auto ok = db.send(forget, {std::string_view(id), until_ms}); !ok) return ok;
    }
    return {};
  });
}

}  // namespace son1k::api
