// The request head, the chunked body, ranges, dates and the query: any bytes give a value or an
// error, and how the bytes were cut into pieces never changes which.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/byte_range.hpp"
#include "net/chunked_body.hpp"
#include "net/compression.hpp"
#include "net/request_head.hpp"
#include "net/router.hpp"

namespace {

using namespace son1k::net;

struct head_outcome {
  head_progress progress = head_progress::more;
  std::size_t length = 0;
  int status = 0;
};

head_outcome scan_in_steps(request_head& head, std::string_view bytes, std::size_t step) {
  head_outcome out;
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    out.progress = head.scan(bytes.substr(0, end));
    if (out.progress != head_progress::more || end == bytes.size()) break;
  }
  out.length = out.progress == head_progress::complete ? head.length() : 0;
  out.status = out.progress == head_progress::faulty ? head.fault().status : 0;
  return out;
}

void check_body(std::string_view bytes) {
  constexpr std::size_t bound = 4096;
  chunked_body whole(bound);
  std::string whole_body;
  auto rest = bytes;
  const auto outcome = whole.feed(rest, whole_body);
  chunked_body pieces(bound);
  std::string pieces_body;
  auto progress = chunked_body::progress::more;
  for (std::size_t i = 0; i < bytes.size() && progress == chunked_body::progress::more; ++i) {
    auto piece = bytes.substr(i, 1);
    progress = pieces.feed(piece, pieces_body);
  }
  if (progress != outcome || whole_body.size() > bound) std::abort();
  if (outcome == chunked_body::progress::complete && whole_body != pieces_body) std::abort();
}

void check_request(request_head& head, std::string_view block) {
  http_request request;
  if (head.parse(block, request)) return;
  if (head.chunked && head.content_length > 0) std::abort();
  if (request.path.empty() || request.target.empty()) std::abort();
  for (const auto& [name, value] : request.query_pairs()) (void)request.query(name);
  const auto range = choose_range(request.header("Range"), 1000);
  if (range.kind == range_kind::part && (range.length == 0 || range.offset + range.length > 1000)) {
    std::abort();
  }
  (void)etag_matches(request.header("If-None-Match"), "\"a\"");
  (void)if_range_holds(request.header("If-Range"), "\"a\"", 0);
  (void)accepts_gzip(request.header("Accept-Encoding"));
  static const router routes = [] {
    router made;
    made.add_all({{http_method::get, "/a/:id/:part",
                   sync_handler([](http_request&) { return http_response(); })}});
    return made;
  }();
  (void)routes.find(request);
  for (const auto& [name, value] : request.params) {
    if (value.find_first_of(std::string_view("/\\\0", 3)) != value.npos || value == "..") {
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  request_head at_once({});
  const auto outcome = scan_in_steps(at_once, bytes, size + 1);
  request_head in_steps({});
  const auto again = scan_in_steps(in_steps, bytes, 7);
  if (outcome.progress != again.progress || outcome.length != again.length) std::abort();
  if (outcome.progress == head_progress::complete) {
    check_request(at_once, bytes.substr(0, outcome.length));
    check_body(bytes.substr(outcome.length));
  } else {
    check_body(bytes);
  }
  return 0;
}
