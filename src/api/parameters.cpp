#include "api/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace son1k::api {
namespace {

std::size_t parts_of(std::string_view query) {
  std::size_t out = 0;
  while (!query.empty()) {
    const auto end = query.find('&');
    if (end != 0) ++out;
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
  }
  return out;
}

}  // namespace

parameters::parameters(const net::http_request& request) : pairs_(request.query_pairs()) {
  // Pairs are left out that cannot be decoded.
  if (pairs_.size() == parts_of(request.raw_query)) return;
  problem_ = error(errc::malformed, "query",
                   son1k::text("has an escape that is none, or is no UTF-8",
                               "tiene un escape inválido, o no es UTF-8"));
}

std::optional<std::string> parameters::text(std::string_view name) {
  known_.push_back(name);
  for (const auto& [given, value] : pairs_) {
    if (given == name) return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> parameters::integer(std::string_view name, std::int64_t min,
                                                std::int64_t max) {
  const auto given = text(name);
  if (!given) return std::nullopt;
  std::int64_t n = 0;
  const auto end = given->data() + given->size();
  const auto read = std::from_chars(given->data(), end, n);
  if (read.ec == std::errc() && read.ptr == end && n >= min && n <= max) return n;
  if (!problem_) {
    problem_ = error(errc::validation, std::string(name),
                     son1k::text(fmt::format("must be a whole number from {} to {}", min, max),
                                 fmt::format("debe ser un número entero de {} a {}", min, max)));
  }
  return std::nullopt;
}

result<void> parameters::finish() {
  if (problem_) return *problem_;
  for (std::size_t n = 0; n < pairs_.size(); ++n) {
    const auto& name = pairs_[n].first;
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
      return error(
          errc::validation, name,
          son1k::text("is not a parameter of this request", "no es un parámetro de esta petición"));
    }
    for (std::size_t other = 0; other < n; ++other) {
      if (pairs_[other].first != name) continue;
      return error(errc::validation, name, son1k::text("is given twice", "aparece dos veces"));
    }
  }
  return {};
}

result<void> no_parameters(const net::http_request& request) {
  return parameters(request).finish();
}

}  // namespace son1k::api
