#include "base/clock.hpp"

#include <chrono>
#include <cstdio>

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
  std::snprintf(out.chars, sizeof out.chars, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()) % 10000, static_cast<unsigned>(date.month()) % 100,
                static_cast<unsigned>(date.day()) % 100,
                static_cast<int>(time.hours().count() % 100),
                static_cast<int>(time.minutes().count() % 100),
                static_cast<int>(time.seconds().count() % 100),
                static_cast<int>(time.subseconds().count() % 1000));
  return out;
}

}  // namespace son1k
