// Range, conditional requests and dates of RFC 9110 (sections 5.6.7, 13 and 14). Pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace son1k::net {

enum class range_kind { whole, part, unsatisfiable };

struct range_choice {
  range_kind kind = range_kind::whole;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// What a Range field asks of `size` bytes: "bytes=0-99", "bytes=100-", "bytes=-50". Another unit or
// several ranges give the whole; a range outside the bytes, or text that is no range, cannot be
// satisfied (416).
range_choice choose_range(std::string_view field, std::uint64_t size);

// True if an If-None-Match list ("*", "\"a\", W/\"b\"") names the tag; weak comparison.
bool etag_matches(std::string_view list, std::string_view etag);
// True if If-Range allows the part: a strong tag equal to ours, or exactly our date.
bool if_range_holds(std::string_view field, std::string_view etag, std::int64_t modified_s);

// "Sun, 06 Nov 1994 08:49:37 GMT" of UTC seconds since 1970, and back (that form only).
std::string http_date(std::int64_t epoch_s);
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace son1k::net
