#include "api/version_tag.hpp"

#include <charconv>

namespace son1k::api {

void add_version_tag(net::http_response& to, std::int64_t version) {
  to.headers.add("ETag", '"' + std::to_string(version) + '"');
}

result<std::optional<std::int64_t>> wanted_version(const net::http_request& request) {
  auto tag = request.header("if-match");
  if (tag.empty() || tag == "*") return std::optional<std::int64_t>();
  std::int64_t version = 0;
  if (tag.size() > 2 && tag.front() == '"' && tag.back() == '"') {
    tag = tag.substr(1, tag.size() - 2);
    const auto end = tag.data() + tag.size();
    const auto read = std::from_chars(tag.data(), end, version);
    if (read.ec == std::errc() && read.ptr == end) return std::optional(version);
  }
  return error(
      errc::validation, "If-Match",
      text("must be one ETag of this resource, or *", "debe ser un ETag de este recurso, o *"));
}

}  // namespace son1k::api
