#include "api/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace son1k::api {

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
