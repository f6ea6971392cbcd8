// The files of a finished piece: /api/generation/:id/audio?format=, /midi, /peaks. Range, ETag and
// conditional requests; another audio format is made from the kept master at the first request.
#pragma once
#include "api/endpoint.hpp"
#include "api/generation_records.hpp"
#include "api/services.hpp"

namespace son1k::api {

// A file of a finished piece, with ranges: kind "audio" (in the `format` that the query asks for),
// "midi", "peaks". Refused: the piece is not finished, or has no such file.
boost::asio::awaitable<net::http_response> send_piece_file(const services& with,
                                                           net::http_request& request,
                                                           generation_record row,
                                                           std::string_view kind,
                                                           std::string cache_control);

void bind_generation_files(endpoint_table& routes, const services& with);

}  // namespace son1k::api
