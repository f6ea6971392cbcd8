#include "queue/embedded/schedule.hpp"

#include <algorithm>
#include <limits>

namespace son1k::queue::embedded {
namespace {

// Suspects looked at for one whose group may run; the others wait for its rate.
constexpr std::size_t suspects_tried_max = 64;

}  // namespace

std::optional<std::uint16_t> schedule::open_room(std::string_view queue) {
  const auto number = names_.number_of(queue);
  if (number && *number == rooms_.size()) rooms_.emplace_back(pool_);
  return number;
}

std::uint32_t schedule::hash_of(std::uint16_t room, const id_text& id) {
  const auto wide = id.hash() + room * 0x9e3779b97f4a7c15ULL;
  return static_cast<std::uint32_t>(wide ^ (wide >> 32));
}

entry_index schedule::find(std::uint16_t room, const id_text& id) const {
  const auto found = index_.find(sought{room, id, hash_of(room, id)});
  return found == index_.end() ? no_entry : found->entry;
}

entry_index schedule::find(const lease& held) const {
  const auto number = names_.find(held.queue);
  if (!number || !pool_.contains(held.slot)) return no_entry;
  const auto i = static_cast<entry_index>(held.slot);
  const auto& e = pool_[i];
  if (e.room == *number && e.id.view() == held.id) return i;
  return find(*number, held.id);
}

entry_index schedule::insert(job_entry&& e, std::int64_t due) {
  const auto i = pool_.take();
  auto& entry = pool_[i] = std::move(e);
  auto& r = rooms_[entry.room];
  r.lanes.hold(entry.group);
  index_.insert(key{i, hash_of(entry.room, entry.id)});
  if (is_ready(entry.state)) entry.turn = ++last_turn_;
  if (entry.state == job_state::delayed) {
    r.delayed.push(pool_, i, due);
    entry.place = entry_place::listed;
  } else {
    enlist(i);
  }
  return i;
}

void schedule::forget(entry_index i) {
  unlist(i);
  const auto& e = pool_[i];
  rooms_[e.room].lanes.release(e.group);
  index_.erase(key{i, hash_of(e.room, e.id)});
  pool_.give_back(i);
}

void schedule::move(entry_index i, job_state to, std::int64_t at_ms) {
  unlist(i);
  auto& e = pool_[i];
  e.state = to;
  e.at_ms = at_ms;
  if (is_ready(to)) e.turn = ++last_turn_;
  if (is_ended(to)) e.condemned = false;
  enlist(i);
}

void schedule::delay(entry_index i, std::int64_t run_at_ms, std::int64_t due) {
  unlist(i);
  auto& e = pool_[i];
  e.state = job_state::delayed;
  e.at_ms = run_at_ms;
  e.place = entry_place::listed;
  rooms_[e.room].delayed.push(pool_, i, due);
}

void schedule::put_back(entry_index i) {
  unlist(i);
  pool_[i].state = ready_state(pool_[i].priority);
  enlist_ready(i, true);
}

void schedule::stalled(entry_index i, std::int32_t stalls) {
  unlist(i);
  pool_[i].stalls = stalls;
  pool_[i].state = ready_state(pool_[i].priority);
  enlist_ready(i, true);
}

void schedule::condemn(entry_index i) {
  auto& e = pool_[i];
  // One that a commit has taken out of its list comes back by put_in().
  const bool listed = is_ready(e.state) && e.place != entry_place::nowhere;
  if (listed) unlist(i);
  e.condemned = true;
  if (listed) enlist_ready(i, true);
}

void schedule::set_priority(entry_index i, std::int32_t priority) {
  auto& e = pool_[i];
  const bool ready = is_ready(e.state);
  if (ready) unlist(i);
  e.priority = priority;
  if (!ready) return;
  e.state = ready_state(priority);
  e.turn = ++last_turn_;
  enlist_ready(i, false);
}

void schedule::take_out(entry_index i) {
  unlist(i);
}

void schedule::put_in(entry_index i, std::int64_t due) {
  const auto& e = pool_[i];
  if (e.place != entry_place::nowhere) return;
  if (e.state == job_state::delayed)
    delay(i, e.at_ms, due);
  else if (is_ready(e.state))
    enlist_ready(i, true);
  else
    enlist(i);
}

void schedule::to_front(entry_index i) {
  auto& e = pool_[i];
  if (!is_ready(e.state)) return;
  unlist(i);
  e.turn = rooms_[e.room].lanes.front_turn();
  enlist_ready(i, true);
}

void schedule::to_back(entry_index i) {
  auto& e = pool_[i];
  if (!is_ready(e.state)) return;
  unlist(i);
  e.turn = ++last_turn_;
  enlist_ready(i, false);
}

entry_index schedule::next_start(room& r, std::int64_t steady) {
  if (r.paused) return no_entry;
  if (!r.condemned.empty()) return std::get<entry_index>(*r.condemned.begin());
  if (alone_ != no_entry || r.gate.full() || r.gate.wait_ms(steady) > 0) return no_entry;
  r.lanes.open_due(steady);
  const auto ordinary = r.lanes.next(r.limits.ageing_ms);
  const bool idle = running_ == 0;
  turns_.look(steady, suspects_attended(steady), idle);
  if (idle && !r.suspects.empty() && turns_.suspects_may_start(ordinary != no_entry)) {
    if (const auto i = next_suspect(r); i != no_entry) return i;
  }
  return turns_.ordinary_may_start() ? ordinary : no_entry;
}

entry_index schedule::next_suspect(const room& r) const {
  auto left = suspects_tried_max;
  for (auto at = r.suspects.begin(); at != r.suspects.end() && left > 0; ++at, --left) {
    const auto i = std::get<entry_index>(*at);
    if (r.lanes.may_start(pool_[i].group)) return i;
  }
  return no_entry;
}

bool schedule::suspects_attended(std::int64_t steady) const {
  return std::any_of(suspected_.begin(), suspected_.end(), [&](std::uint16_t number) {
    const auto& r = rooms_[number];
    return !r.paused && (!r.tickets.empty() || steady - r.claimed_at < suspects_left_ms);
  });
}

void schedule::start(entry_index i, std::int64_t steady) {
  auto& e = pool_[i];
  auto& r = rooms_[e.room];
  if (e.place == entry_place::suspects) {
    alone_ = i;
    turns_.used();
  }
  unlist(i);
  e.state = job_state::active;
  enlist(i);
  e.counted = !e.condemned;
  if (!e.counted) return;
  ++running_;
  r.gate.started(steady);
  r.lanes.started(e.group, steady, ++last_turn_);
}

std::int64_t schedule::widest_rate_ms(std::uint16_t number) const {
  const auto& r = rooms_[number];
  return std::max(r.limits.rate ? r.limits.rate->per_ms : 0, r.lanes.widest_rate_ms());
}

void schedule::book(entry_index i, std::int64_t at, std::int64_t steady) {
  const auto& e = pool_[i];
  rooms_[e.room].gate.book(at);
  rooms_[e.room].lanes.book(e.group, at, steady);
}

void schedule::undo_start(entry_index i) {
  auto& e = pool_[i];
  if (e.counted) {
    e.counted = false;
    --running_;
    rooms_[e.room].gate.undone();
    rooms_[e.room].lanes.undone(e.group);
  }
  put_back(i);
}

void schedule::leave_active(entry_index i) {
  auto& e = pool_[i];
  auto& r = rooms_[e.room];
  if (e.counted) {
    e.counted = false;
    --running_;
    r.gate.ended();
    r.lanes.ended(e.group);
  }
  if (alone_ == i) {
    alone_ = no_entry;
    cleared_ = true;
  }
  if (running_ == 0 && !suspected_.empty()) cleared_ = true;
}

std::int64_t schedule::next_opening(const room& r, std::int64_t steady) const {
  auto at = std::numeric_limits<std::int64_t>::max();
  const auto consider = [&](std::int64_t when) {
    // What is past already waits for something else than time.
    if (when > steady) at = std::min(at, when);
  };
  consider(steady + r.gate.wait_ms(steady));
  if (const auto opens = r.lanes.opens_at()) consider(*opens);
  if (turns_.timed() && alone_ == no_entry) consider(turns_.ends_at());
  return at;
}

void schedule::set_limits(room& r, const queue_limits& limits, std::int64_t steady) {
  r.limits = limits;
  r.gate.set(limits.concurrency, limits.rate);
  r.lanes.set_each(limits.each_group, steady);
}

entry_list* schedule::list_of(room& r, const job_entry& e) {
  switch (e.state) {
    case job_state::active:
      return &r.active;
    case job_state::waiting_children:
      return &r.waiting_children;
    case job_state::completed:
      return &r.completed;
    case job_state::failed:
      return &r.failed;
    case job_state::waiting:
    case job_state::prioritized:
    case job_state::delayed:
      break;
  }
  return nullptr;
}

void schedule::unlist(entry_index i) {
  auto& e = pool_[i];
  auto& r = rooms_[e.room];
  switch (e.place) {
    case entry_place::nowhere:
      return;
    case entry_place::fresh:
    case entry_place::returned:
      r.lanes.remove(i);
      break;
    case entry_place::suspects:
    case entry_place::condemned:
      unlist_apart(i);
      break;
    case entry_place::listed:
      if (e.state == job_state::delayed)
        r.delayed.remove(pool_, i);
      else
        list_of(r, e)->remove(pool_, i);
      if (e.state == job_state::active) leave_active(i);
      break;
  }
  e.place = entry_place::nowhere;
}

void schedule::enlist(entry_index i) {
  auto& e = pool_[i];
  if (is_ready(e.state)) {
    enlist_ready(i, false);
    return;
  }
  e.place = entry_place::listed;
  list_of(rooms_[e.room], e)->push_back(pool_, i);
}

void schedule::enlist_ready(entry_index i, bool own_place) {
  auto& e = pool_[i];
  auto& lanes = rooms_[e.room].lanes;
  if (e.cancel || is_poison(e.stalls)) e.condemned = true;
  if (e.condemned || is_suspect(e.stalls))
    enlist_apart(i);
  else if (own_place)
    lanes.put_back(i);
  else
    lanes.push(i);
}

void schedule::enlist_apart(entry_index i) {
  auto& e = pool_[i];
  auto& r = rooms_[e.room];
  e.place = e.condemned ? entry_place::condemned : entry_place::suspects;
  apart_of(r, e).insert(apart_key(e, i));
  if (e.state == job_state::prioritized) ++r.prioritized_apart;
  if (!e.condemned) suspected_.insert(e.room);
}

void schedule::unlist_apart(entry_index i) {
  auto& e = pool_[i];
  auto& r = rooms_[e.room];
  apart_of(r, e).erase(apart_key(e, i));
  if (e.state == job_state::prioritized) --r.prioritized_apart;
  if (r.suspects.empty()) suspected_.erase(e.room);
}

entry_index schedule::first_of(const apart_list& list, apart_list::const_iterator at,
                               job_state state) const {
  for (; at != list.end(); ++at) {
    const auto i = std::get<entry_index>(*at);
    if (pool_[i].state == state) return i;
  }
  return no_entry;
}

entry_index schedule::first_ready(const room& r, job_state state) const {
  auto i = r.lanes.first(state == job_state::waiting ? 0 : 1);
  if (i != no_entry && pool_[i].state == state) return i;
  i = first_of(r.suspects, r.suspects.begin(), state);
  return i != no_entry ? i : first_of(r.condemned, r.condemned.begin(), state);
}

entry_index schedule::ready_after(const room& r, entry_index i) const {
  const auto& e = pool_[i];
  if (e.place == entry_place::condemned)
    return first_of(r.condemned, r.condemned.upper_bound(apart_key(e, i)), e.state);
  auto at = r.suspects.begin();
  if (e.place == entry_place::suspects) {
    at = r.suspects.upper_bound(apart_key(e, i));
  } else {
    const auto next = r.lanes.after(i);
    if (next != no_entry && pool_[next].state == e.state) return next;
  }
  const auto suspect = first_of(r.suspects, at, e.state);
  return suspect != no_entry ? suspect : first_of(r.condemned, r.condemned.begin(), e.state);
}

std::int64_t schedule::oldest_ready_at_ms(const room& r) const {
  auto oldest = r.lanes.oldest_ready_at_ms();
  const auto consider = [&](const apart_list& list) {
    if (list.empty()) return;
    const auto at = pool_[std::get<entry_index>(*list.begin())].at_ms;
    if (oldest == 0 || at < oldest) oldest = at;
  };
  consider(r.condemned);
  consider(r.suspects);
  return oldest;
}

std::int64_t schedule::ready_before(const room& r, std::int32_t priority) const {
  return static_cast<std::int64_t>(r.lanes.before(priority));
}

}  // namespace son1k::queue::embedded
