// One piece as replies tell it, and how a request names it. Part of the resource generation.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "api/generation_records.hpp"
#include "api/services.hpp"
#include "net/http_message.hpp"

namespace son1k::api {

// The row, and its job while it has one that can be seen.
struct found_piece {
  generation_record row;
  std::optional<queue::job_glance> live;
};

// not_found: the address has no id of a piece.
result<void> check_piece_id(const net::http_request& request);

// not_found: there is none, or it is somebody else's.
boost::asio::awaitable<result<found_piece>> find_piece(const services& with, std::string owner,
                                                       std::string id);
boost::asio::awaitable<result<generation_record>> find_piece_row(const services& with,
                                                                 std::string owner, std::string id);

// `live` is the job of a piece that has not ended.
boost::json::object view_of(const generation_record& row, const queue::job_glance* live);
// Of what its owner says of it, with the quotes.
std::string etag_of(const generation_record& row);

// Null: it is not JSON.
boost::json::value parsed_or_null(const std::string& text);

}  // namespace son1k::api
