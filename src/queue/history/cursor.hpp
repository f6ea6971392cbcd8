// Opaque cursors: a few fields, and which request they belong to. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace son1k::queue {

// `purpose` is what the pages have in common (the text of a query).
std::string make_cursor(std::string_view purpose, const std::vector<std::string>& fields);
// validation, field "cursor": not made by make_cursor() for this purpose.
result<std::vector<std::string>> read_cursor(std::string_view purpose, std::string_view cursor,
                                             std::size_t fields);
error bad_cursor();

}  // namespace son1k::queue
