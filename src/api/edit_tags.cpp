#include "api/edit_tags.hpp"

#include <charconv>

#include "api/envelope.hpp"

namespace son1k::api {
namespace {

constexpr std::string_view field_name = "If-Match";
constexpr int precondition_failed = 412;

}  // namespace

result<std::int64_t> expected_version(const net::http_request& request) {
  if (!request.has_header(field_name)) return std::int64_t{0};
  auto given = request.header(field_name);
  if (given == "*") return std::int64_t{0};
  std::int64_t out = 0;
  if (given.size() > 2 && given.front() == '"' && given.back() == '"') {
    given = given.substr(1, given.size() - 2);
    const auto end = given.data() + given.size();
    const auto read = std::from_chars(given.data(), end, out);
    if (read.ec == std::errc() && read.ptr == end && out > 0) return out;
  }
  return error(errc::validation, std::string(field_name),
               text("must be the ETag of an earlier reply, or *",
                    "debe ser el ETag de una respuesta anterior, o *"));
}

net::http_response refuse_edit(const error& fault, const net::http_request& request) {
  if (fault.code == errc::conflict && fault.field == field_name)
    return refuse(fault, precondition_failed, request);
  return refuse(fault, request);
}

}  // namespace son1k::api
