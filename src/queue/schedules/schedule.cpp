#include "queue/schedules/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace son1k::queue {
namespace {

constexpr std::size_t id_bytes_max = 64;
constexpr std::int64_t limit_max = 1'000'000'000;

error wrong(std::string field, std::string en, std::string es) {
  return {errc::validation, std::move(field), text(std::move(en), std::move(es))};
}

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

result<void> check_id(std::string_view id) {
  if (!id.empty() && id.size() <= id_bytes_max && std::ranges::all_of(id, plain)) return {};
  return wrong("id", "must be 1 to 64 letters, digits, '.', '_' or '-'",
               "debe tener de 1 a 64 letras, cifras, '.', '_' o '-'");
}

result<void> check_times(const schedule_spec& spec) {
  struct row {
    const char* field;
    std::int64_t value, high;
  };
  for (const auto& row :
       {row{"startAt", spec.start_at_ms, time_ms_max}, row{"endAt", spec.end_at_ms, time_ms_max},
        row{"limit", spec.limit, limit_max}}) {
    if (row.value >= 0 && row.value <= row.high) continue;
    return wrong(row.field, fmt::format("must be in 0..{}", row.high),
                 fmt::format("debe estar en 0..{}", row.high));
  }
  if (spec.end_at_ms == 0 || spec.end_at_ms > spec.start_at_ms) return {};
  return wrong("endAt", "must be later than startAt", "debe ser posterior a startAt");
}

result<void> check_job(const schedule_spec& spec) {
  if (spec.options.delay_ms != 0) {
    return wrong("options.delay", "has no meaning here: the schedule says when",
                 "no tiene sentido aquí: el horario dice cuándo");
  }
  if (!spec.options.traceparent.empty()) {
    return wrong("options.traceparent", "has no meaning here: it belongs to one job",
                 "no tiene sentido aquí: es de un solo trabajo");
  }
  return check(job_of(spec, time_ms_max));
}

}  // namespace

std::span<const std::string_view> missed_rule_names() {
  static constexpr std::array<std::string_view, 2> names{"skip", "once"};
  return names;
}

std::span<const std::string_view> overlap_rule_names() {
  static constexpr std::array<std::string_view, 3> names{"skip", "queue", "cancel-running"};
  return names;
}

result<timing> check(const schedule_spec& spec) {
  if (auto ok = check_id(spec.id); !ok) return ok.error();
  if (auto ok = check_job(spec); !ok) return ok.error();
  if (auto ok = check_times(spec); !ok) return ok.error();
  if (spec.cron.empty() == (spec.every_ms == 0)) {
    return wrong("cron", "either cron or every must be given, not both",
                 "debe darse cron o every, y no ambos");
  }
  if (spec.every_ms != 0) return timing::by_interval(spec.every_ms, spec.start_at_ms);
  return timing::by_cron(spec.cron, spec.zone);
}

std::int64_t run_after(const schedule_spec& spec, const timing& when, std::int64_t after_ms,
                       std::int64_t runs) {
  if (spec.limit != 0 && runs >= spec.limit) return 0;
  const auto found = when.next(std::max(after_ms, spec.start_at_ms - 1));
  if (!found || (spec.end_at_ms != 0 && *found > spec.end_at_ms)) return 0;
  return *found;
}

std::vector<std::int64_t> preview(const schedule_spec& spec, const timing& when,
                                  std::int64_t after_ms, std::int64_t runs, std::size_t count) {
  std::vector<std::int64_t> out;
  while (out.size() < std::min(count, preview_max)) {
    after_ms = run_after(spec, when, after_ms, runs++);
    if (after_ms == 0) break;
    out.push_back(after_ms);
  }
  return out;
}

due_step step_of(const schedule& due, const timing& when, std::int64_t now_ms) {
  if (now_ms - due.next_run_ms <= missed_after_ms) return {true, due.next_run_ms, 0};
  const auto newest_missed = now_ms - missed_after_ms - 1;
  std::int64_t missed = 0;
  for (auto at = due.next_run_ms; at != 0 && at <= newest_missed && missed < missed_counted_max;
       ++missed)
    at = run_after(due.spec, when, at, due.runs);
  if (due.spec.missed == missed_rule::once) return {true, now_ms, missed};
  return {false, newest_missed, missed};
}

job_spec job_of(const schedule_spec& spec, std::int64_t due_ms) {
  job_spec out;
  out.queue = spec.queue;
  out.kind = spec.kind;
  out.id = fmt::format("repeat:{}:{}", spec.id, due_ms);
  out.data = spec.data;
  out.user = spec.user;
  out.options = spec.options;
  return out;
}

}  // namespace son1k::queue
