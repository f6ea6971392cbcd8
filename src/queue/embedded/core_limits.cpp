// The limits of queues and groups: on file first, then in the schedule.
#include "queue/embedded/core.hpp"
#include "queue/embedded/limits_table.hpp"

namespace son1k::queue::embedded {
namespace {

constexpr std::size_t group_bytes_max = 128;

error too_many(const char* field) {
  return {errc::unavailable, field, {"too many different names", "demasiados nombres distintos"}};
}

}  // namespace

result<void> core::stage_limits(store::transaction& tx, const std::string& queue,
                                const queue_limits& limits) {
  if (!usable_) return usable_;
  if (auto ok = check(limits); !ok) return ok;
  std::lock_guard lock(mutex_);
  const auto number = schedule_.open_room(queue);
  if (!number) return too_many("queue");
  tx.stage([queue, text = encode_limits(limits)](store::connection& c) {
    return save_limits(c, queue, text);
  });
  tx.on_outcome([self = shared_from_this(), room = *number, limits](bool committed) {
    if (committed)
      self->limits_changed(room, [&](struct room& r, std::int64_t steady) {
        self->schedule_.set_limits(r, limits, steady);
      });
  });
  return {};
}

result<void> core::stage_group_limits(store::transaction& tx, const std::string& queue,
                                      const std::string& group,
                                      const std::optional<group_limits>& limits) {
  if (!usable_) return usable_;
  if (group.size() > group_bytes_max)
    return error(errc::validation, "group",
                 {"must be at most 128 bytes", "debe tener como mucho 128 bytes"});
  if (limits)
    if (auto ok = check(*limits); !ok) return ok;
  std::lock_guard lock(mutex_);
  const auto number = schedule_.open_room(queue);
  if (!number) return too_many("queue");
  if (limits && !schedule_.in(*number).lanes.fits(group, settings_.groups_max))
    return too_many("group");
  auto text = limits ? std::optional(encode_limits(*limits)) : std::nullopt;
  tx.stage([queue, group, text = std::move(text)](store::connection& c) {
    return save_group_limits(c, queue, group, text);
  });
  tx.on_outcome([self = shared_from_this(), room = *number, group, limits](bool committed) {
    if (committed)
      self->limits_changed(room, [&](struct room& r, std::int64_t steady) {
        r.lanes.set_own(group, limits, steady);
      });
  });
  return {};
}

void core::limits_changed(std::uint16_t room_number,
                          const std::function<void(room&, std::int64_t)>& apply) {
  tickets ready;
  {
    std::lock_guard lock(mutex_);
    auto& r = schedule_.in(room_number);
    apply(r, clock_.steady_ms());
    serve(r, ready);
    look_ = true;  // a rate may open at another time now
    wake_.notify_one();
  }
  record_starts(std::move(ready));
}

result<queue_limits> core::limits(const std::string& queue) {
  if (!usable_) return usable_.error();
  std::lock_guard lock(mutex_);
  const auto number = schedule_.find_room(queue);
  return number ? schedule_.in(*number).limits : queue_limits{};
}

result<void> core::load_limits(store::connection& c) {
  const auto steady = clock_.steady_ms();
  auto ok = scan_limits(c, [&](std::string_view queue, const queue_limits& limits) {
    if (const auto n = schedule_.open_room(queue))
      schedule_.set_limits(schedule_.in(*n), limits, steady);
  });
  if (!ok) return ok;
  return scan_group_limits(
      c, [&](std::string_view queue, std::string_view group, const group_limits& limits) {
        if (const auto n = schedule_.open_room(queue))
          schedule_.in(*n).lanes.set_own(group, limits, steady);
      });
}

}  // namespace son1k::queue::embedded
