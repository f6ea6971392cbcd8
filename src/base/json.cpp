#include "base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <cmath>

#include "base/utf8.hpp"

namespace son1k {
namespace json = boost::json;
namespace {

error malformed(std::string en, std::string es) {
  return {errc::malformed, "body", text(std::move(en), std::move(es))};
}

// What a parser works with. Most texts are small and many: theirs is kept.
struct json_workspace {
  void clear() {
    stack.reset();
    names.clear();
    first_name.clear();
    key.clear();
  }
  json::value_stack stack;
  std::vector<std::string> names;       // of the objects that are open, outermost first
  std::vector<std::size_t> first_name;  // where each of them begins in `names`
  std::string key;
};
constexpr std::size_t kept_for_bytes_max = 16 * 1024;

// One pass that builds the value and refuses what Boost's own parser lets through: a member given
// twice (two readers could then see two values) and numbers beyond the range of a double (they
// become infinite and cannot be written again).
struct strict_builder {
  constexpr static std::size_t max_object_size = std::size_t(-1);
  constexpr static std::size_t max_array_size = std::size_t(-1);
  constexpr static std::size_t max_key_size = std::size_t(-1);
  constexpr static std::size_t max_string_size = std::size_t(-1);

  strict_builder(json_workspace& with, std::size_t members)
      : stack(with.stack),
        names(with.names),
        first_name(with.first_name),
        key(with.key),
        members_max(members) {}

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return first_name.push_back(names.size()), true; }
  bool on_object_end(std::size_t n, json::error_code& ec) {
    const auto begin = names.begin() + static_cast<std::ptrdiff_t>(first_name.back());
    std::sort(begin, names.end());
    if (const auto same = std::adjacent_find(begin, names.end()); same != names.end()) {
      twice = *same;
      ec = json::error::syntax;
      return false;
    }
    names.resize(first_name.back());
    first_name.pop_back();
    return stack.push_object(n), true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t n, json::error_code&) { return stack.push_array(n), true; }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    key.append(part.data(), part.size());
    return stack.push_chars(part), true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& ec) {
    key.append(part.data(), part.size());
    if (names.size() - first_name.back() >= members_max) {
      ec = json::error::object_too_large;
      return false;
    }
    names.push_back(std::move(key));
    key.clear();
    return stack.push_key(part), true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    return stack.push_chars(part), true;
  }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    return stack.push_string(part), true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t n, json::string_view, json::error_code&) {
    return stack.push_int64(n), true;
  }
  bool on_uint64(std::uint64_t n, json::string_view, json::error_code&) {
    return stack.push_uint64(n), true;
  }
  bool on_double(double d, json::string_view, json::error_code& ec) {
    if (!std::isfinite(d)) return ec = json::error::exponent_overflow, false;
    return stack.push_double(d), true;
  }
  bool on_bool(bool b, json::error_code&) { return stack.push_bool(b), true; }
  bool on_null(json::error_code&) { return stack.push_null(), true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  json::value_stack& stack;
  std::vector<std::string>& names;
  std::vector<std::size_t>& first_name;
  std::string& key;
  const std::size_t members_max;
  std::string twice;
};

result<json::value> parse(json_workspace& with, std::string_view bytes, std::size_t depth,
                          std::size_t members) {
  json::parse_options options;
  options.max_depth = depth;
  json::basic_parser<strict_builder> parser(options, with, members);
  auto& built = parser.handler();
  json::error_code ec;
  const std::size_t used = parser.write_some(false, bytes.data(), bytes.size(), ec);
  if (!ec && used < bytes.size()) ec = json::error::extra_data;
  if (!built.twice.empty()) {
    return malformed("the JSON has the member \"" + built.twice + "\" twice",
                     "el JSON tiene dos veces el campo \"" + built.twice + "\"");
  }
  if (ec == json::error::too_deep) {
    return malformed(fmt::format("the JSON is nested deeper than {} levels", depth),
                     fmt::format("el JSON está anidado a más de {} niveles", depth));
  }
  if (ec == json::error::object_too_large) {
    return malformed(fmt::format("a JSON object has more than {} members", members),
                     fmt::format("un objeto JSON tiene más de {} campos", members));
  }
  if (ec) {
    return malformed(
        fmt::format("the body is not valid JSON: {} near byte {}", ec.message(), used),
        fmt::format("el cuerpo no es JSON válido: {} cerca del byte {}", ec.message(), used));
  }
  return built.stack.release();
}

}  // namespace

