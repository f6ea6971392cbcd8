#include "base/clock.hpp"

#include <fmt/format.h>

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

}  // namespace

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
