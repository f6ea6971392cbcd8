#include "queue/json_leaves.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "queue/query.hpp"

namespace son1k::queue {
namespace json = boost::json;
namespace {

constexpr double exact_integer_max = 9'007'199'254'740'992.0;  // 2^53

std::string spelled(double v) {
  if (std::abs(v) <= exact_integer_max && std::nearbyint(v) == v) {
    return std::to_string(static_cast<std::int64_t>(v));
  }
  return fmt::format("{}", v);
}

std::string spelled(const json::value& v) {
  switch (v.kind()) {
    case json::kind::int64:
      return std::to_string(v.get_int64());
    case json::kind::uint64:
      return std::to_string(v.get_uint64());
    case json::kind::double_:
      return spelled(v.get_double());
    case json::kind::bool_:
      return v.get_bool() ? "true" : "false";
    default:
      return "null";
  }
}

bool visit(const json::value& v, std::string& path, std::size_t depth, const leaf_visitor& leaf) {
  if (const auto* object = v.if_object()) {
    if (depth == query_path_depth_max) return true;
    const std::size_t size = path.size();
    for (const auto& [key, member] : *object) {
      if (size != 0) path += '.';
      path.append(key.data(), key.size());
      const bool goes_on = visit(member, path, depth + 1, leaf);
      path.resize(size);
      if (!goes_on) return false;
    }
    return true;
  }
  if (const auto* array = v.if_array()) {
    for (const auto& element : *array) {
      if (!visit(element, path, depth, leaf)) return false;
    }
    return true;
  }
  if (const auto* string = v.if_string()) return leaf(path, {string->data(), string->size()});
  return leaf(path, spelled(v));
}

}  // namespace

void for_each_leaf(const json::value& v, const leaf_visitor& leaf) {
  std::string path;
  visit(v, path, 0, leaf);
}

std::string one_spelling(std::string_view text) {
  const bool may_be = !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
  if (!may_be) return std::string(text);
  boost::system::error_code ec;
  const auto v = json::parse(json::string_view(text.data(), text.size()), ec);
  if (ec || !v.is_number()) return std::string(text);
  return spelled(v);
}

}  // namespace son1k::queue
