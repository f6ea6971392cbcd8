#include "net/compression.hpp"

#include <zlib.h>

#include <cstdlib>

#include "net/field_text.hpp"
#include "net/http_message.hpp"

namespace son1k::net {
namespace {

// The q-value in thousandths; broken ones count as 0 so that we never compress on a guess.
int quality_of(std::string_view parameters) {
  parameters = trim(parameters);
  if (parameters.empty()) return 1000;
  if (!parameters.starts_with("q=") && !parameters.starts_with("Q=")) return 0;
  const auto digits = parameters.substr(2);
  if (digits.empty() || digits.size() > 5 || (digits[0] != '0' && digits[0] != '1')) return 0;
  if (digits.size() > 1 && digits[1] != '.') return 0;
  int out = (digits[0] - '0') * 1000;
  int weight = 100;
  for (const char c : digits.substr(digits.size() > 1 ? 2 : 1)) {
    if (c < '0' || c > '9') return 0;
    out += (c - '0') * weight;
    weight /= 10;
  }
  return out > 1000 ? 0 : out;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  int named = -1;
  int any = -1;
  int identity = -1;
  while (!accept_encoding.empty()) {
    const auto comma = accept_encoding.find(',');
    const auto item = accept_encoding.substr(0, comma);
    const auto semicolon = item.find(';');
    const auto name = trim(item.substr(0, semicolon));
    const int quality =
        quality_of(semicolon == std::string_view::npos ? "" : item.substr(semicolon + 1));
    if (same_name(name, "gzip") || same_name(name, "x-gzip")) named = quality;
    if (name == "*") any = quality;
    if (same_name(name, "identity")) identity = quality;
    if (comma == std::string_view::npos) break;
    accept_encoding.remove_prefix(comma + 1);
  }
  const int wanted = named >= 0 ? named : any;
  return wanted > 0 && wanted >= identity;
}

bool is_compressible(std::string_view content_type) {
  const auto type = trim(content_type.substr(0, content_type.find(';')));
  return type.starts_with("text/") || type == "application/json" || type.ends_with("+json") ||
         type == "application/javascript" || type == "image/svg+xml" || type == "application/xml";
}

std::string gzip(std::string_view bytes) {
  constexpr int fast_level = 4;
  constexpr int gzip_window = 15 + 16;
  z_stream stream{};
  if (deflateInit2(&stream, fast_level, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return {};
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  // zlib's interface is not const-correct; it does not write here.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int outcome = deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return outcome == Z_STREAM_END ? out : std::string();
}

}  // namespace son1k::net
