#include "queue/schedules/cron_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace son1k::queue {
namespace {

constexpr std::array<std::string_view, 12> month_words{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> day_words{"sun", "mon", "tue", "wed",
                                                    "thu", "fri", "sat"};
constexpr std::array<cron_field_rule, 6> rules{{
    {"second", "segundo", 0, 59, {}, false},
    {"minute", "minuto", 0, 59, {}, false},
    {"hour", "hora", 0, 23, {}, false},
    {"day of month", "día del mes", 1, 31, {}, true},
    {"month", "mes", 1, 12, month_words, false},
    {"day of week", "día de la semana", 0, 7, day_words, true},
}};

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](char x, char y) { return std::tolower(static_cast<unsigned char>(x)) == y; });
}

class field_text {
 public:
  field_text(std::string_view text, const cron_field_rule& rule) : rule_(rule), whole_(text) {}

  result<cron::field> read() {
    out_.restricted = !whole_.starts_with('*') && !whole_.starts_with('?');
    std::string_view rest = whole_;
    while (true) {
      const auto comma = rest.find(',');
      if (auto ok = read_item(rest.substr(0, comma)); !ok) return ok.error();
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
    return out_;
  }

 private:
  struct range {
    int low = 0;
    int high = 0;
    bool open = false;  // `*`, or a value that a step may continue to the end
  };

  error wrong(const std::string& en, const std::string& es) const {
    return {errc::validation, "cron",
            text(fmt::format("the {} field \"{}\": {}", rule_.name, whole_, en),
                 fmt::format("el campo {} \"{}\": {}", rule_.nombre, whole_, es))};
  }
  bool is_week() const { return rule_.high == 7; }

  result<void> read_item(std::string_view item) {
    const auto slash = item.find('/');
    const auto base = item.substr(0, slash);
    if (rule_.days && read_last(base)) {
      if (slash == std::string_view::npos) return {};
      return wrong("L takes no step", "L no admite paso");
    }
    auto values = read_range(base);
    if (!values) return values.error();
    int step = 1;
    if (slash != std::string_view::npos) {
      auto read = read_step(item.substr(slash + 1));
      if (!read) return read.error();
      step = *read;
      if (values->open) values->high = std::max(values->low, top());
    }
    for (int v = values->low; v <= values->high; v += step) {
      out_.values |= 1ULL << (is_week() && v == 7 ? 0 : v);
    }
    return {};
  }

  // The last value that a range may have without meaning Sunday twice.
  int top() const { return is_week() ? 6 : rule_.high; }

  bool read_last(std::string_view base) {
    if (base.empty() || (base.back() != 'L' && base.back() != 'l')) return false;
    base.remove_suffix(1);
    if (!is_week()) {
      if (base.empty()) out_.last = true;
      return base.empty();
    }
    const auto day = read_value(base);
    if (day) out_.last_days |= 1ULL << (*day % 7);
    return day.has_value();
  }

  result<int> read_step(std::string_view text) const {
    int step = 0;
    const auto end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, step);
    const int span = top() - rule_.low + 1;
    if (read.ec == std::errc() && read.ptr == end && step >= 1 && step <= span) return step;
    return wrong(fmt::format("the step \"{}\" is not in 1..{}", text, span),
                 fmt::format("el paso \"{}\" no está en 1..{}", text, span));
  }

  result<range> read_range(std::string_view base) const {
    if (base == "*" || (base == "?" && rule_.days)) return range{rule_.low, top(), true};
    const auto dash = base.find('-');
    auto low = read_value(base.substr(0, dash));
    if (!low) return low.error();
    if (dash == std::string_view::npos) return range{*low, *low, true};
    auto high = read_value(base.substr(dash + 1));
    if (!high) return high.error();
    if (is_week() && *high == 0 && *low > 0) high = 7;  // sat-sun
    if (*high < *low) {
      return wrong(fmt::format("the range \"{}\" goes backwards", base),
                   fmt::format("el rango \"{}\" va hacia atrás", base));
    }
    return range{*low, *high, false};
  }

  result<int> read_value(std::string_view text) const {
    for (std::size_t i = 0; i < rule_.words.size(); ++i) {
      if (same_word(text, rule_.words[i])) return rule_.low + static_cast<int>(i);
    }
    int value = 0;
    const auto end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (text.empty() || read.ptr != end || text.front() == '-' ||
        read.ec == std::errc::invalid_argument) {
      return wrong(fmt::format("\"{}\" is not a value", text),
                   fmt::format("\"{}\" no es un valor", text));
    }
    if (read.ec != std::errc() || value < rule_.low || value > rule_.high) {
      return wrong(fmt::format("{} is not in {}..{}", text, rule_.low, rule_.high),
                   fmt::format("{} no está en {}..{}", text, rule_.low, rule_.high));
    }
    return value;
  }

  const cron_field_rule& rule_;
  const std::string_view whole_;
  cron::field out_;
};

}  // namespace

std::span<const cron_field_rule> cron_field_rules() {
  return rules;
}

result<cron::field> read_cron_field(std::string_view text, const cron_field_rule& rule) {
  return field_text(text, rule).read();
}

}  // namespace son1k::queue
