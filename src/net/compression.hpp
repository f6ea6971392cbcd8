// Content coding of replies (RFC 9110 section 12.5.3, RFC 1952). Pure functions.
#pragma once
#include <string>
#include <string_view>

namespace son1k::net {

// True if an Accept-Encoding field prefers gzip over sending the bytes as they are; q-values are
// honoured ("gzip;q=0" and "identity;q=1, gzip;q=0.5" say no). An empty field says no.
bool accepts_gzip(std::string_view accept_encoding);
// True for types that shrink: text/*, JSON, JavaScript, SVG, XML.
bool is_compressible(std::string_view content_type);
// The bytes as a gzip member; empty if zlib has no memory.
std::string gzip(std::string_view bytes);

}  // namespace son1k::net
