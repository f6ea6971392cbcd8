#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/clock.hpp"
#include "base/utf8.hpp"
#include "queue/query.hpp"

namespace son1k::queue {
namespace {

constexpr std::size_t value_bytes_max = 500;
constexpr std::size_t moment_bytes_max = 20;  // to the second, with the Z

enum class value_type { text, state, number, duration, moment };

struct field_row {
  std::string_view name;
  query_field field;
  std::string_view operators;
  value_type type;
};
constexpr std::array fields{
    field_row{"state", query_field::state, ":", value_type::state},
    field_row{"kind", query_field::kind, ":", value_type::text},
    field_row{"queue", query_field::queue, ":", value_type::text},
    field_row{"id", query_field::id, ":", value_type::text},
    field_row{"user", query_field::user, ":", value_type::text},
    field_row{"group", query_field::group, ":", value_type::text},
    field_row{"worker", query_field::worker, ":", value_type::text},
    field_row{"fingerprint", query_field::fingerprint, ":", value_type::text},
    field_row{"error", query_field::error, ":~", value_type::text},
    field_row{"data.<path>", query_field::data, ":~", value_type::text},
    field_row{"priority", query_field::priority, ":<>", value_type::number},
    field_row{"attempts", query_field::attempts, ":<>", value_type::number},
    field_row{"stalls", query_field::stalls, ":<>", value_type::number},
    field_row{"duration", query_field::duration, "<>", value_type::duration},
    field_row{"wait", query_field::wait, "<>", value_type::duration},
    field_row{"created", query_field::created, "<>", value_type::moment},
    field_row{"started", query_field::started, "<>", value_type::moment},
    field_row{"finished", query_field::finished, "<>", value_type::moment},
};
constexpr std::string_view data_prefix = "data.";
constexpr std::string_view operators = ":~<>";
constexpr std::string_view spaces = " \t\r\n";

constexpr std::array<std::string_view, 8> states{"waiting", "prioritized",      "delayed",
                                                 "active",  "waiting-children", "completed",
                                                 "failed",  "cancelled"};

struct unit_row {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array units{unit_row{"ms", 1},         unit_row{"s", 1'000},
                           unit_row{"m", 60'000},     unit_row{"h", 3'600'000},
                           unit_row{"d", 86'400'000}, unit_row{"w", 604'800'000}};
constexpr std::int64_t span_ms_max = 100LL * 366 * 86'400'000;

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t n = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return {};
  return n;
}

// "90m"; at most a hundred years.
std::optional<std::int64_t> span_ms(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto n = whole(text.substr(0, digits));
  const auto* unit = std::find_if(units.begin(), units.end(), [&](const unit_row& row) {
    return row.name == text.substr(digits);
  });
  if (!n || unit == units.end() || *n > span_ms_max / unit->ms) return {};
  return *n * unit->ms;
}

// Reads one query from left to right.
class reader {
 public:
  reader(std::string_view text, std::int64_t now_ms) : text_(text), now_ms_(now_ms) {}

  result<std::vector<query_term>> read() {
    std::vector<query_term> out;
    for (;;) {
      at_ = std::min(text_.find_first_not_of(spaces, at_), text_.size());
      if (at_ == text_.size()) return out;
      if (out.size() == query_terms_max) {
        return fault(text(fmt::format("at most {} terms", query_terms_max),
                          fmt::format("como máximo {} términos", query_terms_max)));
      }
      begun_ = at_;
      query_term term;
      const field_row* row = nullptr;
      if (auto ok = read_head(term, row); !ok) return ok.error();
      auto value = read_value();
      if (!value) return value.error();
      if (auto ok = interpret(term, *row, std::move(*value)); !ok) return ok.error();
      out.push_back(std::move(term));
    }
  }

 private:
  // The error names the term from its beginning to where reading stopped.
  error fault(text why) const {
    const auto end = std::min(text_.find_first_of(spaces, at_), text_.size());
    const auto shown = text_.substr(begun_, std::min<std::size_t>(end - begun_, 80));
    const auto position = count_code_points(text_.substr(0, begun_)).value_or(begun_) + 1;
    return {errc::validation, "query",
            text(fmt::format("at position {}, \"{}\": {}", position, shown, why.en),
                 fmt::format("en la posición {}, \"{}\": {}", position, shown, why.es))};
  }

  result<void> read_head(query_term& term, const field_row*& row) {
    if (text_[at_] == '-') {
      term.negated = true;
      ++at_;
    }
    const auto end = std::min(text_.find_first_of(":~<>\" \t\r\n", at_), text_.size());
    const auto name = text_.substr(at_, end - at_);
    const bool is_data = name.starts_with(data_prefix);
    const auto* found = std::find_if(fields.begin(), fields.end(), [&](const field_row& f) {
      return is_data ? f.field == query_field::data : f.name == name;
    });
    std::vector<std::string_view> names;
    for (const auto& f : fields) names.push_back(f.name);
    if (found == fields.end()) {
      const auto list = fmt::format("{}", fmt::join(names, ", "));
      return fault(text("a term is a field, an operator and a value; the fields are " + list,
                        "un término es un campo, un operador y un valor; los campos son " + list));
    }
    if (is_data) {
      term.path = name.substr(data_prefix.size());
      if (auto ok = check_path(term.path); !ok) return ok;
    }
    const bool has =
        end < text_.size() && found->operators.find(text_[end]) != std::string_view::npos;
    if (!has) {
      std::vector<char> list(found->operators.begin(), found->operators.end());
      const auto shown = fmt::format("{}", fmt::join(list, " "));
      return fault(text(fmt::format("after {} comes one of: {}", name, shown),
                        fmt::format("después de {} va uno de: {}", name, shown)));
    }
    constexpr std::array meanings{query_op::is, query_op::contains, query_op::below,
                                  query_op::above};
    term.op = meanings[operators.find(text_[end])];
    term.field = found->field;
    row = found;
    at_ = end + 1;
    return {};
  }

