// The one shape of every JSON reply, and the one table from an error to HTTP.
//   {"success":true,"data":…,"pagination"?:…}
//   {"success":false,"error":{"code","message","details"?,"requestId","timestamp"}}
// Pure functions; thread-safe.
#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/http_message.hpp"

namespace son1k::api {

struct error_row {
  errc code;
  int status;
  std::string_view public_code;  // stable, documented
};
// Total over errc.
const error_row& row_of(errc code);
// The other way round, for callers of the API; internal for what the table does not have.
errc code_of(int status, std::string_view public_code);

// `data` is a serialised JSON value.
net::http_response reply_serialized(int status, std::string_view data);
net::http_response reply(int status, const boost::json::value& data);
net::http_response reply_page(const boost::json::value& data,
                              const boost::json::object& pagination);
// In the language that Accept-Language prefers (Spanish or English). `retryAfterSeconds` among the
// details (whole seconds) is told in the field Retry-After too.
net::http_response refuse(const error& fault, const net::http_request& request);
// As refuse(), with a status that HTTP itself prescribes (405, 408, 505, …).
net::http_response refuse(const error& fault, int status, const net::http_request& request);

// True if the header's best match between Spanish and English is Spanish (RFC 9110 §12.5.4).
bool prefers_spanish(std::string_view accept_language);

}  // namespace son1k::api
