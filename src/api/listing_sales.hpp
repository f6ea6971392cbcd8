// How a listing changes hands: POST /api/nft/:id/buy, /transfer, GET /ledger. Part of the resource
// listings.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "api/endpoint.hpp"
#include "api/listing_records.hpp"
#include "api/services.hpp"

namespace son1k::api {

// The listing that the address names. not_found.
boost::asio::awaitable<result<listing>> listing_of_request(std::shared_ptr<const services> with,
                                                           net::http_request& request);

void bind_listing_sales(endpoint_table& routes, const services& with);

}  // namespace son1k::api
