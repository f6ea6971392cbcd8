#include "api/listing_records.hpp"

#include <memory>

#include "api/generation_records.hpp"

namespace son1k::api {
using store::statement;
using store::value;
namespace {

constexpr std::string_view columns =
    "id, piece, seller, holder, status, title, description, price_minor, currency, style, facts, "
    "audio, certificate, version, created_at_ms, updated_at_ms, sold_at_ms";

listing read_listing(const store::row& r) {
  listing out;
  std::string* const texts[] = {&out.id,     &out.piece, &out.seller,     &out.holder,
                                &out.status, &out.title, &out.description};
  for (int n = 0; n < 7; ++n) *texts[n] = r.text(n);
  out.price_minor = r.integer(7);
  out.currency = r.text(8);
  out.style = r.text(9);
  out.facts = r.text(10);
  out.audio = r.text(11);
  out.certificate = r.text(12);
  out.version = r.integer(13);
  out.created_at_ms = r.integer(14);
  out.updated_at_ms = r.integer(15);
  out.sold_at_ms = r.integer(16);
  return out;
}

error no_listing() {
  return {errc::not_found, "id",
          text("there is no listing with this id", "no hay ninguna publicación con este id")};
}

error already_sold() {
  return {errc::conflict, "id", text("it is sold", "ya está vendida")};
}

error changed_since() {
  return {
      errc::conflict, "If-Match",
      text("it has changed since; read it again", "ha cambiado desde entonces; léala de nuevo")};
}

// Why a change under these conditions found no row.
error why_unchanged(store::connection& db, const std::string& id, const std::string& seller) {
  auto row = find_listing(db, id);
  if (!row) return row.error();
  if (!seller.empty() && row->seller != seller) return no_listing();
  if (row->status != "listed") return already_sold();
  return changed_since();
}

result<void> write_entry(store::connection& db, std::string_view id, std::string_view kind,
                         std::string_view from, std::string_view to, std::int64_t now_ms) {
  static const statement insert(
      "insert into listing_entry (listing, step, kind, from_account, to_account, price_minor, "
      "currency, at_ms) select id, (select coalesce(max(step), 0) + 1 from listing_entry "
      "where listing = $1), $2, $3, $4, price_minor, currency, $5 from listing where id = $1");
  auto rows = db.execute(insert, {id, kind, from, to, now_ms});
  if (!rows) return rows.error();
  if (*rows == 0) return no_listing();
  return {};
}

result<void> add_listing(store::connection& db, const listing& made) {
  static const statement insert("insert into listing (" + std::string(columns) +
                                ") values ($1, $2, $3, $3, 'listed', $4, $5, $6, $7, $8, $9, $10, "
                                "$11, 1, $12, $12, 0) on conflict do nothing");
  auto piece = find_generation(db, made.seller, made.piece);
  if (!piece) return piece.error();
  if (piece->status != "completed") {
    return error(
        errc::conflict, "generationId",
        text("only a finished piece can be listed; this one is " + piece->status,
             "solo se puede publicar una pieza terminada; esta está en estado " + piece->status));
  }
  auto rows = db.execute(
      insert,
      {std::string_view(made.id), std::string_view(made.piece), std::string_view(made.seller),
       std::string_view(made.title), std::string_view(made.description), made.price_minor,
       std::string_view(made.currency), std::string_view(made.style), std::string_view(made.facts),
       std::string_view(made.audio), std::string_view(made.certificate), made.created_at_ms});
  if (!rows) return rows.error();
  if (*rows == 0) {
    return error(errc::conflict, "generationId",
                 text("the piece has a listing already", "la pieza ya tiene una publicación"));
  }
  return write_entry(db, made.id, "listed", "", made.seller, made.created_at_ms);
}

result<void> edit_listing(store::connection& db, const std::string& id, const std::string& seller,
                          std::int64_t version, const listing_edit& to, std::int64_t now_ms) {
  static const statement update(
      "update listing set title = coalesce($3, title), description = coalesce($4, description), "
      "price_minor = coalesce($5, price_minor), currency = coalesce($6, currency), "
      "version = version + 1, updated_at_ms = $8 "
      "where id = $1 and seller = $2 and status = 'listed' and ($7 = 0 or version = $7)");
  const auto words = [](const std::optional<std::string>& v) {
    return v ? value(std::string_view(*v)) : value();
  };
  const value price = to.price_minor ? value(*to.price_minor) : value();
  auto rows =
      db.execute(update, {std::string_view(id), std::string_view(seller), words(to.title),
                          words(to.description), price, words(to.currency), version, now_ms});
  if (!rows) return rows.error();
  if (*rows == 0) return why_unchanged(db, id, seller);
  if (!to.price_minor && !to.currency) return {};
  return write_entry(db, id, "priced", seller, seller, now_ms);
}

result<void> withdraw(store::connection& db, const std::string& id, const std::string& seller,
                      std::int64_t now_ms) {
  // The lock of the row comes first, so that nobody buys it between the entry and the end.
  static const statement hold(
      "update listing set updated_at_ms = $3 where id = $1 and seller = $2 and status = 'listed'");
  static const statement remove("delete from listing where id = $1");
  auto rows = db.execute(hold, {std::string_view(id), std::string_view(seller), now_ms});
  if (!rows) return rows.error();
  if (*rows == 0) return why_unchanged(db, id, seller);
  if (auto ok = write_entry(db, id, "withdrawn", seller, "", now_ms); !ok) return ok;
  return db.send(remove, {std::string_view(id)});
}

// `kind` "sold": by anybody but the seller; "transferred": by the seller alone.
result<void> give(store::connection& db, const hand_over& what, std::string_view kind) {
  static const statement sell(
      "update listing set status = 'sold', holder = $2, sold_at_ms = $3, updated_at_ms = $3, "
      "version = version + 1 where id = $1 and status = 'listed' and seller <> $2 "
      "and ($4 = 0 or version = $4) and ($5 = '' or seller = $5)");
  const bool by_seller = kind == "transferred";
  const std::string seller = by_seller ? what.by : std::string();
  auto rows = db.execute(sell, {std::string_view(what.listing), std::string_view(what.to),
                                what.now_ms, what.version, std::string_view(seller)});
  if (!rows) return rows.error();
  auto row = find_listing(db, what.listing);
  if (*rows > 0 && row)
    return write_entry(db, what.listing, kind, row->seller, what.to, what.now_ms);
  if (!row) return row.error();
  if (row->status == "listed" && row->seller == what.to) {
    return error(errc::conflict, "id", text("it is the seller's own", "es del propio vendedor"));
  }
  return why_unchanged(db, what.listing, seller);
}

std::string pattern_of(std::string_view part) {
  if (part.empty()) return {};
  std::string out = "%";
  for (const char c : part) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out + "%";
}

// $1 status, $2 search, $3 style, $4 currency, $5 seller, $6 holder, $7 and $8 the price, $9 and
// $10 where the page begins, $11 limit
std::string page_sql(std::string_view begins, std::string_view order) {
  return "select " + std::string(columns) +
         " from listing where status = $1 and ($2 = '' or lower(title) like lower($2) escape '\\' "
         "or lower(description) like lower($2) escape '\\') "
         "and ($3 = '' or lower(style) = lower($3)) and ($4 = '' or currency = $4) "
         "and ($5 = '' or seller = $5) and ($6 = '' or holder = $6) "
         "and price_minor >= $7 and ($8 = 0 or price_minor <= $8) "
         "and ($9 = '' or " +
         std::string(begins) + ") order by " + std::string(order) + " limit $11";
}

const statement& page_of(listing_order order) {
  static const statement newest(page_sql("id < $9 and $10 >= 0", "id desc"));
  static const statement oldest(page_sql("id > $9 and $10 >= 0", "id"));
  static const statement cheapest(page_sql("(price_minor, id) > ($10, $9)", "price_minor, id"));
  static const statement dearest(
      page_sql("(price_minor, id) < ($10, $9)", "price_minor desc, id desc"));
  switch (order) {
    case listing_order::oldest:
      return oldest;
    case listing_order::cheapest:
      return cheapest;
    case listing_order::dearest:
      return dearest;
    default:
      return newest;
  }
}

}  // namespace

void stage_listing(store::transaction& tx, listing made) {
  tx.stage([made = std::make_shared<const listing>(std::move(made))](store::connection& db) {
    return add_listing(db, *made);
  });
}

void stage_listing_edit(store::transaction& tx, std::string id, std::string seller,
                        std::int64_t version, listing_edit to, std::int64_t now_ms) {
  tx.stage([id = std::move(id), seller = std::move(seller), version, to = std::move(to),
            now_ms](store::connection& db) {
    return edit_listing(db, id, seller, version, to, now_ms);
  });
}

void stage_listing_withdrawn(store::transaction& tx, std::string id, std::string seller,
                             std::int64_t now_ms) {
  tx.stage([id = std::move(id), seller = std::move(seller), now_ms](store::connection& db) {
    return withdraw(db, id, seller, now_ms);
  });
}

void stage_listing_sold(store::transaction& tx, hand_over what) {
  tx.stage([what = std::move(what)](store::connection& db) { return give(db, what, "sold"); });
}

void stage_listing_transferred(store::transaction& tx, hand_over what) {
  tx.stage(
      [what = std::move(what)](store::connection& db) { return give(db, what, "transferred"); });
}

result<listing> find_listing(store::connection& db, std::string_view id) {
  static const statement select("select " + std::string(columns) + " from listing where id = $1");
  std::optional<listing> out;
  auto done = db.query(select, {id}, [&](const store::row& r) {
    out = read_listing(r);
    return false;
  });
  if (!done) return done.error();
  if (!out) return no_listing();
  return std::move(*out);
}

result<std::vector<listing>> list_listings(store::connection& db, const listing_query& query) {
  const auto pattern = pattern_of(query.search);
  std::vector<listing> out;
  auto done = db.query(
      page_of(query.order),
      {std::string_view(query.status), std::string_view(pattern), std::string_view(query.style),
       std::string_view(query.currency), std::string_view(query.seller),
       std::string_view(query.holder), query.price_min, query.price_max,
       std::string_view(query.after_id), query.after_price, static_cast<std::int64_t>(query.limit)},
      [&](const store::row& r) {
        out.push_back(read_listing(r));
        return true;
      });
  if (!done) return done.error();
  return out;
}

result<std::vector<listing_entry>> list_listing_entries(store::connection& db,
                                                        std::string_view id) {
  static const statement select(
      "select step, kind, from_account, to_account, price_minor, currency, at_ms "
      "from listing_entry where listing = $1 order by step limit 1000");
  std::vector<listing_entry> out;
  auto done = db.query(select, {id}, [&](const store::row& r) {
    out.push_back({r.integer(0), std::string(r.text(1)), std::string(r.text(2)),
                   std::string(r.text(3)), r.integer(4), std::string(r.text(5)), r.integer(6)});
    return true;
  });
  if (!done) return done.error();
  return out;
}

result<std::string> listing_of_piece(store::connection& db, std::string_view piece) {
  static const statement select("select id from listing where piece = $1");
  std::string out;
  auto done = db.query(select, {piece}, [&](const store::row& r) {
    out = r.text(0);
    return false;
  });
  if (!done) return done.error();
  return out;
}

}  // namespace son1k::api
