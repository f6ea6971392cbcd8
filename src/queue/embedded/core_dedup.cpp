// Deduplication: who holds an id, and what a refused add does to the one who does.
#include <algorithm>

#include "queue/embedded/core.hpp"

namespace son1k::queue::embedded {

// True: somebody holds the id, and the reply says who. Two adds that are under way at once both
// pass here; the step of the second finds the id taken.
bool core::refused_by_owner(staged_batch& batch, staged_tree& tree, std::uint16_t room,
                            const job_spec& spec) {
  const auto& dedup = spec.options.dedup;
  const dedup_key key{room, dedup.id};
  if (dedup.ttl_ms > 0) {
    tree.until = batch.steady + dedup.ttl_ms;
    tree.until_ms = batch.now + dedup.ttl_ms;
  }
  const auto* owner = owners_.holder(key, batch.steady);
  if (owner == nullptr) {
    const auto* last = owners_.last(key);
    tree.former = last != nullptr ? last->seq : 0;
    return false;
  }
  batch.replies.push_back({owner->id, true, 0});
  const auto i = schedule_.find(room, owner->id);
  const bool there = i != no_entry && schedule_[i].seq == owner->seq;
  if (there) emit(event_type::deduplicated, schedule_[i], batch.now);
  staged_touch touch;
  touch.key = key;
  touch.queue = spec.queue;
  touch.seq = owner->seq;
  if (dedup.extend && owner->until > 0 && dedup.ttl_ms > 0) {
    touch.until = tree.until;
    touch.until_ms = tree.until_ms;
  }
  if (dedup.replace && there && schedule_[i].state == job_state::delayed) {
    touch.entry = i;
    touch.data = spec.data;
    if (spec.options.delay_ms > 0) {
      touch.run_at_ms = batch.now + spec.options.delay_ms;
      touch.due = batch.steady + spec.options.delay_ms;
    }
  }
  if (touch.until > 0 || touch.entry != no_entry) batch.touches.push_back(std::move(touch));
  return true;
}

result<void> core::touch_row(store::connection& c, staged_touch& touch) {
  if (touch.until > 0) {
    auto ok = extend_dedup(c, {touch.queue, touch.key.second, {}, touch.seq, touch.until_ms});
    if (!ok) return ok;
  }
  if (touch.entry == no_entry) return {};
  auto state = job_state::delayed;
  {
    // Taken out of its list only now, so that no caller holds a job back with a transaction that is
    // never committed. A step that runs again finds it taken.
    std::lock_guard lock(mutex_);
    auto& e = schedule_[touch.entry];
    if (!touch.taken) {
      if (e.seq != touch.seq || e.state != job_state::delayed ||
          e.in_flight != commit_in_flight::none)
        return {};
      schedule_.take_out(touch.entry);
      e.in_flight = commit_in_flight::editing;
      touch.taken = true;
    }
    if (touch.run_at_ms == 0) state = ready_state(e.priority);
  }
  return replace_argument(c, touch.seq, state, touch.run_at_ms, touch.data);
}

void core::touched(staged_touch& touch, std::int64_t now) {
  if (touch.until > 0) owners_.extend(touch.key, touch.seq, touch.until);
  if (!touch.taken) return;
  touch.taken = false;
  auto& e = schedule_[touch.entry];
  if (e.seq != touch.seq) return;
  e.in_flight = commit_in_flight::none;
  if (e.data.cached()) {
    const std::string user(e.data.user());
    uncache(e);
    cache(e, touch.data, user);
  }
  if (touch.run_at_ms > 0) {
    schedule_.delay(touch.entry, touch.run_at_ms, touch.due);
    wake_before(touch.due);
  } else {
    emit(event_type::waiting, e, now, name_of(job_state::delayed));
    schedule_.move(touch.entry, ready_state(e.priority), now);
    touched_rooms_.push_back(e.room);
  }
}

void core::let_go(staged_touch& touch) {
  if (!touch.taken) return;
  touch.taken = false;
  auto& e = schedule_[touch.entry];
  if (e.seq == touch.seq) back_to_its_place(touch.entry);
}

void core::back_to_its_place(entry_index i) {
  auto& e = schedule_[i];
  e.in_flight = commit_in_flight::none;
  schedule_.put_in(i, clock_.steady_ms() + (e.at_ms - clock_.now_ms()));
  touched_rooms_.push_back(e.room);
  look_at_children(i, clock_.now_ms());
}

std::optional<freed_id> core::freed_by(const job_entry& e, bool leaves) {
  const auto* key = owners_.key_of(e.seq);
  if (key == nullptr) return std::nullopt;
  const auto* owner = owners_.last(*key);
  if (owner->until > 0 && !leaves) return std::nullopt;
  return freed_id{schedule_.name(key->first), key->second, e.seq};
}

void core::load_owner(const loaded_owner& row) {
  const auto number = schedule_.open_room(row.queue);
  if (!number) return;
  const auto known = kin_.find(row.seq);
  const bool there = known != kin_.end() && known->second != no_entry;
  const bool holds = row.until_ms > 0 || (there && !is_ended(schedule_[known->second].state));
  // Without a time to live it holds as long as its job; a dead owner gives way to whoever comes.
  std::int64_t until = holds ? 0 : 1;
  if (row.until_ms > 0)
    until = std::max<std::int64_t>(1, clock_.steady_ms() + (row.until_ms - clock_.now_ms()));
  owners_.take({*number, row.id}, {row.seq, row.owner, until});
}

void core::purge_owners() {
  auto freed = std::make_shared<std::vector<freed_id>>();
  {
    std::lock_guard lock(mutex_);
    for (const auto seq : owners_.over(clock_.steady_ms(), sweep_slice)) {
      const auto& key = *owners_.key_of(seq);
      freed->push_back({schedule_.name(key.first), key.second, seq});
    }
  }
  if (freed->empty()) return;
  store::transaction tx(store::durability::process);
  tx.stage([freed](store::connection& c) { return erase_owners(c, *freed); });
  tx.on_outcome([self = shared_from_this(), freed](bool committed) {
    if (!committed) return;
    std::lock_guard lock(self->mutex_);
    for (const auto& id : *freed) self->owners_.release(id.seq);
  });
  db_.commit(std::move(tx), [](result<void>) {});
}

}  // namespace son1k::queue::embedded
