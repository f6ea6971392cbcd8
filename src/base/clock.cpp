#include "base/clock.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace son1k {
namespace {

class machine_clock final : public clock_port {
 public:
  std::int64_t now_ms() const override { return since_start<std::chrono::system_clock>(); }
  std::int64_t steady_ms() const override { return since_start<std::chrono::steady_clock>(); }

 private:
  template <class Clock>
  static std::int64_t since_start() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch())
        .count();
  }
};

// The parts of a written time, each of fixed length after a separator of its own.
class time_parts {
 public:
  explicit time_parts(std::string_view text) : rest_(text) {}
  // `separator` (0: none) and `digits` digits of a number up to `max`; -1 and spoilt otherwise.
  int take(char separator, std::size_t digits, int max) {
    const std::size_t lead = separator == 0 ? 0 : 1;
    int n = -1;
    if (rest_.size() >= lead + digits && (lead == 0 || rest_.front() == separator)) {
      const auto part = rest_.substr(lead, digits);
      const auto read = std::from_chars(part.data(), part.data() + part.size(), n);
      if (part.front() == '-' || read.ptr != part.data() + part.size() || n > max) n = -1;
    }
    if (n < 0) return spoilt_ = true, -1;
    rest_.remove_prefix(lead + digits);
    return n;
  }
  bool left() const { return !spoilt_ && !rest_.empty(); }
  bool spoilt() const { return spoilt_; }

 private:
  std::string_view rest_;
  bool spoilt_ = false;
};

}  // namespace

std::optional<std::int64_t> parse_iso_time(std::string_view text) {
  using namespace std::chrono;
  if (text.size() > 10 && text.back() == 'Z') text.remove_suffix(1);
  time_parts parts(text);
  const auto y = year(parts.take(0, 4, 9'999));
  const auto m = month(static_cast<unsigned>(parts.take('-', 2, 12)));
  const auto d = day(static_cast<unsigned>(parts.take('-', 2, 31)));
  if (parts.spoilt() || !(y / m / d).ok() || y < year(1970)) return std::nullopt;
  std::int64_t out = sys_days(y / m / d).time_since_epoch().count() * 86'400'000LL;
  if (parts.left()) {
    out += parts.take('T', 2, 23) * 3'600'000LL;
    out += parts.take(':', 2, 59) * 60'000LL;
    if (parts.left()) out += parts.take(':', 2, 59) * 1'000LL;
    if (parts.left()) out += parts.take('.', 3, 999);
  }
  if (parts.spoilt() || parts.left()) return std::nullopt;
  return out;
}

const clock_port& system_clock() {
  static const machine_clock instance;
  return instance;
}

timestamp_text iso_time(std::int64_t epoch_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds{epoch_ms}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss<milliseconds> time{at - day};
  timestamp_text out{};
  const auto end =
      fmt::format_to_n(out.chars, 24, "{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}.{:03d}Z",
                       static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()), time.hours().count(),
                       time.minutes().count(), time.seconds().count(), time.subseconds().count());
  *end.out = '\0';
  return out;
}

}  // namespace son1k
