#include "queue/embedded/ready_lanes.hpp"

#include <algorithm>

#include "queue/policy.hpp"

namespace son1k::queue::embedded {
namespace {

constexpr std::size_t lanes_counted_max = 1'024;

}  // namespace

ready_lanes::ready_lanes(entry_pool& pool) : pool_(pool) {
  open({});
}

ready_lane& ready_lanes::lane_of(const job_entry& e) {
  const lane_key key{e.priority, e.group};
  const auto at = lanes_.lower_bound(key);
  if (at != lanes_.end() && at->first == key) return at->second;
  lanes::iterator made;
  if (spare_.empty()) {
    made = lanes_.emplace_hint(at, std::piecewise_construct, std::forward_as_tuple(key),
                               std::forward_as_tuple());
  } else {
    spare_.key() = key;
    made = lanes_.insert(at, std::move(spare_));
  }
  auto& lane = made->second;
  lane.owner = &groups_[e.group];
  lane.priority = e.priority;
  return lane;
}

void ready_lanes::find_head(ready_lane& lane) {
  lane.head = lane.fresh.front();
  if (!lane.returned.empty()) {
    const auto [turn, entry] = *lane.returned.begin();
    if (lane.head == no_entry || turn < pool_[lane.head].turn) lane.head = entry;
  }
  if (lane.head == no_entry) return;
  lane.head_at_ms = pool_[lane.head].at_ms;
  lane.head_turn = pool_[lane.head].turn;
}

void ready_lanes::head_changed(ready_lane& lane) {
  find_head(lane);
  auto& group = *lane.owner;
  if (lane.head == no_entry) {
    drop_lane(lane);
  } else {
    if (lane.by_priority == heap_nowhere) group.lanes.put(lane);
    group.ages.put(lane);
  }
  settle(group);
}

void ready_lanes::drop_lane(ready_lane& lane) {
  auto& group = *lane.owner;
  // Out of the orders that look at its top before that changes.
  if (group.lanes.size() == 1) {
    turns_.remove(group);
    (group.held_back ? ages_held_ : ages_).remove(group);
  }
  group.lanes.remove(lane);
  group.ages.remove(lane);
  auto node = lanes_.extract({lane.priority, group.number});
  if (spare_.empty()) spare_ = std::move(node);
}

void ready_lanes::settle(lane_group& group) {
  const bool held_back = group.opens_at != 0 || group.gate.full();
  if (held_back != group.held_back) {
    (group.held_back ? ages_held_ : ages_).remove(group);
    group.held_back = held_back;
    if (held_back) turns_.remove(group);
  }
  if (group.lanes.empty()) return;
  if (held_back) {
    ages_held_.put(group);
  } else {
    ages_.put(group);
    turns_.put(group);
  }
}

void ready_lanes::push(entry_index i) {
  auto& e = pool_[i];
  auto& lane = lane_of(e);
  lane.fresh.push_back(pool_, i);
  e.place = entry_place::fresh;
  ++size_;
  plain_ += e.priority == 0 ? 1 : 0;
  if (lane.head == no_entry) head_changed(lane);
}

void ready_lanes::put_back(entry_index i) {
  auto& e = pool_[i];
  auto& lane = lane_of(e);
  lane.returned.emplace(e.turn, i);
  e.place = entry_place::returned;
  ++size_;
  plain_ += e.priority == 0 ? 1 : 0;
  if (lane.head == no_entry || e.turn < lane.head_turn) head_changed(lane);
}

void ready_lanes::remove(entry_index i) {
  auto& e = pool_[i];
  auto& lane = lane_of(e);
  if (e.place == entry_place::returned)
    lane.returned.erase({e.turn, i});
  else
    lane.fresh.remove(pool_, i);
  e.place = entry_place::nowhere;
  --size_;
  plain_ -= e.priority == 0 ? 1 : 0;
  if (lane.head == i) head_changed(lane);
}

entry_index ready_lanes::next(std::int64_t ageing_ms) const {
  if (turns_.empty()) return no_entry;
  const auto& turn = turns_.top().lanes.top();
  const auto& oldest = ages_.top().ages.top();
  const bool aged = goes_first_by_age(oldest.head_at_ms, turn.head_at_ms, ageing_ms);
  return aged ? oldest.head : turn.head;
}

void ready_lanes::started(group_index number, std::int64_t steady, std::int64_t turn) {
  auto& group = groups_[number];
  group.gate.started(steady);
  group.started = turn;
  close_rate(group, steady);
  settle(group);
}

void ready_lanes::book(group_index number, std::int64_t at, std::int64_t steady) {
  auto& group = groups_[number];
  group.gate.book(at);
  close_rate(group, steady);
  settle(group);
}

void ready_lanes::ended(group_index number) {
  auto& group = groups_[number];
  group.gate.ended();
  settle(group);
}

void ready_lanes::undone(group_index number) {
  auto& group = groups_[number];
  group.gate.undone();
  open_rate(group);
  settle(group);
}

void ready_lanes::close_rate(lane_group& group, std::int64_t steady) {
  open_rate(group);
  const auto wait = group.gate.wait_ms(steady);
  if (wait == 0) return;
  group.opens_at = steady + wait;
  opening_.emplace(group.opens_at, group.number);
}

void ready_lanes::open_rate(lane_group& group) {
  if (group.opens_at == 0) return;
  opening_.erase({group.opens_at, group.number});
  group.opens_at = 0;
}

void ready_lanes::open_due(std::int64_t steady) {
  while (!opening_.empty() && opening_.begin()->first <= steady) {
    auto& group = groups_[opening_.begin()->second];
    close_rate(group, steady);
    settle(group);
  }
}

void ready_lanes::set_gate(lane_group& group, std::int64_t steady) {
  const auto& limits = group.own ? *group.own : each_;
  group.gate.set(limits.concurrency, limits.rate);
  close_rate(group, steady);
  settle(group);
}

void ready_lanes::set_each(const group_limits& limits, std::int64_t steady) {
  if (each_ == limits) return;
  each_ = limits;
  for (const auto& [name, number] : names_)
    if (!groups_[number].own) set_gate(groups_[number], steady);
}

void ready_lanes::set_own(std::string_view name, const std::optional<group_limits>& limits,
                          std::int64_t steady) {
  auto& group = groups_[open(name)];
  hold(group.number);
  own_ += limits ? 1 : 0;
  own_ -= group.own ? 1 : 0;
  group.own = limits;
  set_gate(group, steady);
  release(group.number);
}

std::int64_t ready_lanes::widest_rate_ms() const {
  auto widest = each_.rate ? each_.rate->per_ms : 0;
  if (own_ == 0) return widest;
  for (const auto& group : groups_)
    if (group.own && group.own->rate) widest = std::max(widest, group.own->rate->per_ms);
  return widest;
}

void ready_lanes::clear_own(std::int64_t steady) {
  for (auto& group : groups_)
    if (group.own) set_own(group.name, std::nullopt, steady);
}

group_index ready_lanes::open(std::string_view name) {
  if (const auto known = names_.find(name); known != names_.end()) return known->second;
  group_index number = 0;
  if (unused_.empty()) {
    number = static_cast<group_index>(groups_.size());
    groups_.emplace_back().number = number;
  } else {
    number = unused_.back();
    unused_.pop_back();
  }
  auto& group = groups_[number];
  group.name = name;
  group.gate.set(each_.concurrency, each_.rate);
  names_.emplace(group.name, number);
  return number;
}

void ready_lanes::release(group_index number) {
  auto& group = groups_[number];
  if (group.jobs > 0) --group.jobs;
  if (group.jobs > 0 || group.own || number == 0 || group.leaving) return;
  group.leaving = true;
  leaving_.push_back(number);
}

void ready_lanes::forget_idle(std::int64_t steady) {
  for (auto n = std::min<std::size_t>(leaving_.size(), 1'024); n > 0; --n) {
    const auto number = leaving_.front();
    leaving_.pop_front();
    auto& group = groups_[number];
    group.leaving = false;
    if (group.jobs > 0 || group.own) continue;
    if (group.gate.forgettable(steady)) {
      forget(group);
    } else {
      group.leaving = true;
      leaving_.push_back(number);
    }
  }
}

void ready_lanes::forget(lane_group& group) {
  const auto number = group.number;
  open_rate(group);
  names_.erase(group.name);
  group = lane_group{};
  group.number = number;
  unused_.push_back(number);
}

std::size_t ready_lanes::before(std::int32_t priority) const {
  if (priority == 0) return plain_;
  std::size_t n = 0;
  std::size_t lanes_left = lanes_counted_max;
  for (const auto& [key, lane] : lanes_) {
    if (key.first > priority) return n;
    // Beyond this the whole backlog is the better answer than a long walk.
    if (lanes_left-- == 0) break;
    n += lane.fresh.size() + lane.returned.size();
  }
  return size_;
}

std::int64_t ready_lanes::oldest_ready_at_ms() const {
  std::int64_t oldest = 0;
  for (const auto* ages : {&ages_, &ages_held_}) {
    if (ages->empty()) continue;
    const auto at = ages->top().ages.top().head_at_ms;
    if (oldest == 0 || at < oldest) oldest = at;
  }
  return oldest;
}

entry_index ready_lanes::first(std::int32_t lowest_priority) const {
  const auto lane = lanes_.lower_bound({lowest_priority, 0});
  if (lane == lanes_.end()) return no_entry;
  const auto& returned = lane->second.returned;
  return returned.empty() ? lane->second.fresh.front() : returned.begin()->second;
}

entry_index ready_lanes::after(entry_index i) const {
  const auto& e = pool_[i];
  auto lane = lanes_.find({e.priority, e.group});
  if (e.place == entry_place::fresh) {
    if (e.next != no_entry) return e.next;
  } else {
    const auto next = lane->second.returned.upper_bound({e.turn, i});
    if (next != lane->second.returned.end()) return next->second;
    if (!lane->second.fresh.empty()) return lane->second.fresh.front();
  }
  if (++lane == lanes_.end()) return no_entry;
  const auto& returned = lane->second.returned;
  return returned.empty() ? lane->second.fresh.front() : returned.begin()->second;
}

}  // namespace son1k::queue::embedded
