#include "api/share_records.hpp"

#include <memory>
#include <optional>

namespace son1k::api {
using store::statement;
namespace {

constexpr std::string_view columns =
    "id, owner, piece, digest, ending, created_at_ms, expires_at_ms";

share read_share(const store::row& r) {
  share out;
  out.id = r.text(0);
  out.owner = r.text(1);
  out.piece = r.text(2);
  out.digest = r.text(3);
  out.ending = r.text(4);
  out.created_at_ms = r.integer(5);
  out.expires_at_ms = r.integer(6);
  return out;
}

error no_link() {
  return {errc::not_found, "share", text("there is no such link", "no existe ese enlace")};
}

result<std::int64_t> count_shares(store::connection& db, const share& like) {
  static const statement select("select count(*) from piece_share where owner = $1 and piece = $2");
  std::int64_t out = 0;
  auto done = db.query(select, {std::string_view(like.owner), std::string_view(like.piece)},
                       [&](const store::row& r) {
                         out = r.integer(0);
                         return false;
                       });
  if (!done) return done.error();
  return out;
}

result<void> add_share(store::connection& db, const share& made) {
  static const statement insert("insert into piece_share (" + std::string(columns) +
                                ") values ($1, $2, $3, $4, $5, $6, $7)");
  // Of two at the same time the second counts the first.
  if (auto ok = db.lock("piece_share:" + made.piece); !ok) return ok;
  auto piece = find_generation(db, made.owner, made.piece);
  if (!piece) return piece.error();
  if (piece->status != "completed") {
    return error(
        errc::conflict, "id",
        text("only a finished piece can be shared; this one is " + piece->status,
             "solo se puede compartir una pieza terminada; esta está en estado " + piece->status));
  }
  auto count = count_shares(db, made);
  if (!count) return count.error();
  if (*count >= shares_of_a_piece_max) {
    return error(errc::conflict, "id",
                 text("a piece has up to 100 links; revoke one",
                      "una pieza tiene hasta 100 enlaces; revoque uno"));
  }
  return db.send(insert, {std::string_view(made.id), std::string_view(made.owner),
                          std::string_view(made.piece), std::string_view(made.digest),
                          std::string_view(made.ending), made.created_at_ms, made.expires_at_ms});
}

}  // namespace

void stage_share(store::transaction& tx, share made) {
  tx.stage([made = std::make_shared<const share>(std::move(made))](store::connection& db) {
    return add_share(db, *made);
  });
}

void stage_share_revoked(store::transaction& tx, std::string owner, std::string piece,
                         std::string id) {
  static const statement revoke(
      "delete from piece_share where id = $1 and owner = $2 and piece = $3");
  tx.stage([owner = std::move(owner), piece = std::move(piece),
            id = std::move(id)](store::connection& db) -> result<void> {
    auto rows = db.execute(
        revoke, {std::string_view(id), std::string_view(owner), std::string_view(piece)});
    if (!rows) return rows.error();
    if (*rows == 0) return no_link();
    return {};
  });
}

result<std::vector<share>> list_shares(store::connection& db, std::string_view owner,
                                       std::string_view piece) {
  static const statement select("select " + std::string(columns) +
                                " from piece_share where owner = $1 and piece = $2 "
                                "order by id desc limit $3");
  std::vector<share> out;
  auto done = db.query(select, {owner, piece, shares_of_a_piece_max}, [&](const store::row& r) {
    out.push_back(read_share(r));
    return true;
  });
  if (!done) return done.error();
  return out;
}

result<shared_piece> find_shared(store::connection& db, std::string_view digest,
                                 std::int64_t now_ms) {
  static const statement select("select " + std::string(columns) +
                                " from piece_share where digest = $1 "
                                "and (expires_at_ms = 0 or expires_at_ms > $2)");
  std::optional<share> link;
  auto done = db.query(select, {digest, now_ms}, [&](const store::row& r) {
    link = read_share(r);
    return false;
  });
  if (!done) return done.error();
  if (!link) return no_link();
  auto piece = find_generation(db, link->owner, link->piece);
  if (!piece && piece.error().code == errc::not_found) return no_link();
  if (!piece) return piece.error();
  if (piece->status != "completed") return no_link();
  return shared_piece{std::move(*link), std::move(*piece)};
}

result<std::int64_t> forget_shares(store::connection& db, std::int64_t now_ms, std::int64_t most) {
  static const statement forget(
      "delete from piece_share where id in (select id from piece_share "
      "where expires_at_ms > 0 and expires_at_ms < $1 order by id limit $2)");
  return db.execute(forget, {now_ms, most});
}

}  // namespace son1k::api
