#include "queue/control.hpp"
#include "queue/policy.hpp"

namespace son1k::queue {
namespace {

constexpr std::int64_t days_366_ms = 366LL * 86'400'000;
constexpr std::int64_t concurrency_max = 1'000'000'000;

result<void> in_range(const std::string& field, std::int64_t value, std::int64_t low,
                      std::int64_t high) {
  if (value >= low && value <= high) return {};
  const auto bounds = std::to_string(low) + ".." + std::to_string(high);
  return error(errc::validation, field, {"must be in " + bounds, "debe estar en " + bounds});
}

result<void> check_gate(const std::string& where, std::int64_t concurrency,
                        const std::optional<rate_limit>& rate) {
  auto ok = in_range(where + "concurrency", concurrency, 0, concurrency_max);
  if (ok && rate) ok = in_range(where + "rate.max", rate->max, 1, rate_limit_max);
  if (ok && rate) ok = in_range(where + "rate.duration", rate->per_ms, 1, days_366_ms);
  return ok;
}

}  // namespace

result<void> check(const group_limits& limits) {
  return check_gate("", limits.concurrency, limits.rate);
}

result<void> check(const queue_limits& limits) {
  auto ok = check_gate("", limits.concurrency, limits.rate);
  if (ok) ok = check_gate("eachGroup.", limits.each_group.concurrency, limits.each_group.rate);
  if (ok) ok = in_range("ageing", limits.ageing_ms, 0, days_366_ms);
  return ok;
}

bool fits(job_edit::what kind, job_state state) {
  switch (kind) {
    case job_edit::what::retry:
      return is_ended(state);
    case job_edit::what::promote:
      return state == job_state::delayed;
    case job_edit::what::priority:
      return state != job_state::active && !is_ended(state);
    case job_edit::what::to_front:
    case job_edit::what::to_back:
      return state == job_state::waiting || state == job_state::prioritized;
    case job_edit::what::remove:
      return state != job_state::active && state != job_state::waiting_children;
  }
  return false;
}

}  // namespace son1k::queue
