// Deduplication: who holds an id, and what a refused add does to the one who does.
#include <algorithm>

#include "queue/embedded/core.hpp"

namespace son1k::queue::embedded {
namespace {

bool is_replaced(const job_entry& e) {
  return e.in_flight == commit_in_flight::replacing;
}

}  // namespace

// True: somebody holds the id, and the reply says who. Two adds that are under way at once both
// pass here; the step of the second finds the id taken. So does one whose own id is on its way in:
// it may be known by then, and that comes first.
bool core::refused_by_owner(staged_batch& batch, staged_tree& tree, const arrival& known_as,
                            const job_spec& spec) {
  const auto room = known_as.room;
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
  if (schedule_.in(room).pending.contains(known_as.id)) return false;
  batch.replies.push_back({owner->id, true, 0});
  const auto i = schedule_.find(room, owner->id);
  if (i != no_entry && schedule_[i].seq == owner->seq)
    emit(event_type::deduplicated, schedule_[i], batch.now);
  auto touch = touch_of(batch, tree, room, spec);
  touch.seq = owner->seq;
  touch.owner = owner->id;
  touch.reply = batch.replies.size() - 1;
  if (touch.until > 0 || touch.replaces) batch.touches.push_back(std::move(touch));
  return true;
}

staged_touch core::touch_of(const staged_batch& batch, const staged_tree& tree, std::uint16_t room,
                            const job_spec& spec) {
  const auto& dedup = spec.options.dedup;
  staged_touch touch;
  touch.key = {room, dedup.id};
  touch.queue = spec.queue;
  if (dedup.extend) {
    touch.until = tree.until;
    touch.until_ms = tree.until_ms;
  }
  touch.replaces = dedup.replace;
  if (!touch.replaces) return touch;
  touch.data = spec.data;
  if (spec.options.delay_ms > 0) {
    touch.run_at_ms = batch.now + spec.options.delay_ms;
    touch.due = batch.steady + spec.options.delay_ms;
  }
  return touch;
}

// The step of a tree whose deduplication id has an owner by now.
result<void> core::refuse_tree(store::connection& c, staged_batch& batch, staged_tree& tree) {
  const auto& root = batch.jobs[tree.root];
  auto owner = read_dedup_owner(c, root.spec.queue, root.spec.options.dedup.id);
  if (!owner) return owner.error();
  tree.refused = true;
  if (tree.touch && tree.touch->taken && tree.touch->seq != owner->seq) {
    std::lock_guard lock(mutex_);
    let_go(*tree.touch);
  }
  if (!tree.touch || !tree.touch->taken) {
    tree.touch = std::make_unique<staged_touch>(touch_of(batch, tree, root.room, root.spec));
    tree.touch->seq = owner->seq;
    tree.touch->owner = std::move(owner->owner);
  }
  return touch_row(c, *tree.touch);
}

// Whether the owner is delayed is asked here, where nothing comes between the answer and the
// commit: what memory knows is taken out of its list; what only the file knows yet (the owner comes
// or is replaced in the same commit) is followed in memory by touched(). A step that runs again
// finds it taken.
result<void> core::touch_row(store::connection& c, staged_touch& touch) {
  if (touch.until > 0) {
    auto ok = extend_dedup(c, {touch.queue, touch.key.second, {}, touch.seq, touch.until_ms});
    if (!ok) return ok;
  }
  touch.written = false;
  if (!touch.replaces) return {};
  bool known = false;
  {
    std::lock_guard lock(mutex_);
    const auto i = owner_entry(touch);
    known = i != no_entry && (touch.taken || !is_replaced(schedule_[i]));
    if (known && !touch.taken && !take_for(touch, i)) return {};
  }
  if (!known) {
    const auto state = state_in_row(c, touch.seq);
    if (!state) return state.error();
    if (*state != job_state::delayed) return {};
  }
  touch.written = true;
  return replace_argument(c, touch.seq, touch.run_at_ms, touch.data);
}

entry_index core::owner_entry(const staged_touch& touch) {
  const auto i = schedule_.find(touch.key.first, touch.owner);
  return i != no_entry && schedule_[i].seq == touch.seq ? i : no_entry;
}

// Takes a delayed owner out of its list; false: it is not delayed.
bool core::take_for(staged_touch& touch, entry_index i) {
  auto& e = schedule_[i];
  if (e.state != job_state::delayed || e.in_flight != commit_in_flight::none) return false;
  schedule_.take_out(i);
  e.in_flight = commit_in_flight::replacing;
  touch.entry = i;
  touch.taken = true;
  return true;
}

void core::touched(staged_touch& touch, std::int64_t now) {
  if (touch.until > 0) owners_.extend(touch.key, touch.seq, touch.until);
  if (!touch.written) return;
  if (!touch.taken) {
    const auto i = owner_entry(touch);
    if (i == no_entry || !take_for(touch, i)) return;
  }
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
