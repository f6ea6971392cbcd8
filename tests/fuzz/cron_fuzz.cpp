// Cron patterns: any bytes give a pattern or an error that says why. What was accepted runs, in
// order, at times that it matches itself, in any zone.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "queue/schedules/cron.hpp"
#include "queue/schedules/timing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace son1k::queue;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto pattern = cron::parse(bytes);
  if (!pattern) {
    const auto& why = pattern.error();
    if (why.field != "cron" || why.message.en.empty() || why.message.es.empty()) std::abort();
    return 0;
  }
  constexpr std::int64_t march_2026 = 1'772'323'200;
  std::int64_t from = march_2026;
  for (int i = 0; i < 4; ++i) {
    const auto found = pattern->next_local(from);
    if (!found || *found < from || pattern->next_local(*found) != found) std::abort();
    from = *found + 1;
  }
  for (const char* zone : {"Europe/Madrid", "America/Santiago", "Australia/Lord_Howe"}) {
    const auto when = timing::by_cron(bytes, zone);
    if (!when) std::abort();
    std::int64_t after = march_2026 * 1'000;
    for (const auto at : when->preview(after, 8)) {
      if (at <= after || at % 1'000 != 0) std::abort();
      after = at;
    }
  }
  return 0;
}