  result<void> check_path(std::string_view path) const {
    const auto members = static_cast<std::size_t>(std::count(path.begin(), path.end(), '.')) + 1;
    const bool empty_member = path.empty() || path.front() == '.' || path.back() == '.' ||
                              path.find("..") != std::string_view::npos;
    if (!empty_member && members <= query_path_depth_max) return {};
    return fault(text(
        fmt::format("a path is 1 to {} names joined by dots, as data.a.b", query_path_depth_max),
        fmt::format("una ruta son de 1 a {} nombres unidos por puntos, como data.a.b",
                    query_path_depth_max)));
  }

  result<std::string> read_value() {
    std::string out;
    if (at_ < text_.size() && text_[at_] == '"') {
      if (auto ok = read_quoted(out); !ok) return ok.error();
    } else {
      const auto end = std::min(text_.find_first_of(spaces, at_), text_.size());
      out = text_.substr(at_, end - at_);
      at_ = end;
      if (out.empty()) {
        return fault(text("the value is missing; an empty one is written \"\"",
                          "falta el valor; uno vacío se escribe \"\""));
      }
    }
    if (out.size() > value_bytes_max) {
      return fault(text(fmt::format("a value has at most {} bytes", value_bytes_max),
                        fmt::format("un valor tiene como máximo {} bytes", value_bytes_max)));
    }
    return out;
  }

  result<void> read_quoted(std::string& out) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        if (at_ == text_.size() || spaces.find(text_[at_]) != std::string_view::npos) return {};
        return fault(text("after the closing quote comes a space",
                          "después de la comilla de cierre va un espacio"));
      }
      if (text_[at_] == '\\') {
        ++at_;
        if (at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\\')) {
          return fault(text("in quotes only \\\" and \\\\ are escapes",
                            "entre comillas los únicos escapes son \\\" y \\\\"));
        }
      }
      out += text_[at_];
    }
    return fault(text("the closing quote is missing", "falta la comilla de cierre"));
  }

  result<void> interpret(query_term& term, const field_row& row, std::string value) const {
    switch (row.type) {
      case value_type::text:
        if (term.op == query_op::contains && value.size() < query_contains_bytes_min) {
          return fault(text(fmt::format("~ needs at least {} bytes", query_contains_bytes_min),
                            fmt::format("~ necesita al menos {} bytes", query_contains_bytes_min)));
        }
        term.value = term.op == query_op::contains ? fold_case(value) : std::move(value);
        return {};
      case value_type::state: {
        term.value = std::move(value);
        if (std::find(states.begin(), states.end(), term.value) != states.end()) return {};
        const auto list = fmt::format("{}", fmt::join(states, ", "));
        return fault(text("a state is one of: " + list, "un estado es uno de: " + list));
      }
      case value_type::number:
        if (const auto n = whole(value); n && *n >= 0) {
          term.number = *n;
          return {};
        }
        return fault(
            text("the value is a whole number from 0", "el valor es un número entero desde 0"));
      case value_type::duration:
        if (const auto ms = span_ms(value)) {
          term.number = *ms;
          return {};
        }
        return fault(text("the value is a number and a unit (ms, s, m, h, d, w), as 30s",
                          "el valor es un número y una unidad (ms, s, m, h, d, w), como 30s"));
      case value_type::moment:
        return interpret_moment(term, value);
    }
    return {};
  }

  result<void> interpret_moment(query_term& term, std::string_view value) const {
    if (const auto age = span_ms(value)) {
      term.number = now_ms_ - *age;
      term.op = term.op == query_op::below ? query_op::above : query_op::below;
      return {};
    }
    const auto at = value.size() <= moment_bytes_max ? parse_iso_time(value) : std::nullopt;
    if (at) {
      // From a moment on includes the moment.
      term.number = term.op == query_op::above ? *at - 1 : *at;
      return {};
    }
    return fault(
        text("the value is an age as 2h or 7d, or a time as 2026-01-31 or "
             "2026-01-31T12:30:00Z",
             "el valor es una antigüedad como 2h o 7d, o una hora como 2026-01-31 o "
             "2026-01-31T12:30:00Z"));
  }

  std::string_view text_;
  const std::int64_t now_ms_;
  std::size_t at_ = 0;
  std::size_t begun_ = 0;
};

}  // namespace

std::string_view name_of(query_field field) {
  for (const auto& row : fields) {
    if (row.field == field) return field == query_field::data ? "data" : row.name;
  }
  return {};
}

result<job_query> parse_query(std::string_view written, std::int64_t now_ms) {
  if (written.size() > query_bytes_max) {
    return error(errc::validation, "query",
                 text(fmt::format("at most {} bytes", query_bytes_max),
                      fmt::format("como máximo {} bytes", query_bytes_max)));
  }
  if (!count_code_points(written) || written.find('\0') != std::string_view::npos) {
    return error(errc::validation, "query", text("must be UTF-8", "debe ser UTF-8"));
  }
  auto terms = reader(written, now_ms).read();
  if (!terms) return terms.error();
  return job_query{std::string(written), std::move(*terms)};
}

}  // namespace son1k::queue
