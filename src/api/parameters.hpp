// The query string of a request, read by name. The first problem is kept; finish() tells it and
// refuses parameters that nobody read, that stand twice, or that are no text. One request, one
// thread.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "net/http_message.hpp"

namespace son1k::api {

class parameters {
 public:
  explicit parameters(const net::http_request& request);

  std::optional<std::string> text(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
  // validation, with the parameter's name as the field; malformed for what is no text.
  result<void> finish();

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
  std::vector<std::string_view> known_;
  std::optional<error> problem_;
};

// For requests that take none.
result<void> no_parameters(const net::http_request& request);

}  // namespace son1k::api
