#include "queue/embedded/schedule.hpp"

namespace son1k::queue::embedded {

std::optional<std::uint16_t> schedule::open_room(std::string_view queue) {
  const auto number = names_.number_of(queue);
  if (number && *number == rooms_.size()) rooms_.emplace_back();
  return number;
}

std::uint32_t schedule::hash_of(std::uint16_t room, std::string_view id) {
  const auto wide = std::hash<std::string_view>{}(id) + room * 0x9e3779b97f4a7c15ULL;
  return static_cast<std::uint32_t>(wide ^ (wide >> 32));
}

entry_index schedule::find(std::uint16_t room, std::string_view id) const {
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

entry_index schedule::insert(job_entry&& e) {
  const auto i = pool_.take();
  pool_[i] = std::move(e);
  index_.insert(key{i, hash_of(pool_[i].room, pool_[i].id.view())});
  enlist(i, false);
  return i;
}

void schedule::forget(entry_index i) {
  unlist(i);
  const auto& e = pool_[i];
  const auto found = index_.find(sought{e.room, e.id.view(), hash_of(e.room, e.id.view())});
  if (found != index_.end() && found->entry == i) index_.erase(found);
  pool_.give_back(i);
}

void schedule::move(entry_index i, job_state to, bool own_place) {
  unlist(i);
  pool_[i].state = to;
  enlist(i, own_place);
}

void schedule::unlist(entry_index i) {
  const auto& e = pool_[i];
  if (!e.listed) return;
  auto& r = rooms_[e.room];
  switch (e.state) {
    case job_state::waiting:
      r.waiting.remove(pool_, i);
      break;
    case job_state::prioritized: {
      const auto level = r.prioritized.find(e.priority);
      level->second.remove(pool_, i);
      if (level->second.empty()) r.prioritized.erase(level);
      --r.prioritized_size;
      break;
    }
    case job_state::delayed:
      r.delayed.remove(pool_, i);
      break;
    case job_state::active:
      r.active.remove(pool_, i);
      break;
    case job_state::completed:
      r.completed.remove(pool_, i);
      break;
    case job_state::failed:
      r.failed.remove(pool_, i);
      break;
    case job_state::waiting_children:
      break;
  }
}

void schedule::enlist(entry_index i, bool own_place) {
  const auto& e = pool_[i];
  auto& r = rooms_[e.room];
  const auto put = [&](entry_list& list) {
    if (own_place)
      list.put_back(pool_, i);
    else
      list.push_back(pool_, i);
  };
  switch (e.state) {
    case job_state::waiting:
      put(r.waiting);
      break;
    case job_state::prioritized:
      put(r.prioritized[e.priority]);
      ++r.prioritized_size;
      break;
    case job_state::delayed:
      r.delayed.push(pool_, i);
      break;
    case job_state::active:
      r.active.push_back(pool_, i);
      break;
    case job_state::completed:
      r.completed.push_back(pool_, i);
      break;
    case job_state::failed:
      r.failed.push_back(pool_, i);
      break;
    case job_state::waiting_children:
      break;
  }
}

entry_index schedule::next_ready(const room& r) const {
  if (!r.waiting.empty()) return r.waiting.front();
  return r.prioritized.empty() ? no_entry : r.prioritized.begin()->second.front();
}

std::int64_t schedule::ready_before(const room& r, std::int32_t priority) const {
  auto n = r.waiting.size();
  if (priority == 0) return static_cast<std::int64_t>(n);
  // Beyond this many levels the whole backlog is the better answer than a long walk.
  if (r.prioritized.size() > 1'024) return static_cast<std::int64_t>(r.ready());
  for (const auto& [level, list] : r.prioritized) {
    if (level > priority) break;
    n += list.size();
  }
  return static_cast<std::int64_t>(n);
}

}  // namespace son1k::queue::embedded
