#include "queue/history/cursor.hpp"

#include <fmt/format.h>

#include <boost/algorithm/hex.hpp>
#include <boost/algorithm/string/split.hpp>
#include <iterator>

#include "queue/history/fingerprint.hpp"

namespace son1k::queue {
namespace {

constexpr char separator = '\n';
constexpr std::size_t cursor_bytes_max = 8'192;

std::string tag_of(std::string_view purpose, std::string_view content) {
  return fmt::format("{:016x}", hash_of(content, hash_of(purpose)));
}

}  // namespace

std::string make_cursor(std::string_view purpose, const std::vector<std::string>& fields) {
  const auto content = fmt::format("{}", fmt::join(fields, "\n"));
  std::string out = tag_of(purpose, content);
  boost::algorithm::hex_lower(content.begin(), content.end(), std::back_inserter(out));
  return out;
}

result<std::vector<std::string>> read_cursor(std::string_view purpose, std::string_view cursor,
                                             std::size_t fields) {
  if (cursor.size() < 16 || cursor.size() > cursor_bytes_max) return bad_cursor();
  std::string content;
  try {
    boost::algorithm::unhex(cursor.begin() + 16, cursor.end(), std::back_inserter(content));
  } catch (const boost::algorithm::hex_decode_error&) {
    return bad_cursor();
  }
  if (cursor.substr(0, 16) != tag_of(purpose, content)) return bad_cursor();
  std::vector<std::string> out;
  boost::algorithm::split(out, content, [](char c) { return c == separator; });
  if (out.size() != fields) return bad_cursor();
  return out;
}

error bad_cursor() {
  return {errc::validation, "cursor",
          text("must be the cursor of an earlier page of the same request",
               "debe ser el cursor de una página anterior de la misma petición")};
}

}  // namespace son1k::queue
