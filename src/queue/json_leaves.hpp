// The scalar members of a payload with their paths, as search sees them: {"a":{"b":[1,"x"]}} has
// ("a.b", "1") and ("a.b", "x"). Numbers have one spelling (3, not 3.0), true, false and null are
// words. Pure; thread-safe.
#pragma once
#include <boost/json/value.hpp>
#include <functional>
#include <string_view>

namespace son1k::queue {

// Calls `leaf(path, text)` for each until it returns false; deeper than query_path_depth_max
// members nothing is seen. The views live during the call.
using leaf_visitor = std::function<bool(std::string_view path, std::string_view text)>;
void for_each_leaf(const boost::json::value& v, const leaf_visitor& leaf);

// The spelling of a number that is written as JSON writes it; any other text as it is.
std::string one_spelling(std::string_view text);

}  // namespace son1k::queue
