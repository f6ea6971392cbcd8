#include "ops/doctor_clock.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace son1k::ops {
namespace {

constexpr std::int64_t skew_warning_ms = 1'000;
constexpr std::int64_t skew_bad_ms = 30'000;

}  // namespace

finding judge_clock(std::string about, std::int64_t skew_ms, std::int64_t round_ms) {
  const auto most = std::abs(skew_ms) - round_ms / 2;
  const auto how = most > skew_bad_ms       ? verdict::bad
                   : most > skew_warning_ms ? verdict::warning
                                            : verdict::good;
  finding out{std::move(about),
              how,
              text(fmt::format("{} ms from this machine's", skew_ms),
                   fmt::format("a {} ms del de esta máquina", skew_ms)),
              {}};
  if (how != verdict::good) {
    out.advice = text("set both machines' clocks by NTP (timedatectl set-ntp true)",
                      "ponga en hora ambas máquinas por NTP (timedatectl set-ntp true)");
  }
  return out;
}

}  // namespace son1k::ops
