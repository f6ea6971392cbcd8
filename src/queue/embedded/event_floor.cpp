#include "queue/embedded/event_floor.hpp"

#include "base/log.hpp"
#include "queue/embedded/core.hpp"

namespace son1k::queue::embedded {

result<std::uint64_t> read_event_floor(store::connection& c) {
  static const store::statement sql("SELECT floor FROM job_event_floor");
  std::uint64_t floor = 0;
  const auto ok = c.query(sql, {}, [&floor](const store::row& r) {
    floor = static_cast<std::uint64_t>(r.integer(0));
    return false;
  });
  if (!ok) return ok.error();
  return floor;
}

result<void> save_event_floor(store::connection& c, std::uint64_t floor) {
  static const store::statement sql(
      "INSERT INTO job_event_floor (only_row, floor) VALUES (1, $1) ON CONFLICT (only_row) "
      "DO UPDATE SET floor = excluded.floor WHERE job_event_floor.floor < excluded.floor");
  const auto ok = c.execute(sql, {static_cast<std::int64_t>(floor)});
  if (!ok) return ok.error();
  return {};
}

void core::stage_event_floor(store::transaction& tx) {
  const auto floor = events_.next_id() + settings_.event_ids_ahead;
  tx.stage([floor](store::connection& c) { return save_event_floor(c, floor); });
  tx.on_outcome([self = weak_from_this(), floor](bool committed) {
    if (const auto alive = self.lock(); alive && committed) alive->event_floor_ = floor;
  });
}

void core::keep_event_floor() {
  if (events_.next_id() + settings_.event_ids_ahead / 2 <= event_floor_) return;
  store::transaction tx;
  stage_event_floor(tx);
  db_.commit(std::move(tx), [](const result<void>& ok) {
    if (!ok) log::warn("queue.event_floor_not_kept", {{"error", ok.error().what()}});
  });
}

}  // namespace son1k::queue::embedded
