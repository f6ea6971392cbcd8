// The published description of the API (OpenAPI 3.1), made of the endpoint table and of what is
// written beside it: src/api/openapi/<resource>.json says what a request and its replies look like,
// the row says who may make it and what it counts as, and so which refusals it meets.
// CONTRIBUTING.md says how a file is written. Pure functions; thread-safe.
#pragma once
#include <boost/json/object.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.hpp"

namespace son1k::api {

// One file: its name ("queues.json") and text. "components.json" has what all share.
struct written_description {
  std::string_view name;
  std::string_view text;
};
// Those in the program; static storage.
std::vector<written_description> written_descriptions();

struct api_description {
  boost::json::object document;
  // What keeps it from being whole, for a test and for the log: rows that no file describes,
  // descriptions that no row has ("GET /api/x"), and what is wrong with a file.
  std::vector<std::string> missing;
  std::vector<std::string> left_over;
  std::vector<std::string> wrong;
};

// Rows without a description are left out of the document.
api_description describe(const endpoint_table& table, std::span<const written_description> files,
                         std::string_view version);

}  // namespace son1k::api