result<json::value> parse_json(std::string_view bytes, std::size_t depth, std::size_t members) {
  if (bytes.size() > kept_for_bytes_max) {
    json_workspace own;
    own.clear();
    return parse(own, bytes, depth, members);
  }
  thread_local json_workspace kept;
  kept.clear();
  auto out = parse(kept, bytes, depth, members);
  if (!out) kept.clear();
  return out;
}

object_reader::object_reader(const json::value& v, std::string where)
    : object_(v.if_object()), where_(std::move(where)) {
  if (object_ == nullptr) {
    problem_ =
        error(errc::validation, where_.empty() ? "body" : where_.substr(0, where_.size() - 1),
              text("must be a JSON object", "debe ser un objeto JSON"));
  }
}

std::string object_reader::path(std::string_view name) const {
  return where_ + std::string(name);
}

const json::value* object_reader::take(std::string_view name) {
  known_.push_back(name);
  if (object_ == nullptr || problem_) return nullptr;
  const auto* found = object_->if_contains(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

void object_reader::fail(std::string_view name, text why) {
  if (!problem_) problem_ = error(errc::validation, path(name), std::move(why));
}

std::optional<std::string> object_reader::utf8(std::string_view name, text_bounds bounds) {
  const auto* v = take(name);
  if (v == nullptr) return std::nullopt;
  if (!v->is_string()) return fail(name, {"must be text", "debe ser texto"}), std::nullopt;
  const std::string_view s = v->get_string();
  const auto points = count_code_points(s);
  if (!points) return fail(name, {"must be valid UTF-8", "debe ser UTF-8 válido"}), std::nullopt;
  if (s.find('\0') != std::string_view::npos) {
    return fail(name, {"must not hold a NUL character", "no puede tener un carácter NUL"}),
           std::nullopt;
  }
  if (!bounds.blank_allowed && is_blank(s)) {
    return fail(name, {"must not be empty or blank", "no puede estar vacío o en blanco"}),
           std::nullopt;
  }
  if (*points < bounds.min_points || *points > bounds.max_points) {
    return fail(name, {fmt::format("must have {} to {} characters, it has {}", bounds.min_points,
                                   bounds.max_points, *points),
                       fmt::format("debe tener de {} a {} caracteres, tiene {}", bounds.min_points,
                                   bounds.max_points, *points)}),
           std::nullopt;
  }
  return std::string(s);
}

std::optional<std::int64_t> object_reader::integer(std::string_view name, std::int64_t min,
                                                   std::int64_t max) {
  const auto* v = take(name);
  if (v == nullptr) return std::nullopt;
  std::optional<std::int64_t> number;
  if (v->is_int64()) number = v->get_int64();
  // 60.0 is a whole number to a JSON writer that knows only doubles.
  if (v->is_double() && std::nearbyint(v->get_double()) == v->get_double() &&
      std::abs(v->get_double()) < 9e15) {
    number = static_cast<std::int64_t>(v->get_double());
  }
  if (!number && !v->is_uint64() && !v->is_double()) {
    return fail(name, {"must be a whole number", "debe ser un número entero"}), std::nullopt;
  }
  if (!number || *number < min || *number > max) {
    return fail(name, {fmt::format("must be a whole number from {} to {}", min, max),
                       fmt::format("debe ser un número entero de {} a {}", min, max)}),
           std::nullopt;
  }
  return number;
}

std::optional<double> object_reader::number(std::string_view name, double min, double max) {
  const auto* v = take(name);
  if (v == nullptr) return std::nullopt;
  if (!v->is_number()) return fail(name, {"must be a number", "debe ser un número"}), std::nullopt;
  const double d = v->to_number<double>();
  if (!(d >= min && d <= max)) {
    return fail(name, {fmt::format("must be a number from {} to {}", min, max),
                       fmt::format("debe ser un número de {} a {}", min, max)}),
           std::nullopt;
  }
  return d;
}

std::optional<bool> object_reader::boolean(std::string_view name) {
  const auto* v = take(name);
  if (v == nullptr) return std::nullopt;
  if (!v->is_bool()) {
    return fail(name, {"must be true or false", "debe ser true o false"}), std::nullopt;
  }
  return v->get_bool();
}

std::optional<std::size_t> object_reader::choice(std::string_view name,
                                                 std::span<const std::string_view> allowed) {
  const auto* v = take(name);
  if (v == nullptr) return std::nullopt;
  if (v->is_string()) {
    const auto at = std::find(allowed.begin(), allowed.end(), std::string_view(v->get_string()));
    if (at != allowed.end()) return static_cast<std::size_t>(at - allowed.begin());
  }
  const auto list = fmt::format("{}", fmt::join(allowed, ", "));
  return fail(name, {"must be one of: " + list, "debe ser uno de: " + list}), std::nullopt;
}

std::optional<std::vector<std::string>> object_reader::texts(std::string_view name,
                                                             std::size_t count_max,
                                                             std::size_t points_max) {
  const auto* v = take(name);
  if (v == nullptr) return std::nullopt;
  const text why(fmt::format("must be a list of at most {} texts of at most {} characters",
                             count_max, points_max),
                 fmt::format("debe ser una lista de hasta {} textos de hasta {} caracteres",
                             count_max, points_max));
  if (!v->is_array() || v->get_array().size() > count_max) return fail(name, why), std::nullopt;
  std::vector<std::string> out;
  for (const auto& item : v->get_array()) {
    if (!item.is_string()) return fail(name, why), std::nullopt;
    const auto points = count_code_points(item.get_string());
    if (!points || *points > points_max) return fail(name, why), std::nullopt;
    out.emplace_back(item.get_string());
  }
  return out;
}

const json::value* object_reader::any(std::string_view name) {
  return take(name);
}

void object_reader::require(std::string_view name) {
  if (object_ == nullptr || problem_) return;
  const auto* found = object_->if_contains(name);
  if (found == nullptr || found->is_null()) fail(name, {"is required", "es obligatorio"});
}

result<void> object_reader::finish() {
  if (problem_) return *problem_;
  for (const auto& member : *object_) {
    if (std::find(known_.begin(), known_.end(), std::string_view(member.key())) == known_.end()) {
      return error(errc::validation, path(member.key()),
                   text("is not a field of this request", "no es un campo de esta petición"));
    }
  }
  return {};
}

void json_writer::text(std::string_view name, std::string_view v) {
  open(name);
  append_quoted(v);
}

void json_writer::integer(std::string_view name, std::int64_t v) {
  open(name);
  out_ += std::to_string(v);
}

void json_writer::boolean(std::string_view name, bool v) {
  open(name);
  out_ += v ? "true" : "false";
}

std::string json_writer::finish() {
  out_ += out_.empty() ? "{}" : "}";
  return std::move(out_);
}

void json_writer::open(std::string_view name) {
  out_ += out_.empty() ? '{' : ',';
  append_quoted(name);
  out_ += ':';
}

// RFC 8259 §7: quotation mark, reverse solidus and what is below U+0020 must be escaped.
void json_writer::append_quoted(std::string_view v) {
  static constexpr char digits[] = "0123456789abcdef";
  out_ += '"';
  for (const char c : v) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (byte < 0x20) {
      out_ += "\\u00";
      out_ += digits[byte >> 4];
      out_ += digits[byte & 15];
    } else {
      out_ += c;
    }
  }
  out_ += '"';
}

}  // namespace son1k
