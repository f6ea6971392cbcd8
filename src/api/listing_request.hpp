// What requests about listings hold: read and checked. Part of the resource listings; pure
// functions, thread-safe.
#pragma once
#include <string>
#include <string_view>

#include "api/listing_records.hpp"
#include "net/http_message.hpp"

namespace son1k::api {

struct new_listing {
  std::string generation;
  std::string title;  // empty: that of the piece
  std::string description;
  std::int64_t price_minor = 0;
  std::string currency;
};

// malformed, validation: the field is named.
result<new_listing> read_new_listing(const net::http_request& request);
// As the other, of which any may be left out, but not all.
result<listing_edit> read_listing_edit(const net::http_request& request);
// {to}: the account that gets it.
result<std::string> read_recipient(const net::http_request& request);

// q, style, currency, priceMin, priceMax, status, mine (selling, holding), sort, limit, cursor.
// validation, with the parameter's name as the field.
result<listing_query> read_listing_query(const net::http_request& request, std::string_view caller);
// Leads on behind this row, in the order that it was listed in.
std::string cursor_of(const listing& last);

}  // namespace son1k::api
