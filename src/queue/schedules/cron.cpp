#include "queue/schedules/cron.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <chrono>
#include <vector>

#include "base/utf8.hpp"
#include "queue/schedules/cron_fields.hpp"

namespace son1k::queue {
namespace {

constexpr std::int64_t day_seconds = 86'400;
constexpr int search_days = 12 * 366;

struct nickname {
  std::string_view name;
  std::string_view pattern;
};
constexpr std::array<nickname, 7> nicknames{{{"@yearly", "0 0 1 1 *"},
                                             {"@annually", "0 0 1 1 *"},
                                             {"@monthly", "0 0 1 * *"},
                                             {"@weekly", "0 0 * * 0"},
                                             {"@daily", "0 0 * * *"},
                                             {"@midnight", "0 0 * * *"},
                                             {"@hourly", "0 * * * *"}}};

error wrong(std::string en, std::string es) {
  return {errc::validation, "cron", text(std::move(en), std::move(es))};
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return out;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

result<void> check_text(std::string_view text) {
  if (text.size() > cron_bytes_max) {
    return wrong(fmt::format("must have at most {} bytes", cron_bytes_max),
                 fmt::format("debe tener como mucho {} bytes", cron_bytes_max));
  }
  const bool plain =
      std::ranges::all_of(text, [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
  if (plain) return {};
  return wrong("must have printable ASCII characters only",
               "debe tener solo caracteres ASCII imprimibles");
}

result<std::vector<std::string_view>> fields_of(std::string_view text) {
  auto words = words_of(text);
  if (words.size() == 1 && words.front().starts_with('@')) {
    const auto name = lower(words.front());
    const auto known = std::ranges::find(nicknames, name, &nickname::name);
    if (known == nicknames.end()) {
      return wrong("\"" + name +
                       "\" is not one of @yearly, @annually, @monthly, @weekly, @daily, "
                       "@midnight, @hourly",
                   "\"" + name +
                       "\" no es ninguno de @yearly, @annually, @monthly, @weekly, "
                       "@daily, @midnight, @hourly");
    }
    words = words_of(known->pattern);
  }
  if (words.size() == 5) words.insert(words.begin(), "0");
  if (words.size() == 6) return words;
  return wrong(
      fmt::format("must have 5 fields, or 6 with seconds first; it has {}", words.size()),
      fmt::format("debe tener 5 campos, o 6 con los segundos delante; tiene {}", words.size()));
}

std::chrono::year_month_day date_of(std::int64_t day) {
  return std::chrono::sys_days(std::chrono::days(day));
}

int lowest(std::uint64_t bits) {
  return std::countr_zero(bits);
}
std::uint64_t from(std::uint64_t bits, std::int64_t low) {
  return low > 63 ? 0 : bits & (~0ULL << low);
}

}  // namespace

result<cron> cron::parse(std::string_view text) {
  if (auto ok = check_text(text); !ok) return ok.error();
  auto words = fields_of(text);
  if (!words) return words.error();
  std::array<field, 6> read;
  const auto rules = cron_field_rules();
  for (std::size_t i = 0; i < read.size(); ++i) {
    auto one = read_cron_field((*words)[i], rules[i]);
    if (!one) return one.error();
    read[i] = *one;
  }
  cron out;
  out.seconds_ = read[0].values;
  out.minutes_ = read[1].values;
  out.hours_ = read[2].values;
  out.days_ = read[3];
  out.months_ = read[4].values;
  out.week_days_ = read[5];
  if (out.has_a_day()) return out;
  return wrong("never fires: none of its months has such a day",
               "nunca se cumple: ninguno de sus meses tiene ese día");
}

bool cron::has_a_day() const {
  if (days_.last) return true;
  if (days_.restricted && week_days_.restricted) return true;
  static constexpr int longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (int m = 1; m <= 12; ++m) {
    if ((months_ >> m & 1) != 0 && lowest(days_.values) <= longest[m - 1]) return true;
  }
  return false;
}

bool cron::has_month(std::int64_t day) const {
  return (months_ >> static_cast<unsigned>(date_of(day).month()) & 1) != 0;
}

bool cron::matches_day(std::int64_t day) const {
  const auto date = date_of(day);
  const auto number = static_cast<unsigned>(date.day());
  const auto weekday = std::chrono::weekday(std::chrono::sys_days(date)).c_encoding();
  const auto end =
      std::chrono::year_month_day_last(date.year(), std::chrono::month_day_last(date.month()));
  const auto length = static_cast<unsigned>(end.day());
  const bool by_date = (days_.values >> number & 1) != 0 || (days_.last && number == length);
  const bool by_week = (week_days_.values >> weekday & 1) != 0 ||
                       ((week_days_.last_days >> weekday & 1) != 0 && number + 7 > length);
  if (days_.restricted && week_days_.restricted) return by_date || by_week;
  return by_date && by_week;
}

std::optional<std::int64_t> cron::next_second_of_day(std::int64_t from_second) const {
  const auto h = from_second / 3600;
  const auto m = from_second / 60 % 60;
  const auto s = from_second % 60;
  const auto time = [](int hour, int minute, int second) {
    return std::int64_t{hour} * 3600 + minute * 60 + second;
  };
  if ((hours_ >> h & 1) != 0) {
    if ((minutes_ >> m & 1) != 0) {
      if (const auto left = from(seconds_, s)) {
        return time(static_cast<int>(h), static_cast<int>(m), lowest(left));
      }
    }
    if (const auto left = from(minutes_, m + 1)) {
      return time(static_cast<int>(h), lowest(left), lowest(seconds_));
    }
  }
  if (const auto left = from(hours_, h + 1)) {
    return time(lowest(left), lowest(minutes_), lowest(seconds_));
  }
  return std::nullopt;
}

std::optional<std::int64_t> cron::next_local(std::int64_t from_second) const {
  auto day = from_second / day_seconds;
  auto second = from_second % day_seconds;
  if (second < 0) second += day_seconds, --day;
  const auto last = day + search_days;
  while (day <= last) {
    if (!has_month(day)) {
      const auto date = date_of(day);
      const auto next = date.year() / date.month() / std::chrono::day(1) + std::chrono::months(1);
      day = std::chrono::sys_days(next).time_since_epoch().count();
      second = 0;
      continue;
    }
    if (matches_day(day)) {
      if (const auto found = next_second_of_day(second)) return day * day_seconds + *found;
    }
    ++day;
    second = 0;
  }
  return std::nullopt;
}

}  // namespace son1k::queue
