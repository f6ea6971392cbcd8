// The rows of listings and their ledger. Statements only; steps of a unit of work and reads, on the
// database's threads.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "store/database.hpp"

namespace son1k::api {

struct listing {
  std::string id;
  std::string piece;
  std::string seller;
  std::string holder;  // the seller until it is sold
  std::string status;  // listed | sold
  std::string title;
  std::string description;
  std::int64_t price_minor = 0;
  std::string currency;
  std::string style;
  std::string facts;        // JSON of what strangers may know of the music
  std::string audio;        // of the file, its path below the artifacts folder
  std::string certificate;  // the signed document
  std::int64_t version = 1;
  std::int64_t created_at_ms = 0;
  std::int64_t updated_at_ms = 0;
  std::int64_t sold_at_ms = 0;  // 0: not
};

struct listing_edit {
  std::optional<std::string> title;
  std::optional<std::string> description;
  std::optional<std::int64_t> price_minor;
  std::optional<std::string> currency;
};

enum class listing_order : std::uint8_t { newest, oldest, cheapest, dearest };
// As the parameter `sort` spells them, in the order of the enumerators.
inline constexpr std::array<std::string_view, 4> listing_order_names{"newest", "oldest", "price",
                                                                     "-price"};

struct listing_query {
  std::string status = "listed";
  std::string search;    // part of title or description, whatever its case; empty: any
  std::string style;     // whatever its case; empty: any
  std::string currency;  // empty: any
  std::string seller;    // empty: anybody's
  std::string holder;    // empty: anybody's
  std::int64_t price_min = 0;
  std::int64_t price_max = 0;  // 0: none
  listing_order order = listing_order::newest;
  std::string after_id;  // of the last row of the page before; empty: the first page
  std::int64_t after_price = 0;
  int limit = 20;
};

struct listing_entry {
  std::int64_t step = 0;
  std::string kind;  // listed | priced | sold | transferred | withdrawn
  std::string from;
  std::string to;
  std::int64_t price_minor = 0;
  std::string currency;
  std::int64_t at_ms = 0;
};

// not_found: the seller has no such piece · conflict: it is not finished, or has a listing.
void stage_listing(store::transaction& tx, listing made);
// `version`: that the caller saw, 0: whichever. not_found: the caller sells no such listing ·
// conflict: it is sold; field "If-Match": it has changed since.
void stage_listing_edit(store::transaction& tx, std::string id, std::string seller,
                        std::int64_t version, listing_edit to, std::int64_t now_ms);
// Takes it away; its entries stay. not_found · conflict: it is sold.
void stage_listing_withdrawn(store::transaction& tx, std::string id, std::string seller,
                             std::int64_t now_ms);

struct hand_over {
  std::string listing;
  std::string by;            // who asks: the buyer, or the seller who gives it to somebody
  std::string to;            // who holds it from then on
  std::int64_t version = 0;  // that the caller saw; 0: whichever
  std::int64_t now_ms = 0;
};
// Of all who try, one. not_found · conflict: it is sold; it is the seller's own; field "If-Match".
// A buyer is somebody else than the seller; a transfer is asked for by the seller.
void stage_listing_sold(store::transaction& tx, hand_over what);
void stage_listing_transferred(store::transaction& tx, hand_over what);

// not_found.
result<listing> find_listing(store::connection& db, std::string_view id);
result<std::vector<listing>> list_listings(store::connection& db, const listing_query& query);
// In order; also of a listing that was withdrawn. Empty: there never was one.
result<std::vector<listing_entry>> list_listing_entries(store::connection& db, std::string_view id);
// Empty: the piece has no listing.
result<std::string> listing_of_piece(store::connection& db, std::string_view piece);

}  // namespace son1k::api
