// Listings as replies tell them. Part of the resource listings; pure functions, thread-safe.
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "api/listing_records.hpp"
#include "net/http_message.hpp"

namespace son1k::api {

// `reader` sees who holds it if it is them or if they sold it.
boost::json::object to_json(const listing& row, std::string_view reader);
boost::json::object to_json(const listing_entry& row);
// ERC-721 metadata, for those who mint by other means.
boost::json::object metadata_of(const listing& row);

// With its ETag, and `notice`: what a listing is not, in the reader's language.
net::http_response reply_listing(int status, const listing& row, const net::http_request& request);
boost::json::string notice_for(const net::http_request& request);

// not_found: the address has no id of a listing.
result<void> check_listing_id(const net::http_request& request);

}  // namespace son1k::api
