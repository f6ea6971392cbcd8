// Pages of jobs by their state, children, names: chosen in memory, read from the table.
#include <algorithm>
#include <charconv>

#include "queue/embedded/core.hpp"

namespace son1k::queue::embedded {
namespace {

// Steps of a walk for the place of a job that is there no more.
constexpr std::size_t search_steps_max = 10'000;

error bad_cursor() {
  return {
      errc::validation, "after", {"not a cursor of this list", "no es un cursor de esta lista"}};
}

}  // namespace

std::string write_cursor(const list_cursor& c) {
  std::string out = std::to_string(c.entry) + ':' + std::to_string(c.seq);
  for (const auto part : c.key) out += ':' + std::to_string(part);
  return out;
}

result<list_cursor> read_cursor(std::string_view text) {
  std::array<std::int64_t, 5> parts{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t n = 0; n < parts.size(); ++n) {
    if (n > 0 && (at == end || *at++ != ':')) return bad_cursor();
    const auto [next, ec] = std::from_chars(at, end, parts[n]);
    if (ec != std::errc()) return bad_cursor();
    at = next;
  }
  if (at != end || parts[0] < 0 || parts[0] >= no_entry) return bad_cursor();
  return list_cursor{static_cast<entry_index>(parts[0]), parts[1], {parts[2], parts[3], parts[4]}};
}

// Where a job stands in the list of its state.
list_cursor core::cursor_of(entry_index i) {
  const auto& e = schedule_[i];
  list_cursor c{i, e.seq, {}};
  if (is_ready(e.state))
    c.key = {e.priority, e.group, e.turn};
  else if (e.state == job_state::delayed)
    c.key = {e.at_ms, e.seq, 0};
  else if (e.state == job_state::active)
    c.key = {e.run ? e.run->started_at_ms : 0, 0, 0};
  else if (is_ended(e.state))
    c.key = {-e.at_ms, 0, 0};
  return c;
}

entry_index core::first_in(room& r, job_state state) {
  switch (state) {
    case job_state::active:
      return r.active.front();
    case job_state::waiting_children:
      return r.waiting_children.front();
    case job_state::completed:
      return r.completed.back();
    case job_state::failed:
      return r.failed.back();
    default:
      return schedule_.first_ready(r, state);
  }
}

entry_index core::after_in(room& r, entry_index i) {
  const auto& e = schedule_[i];
  if (is_ready(e.state)) return schedule_.ready_after(r, i);
  return is_ended(e.state) ? e.prev : e.next;
}

entry_index core::resume_list(room& r, job_state state, const list_cursor& after) {
  if (after.entry < schedule_.entries()) {
    const auto& e = schedule_[after.entry];
    if (e.seq == after.seq && e.state == state && e.place != entry_place::nowhere)
      return after_in(r, after.entry);
  }
  // It has gone: whoever stood behind it comes next.
  auto i = first_in(r, state);
  for (std::size_t n = 0; i != no_entry && n < search_steps_max; ++n, i = after_in(r, i))
    if (cursor_of(i).key > after.key) return i;
  return i;
}

result<listed_page> core::page_of(const std::string& queue, job_state state,
                                  const std::optional<list_cursor>& after, std::size_t limit) {
  if (!usable_) return usable_.error();
  std::lock_guard lock(mutex_);
  listed_page page;
  const auto room = schedule_.find_room(queue);
  if (!room) return page;
  auto& r = schedule_.in(*room);
  auto i = after ? resume_list(r, state, *after) : first_in(r, state);
  for (; i != no_entry && page.seqs.size() < limit; i = after_in(r, i)) {
    page.seqs.push_back(schedule_[i].seq);
    page.last = cursor_of(i);
  }
  page.more = i != no_entry;
  return page;
}

// The delayed stand in a heap: a walk over it in slices, which keeps those that come first.
bool core::walk_delayed(const std::string& queue, const std::optional<list_cursor>& after,
                        std::size_t limit, delayed_walk& walk) {
  std::lock_guard lock(mutex_);
  const auto room = schedule_.find_room(queue);
  if (!room) return true;
  const auto& delayed = schedule_.in(*room).delayed;
  const auto sooner = [](const list_cursor& a, const list_cursor& b) { return a.key < b.key; };
  for (std::size_t looked = 0; walk.at < delayed.size() && looked < walk_slice;
       ++walk.at, ++looked) {
    const auto c = cursor_of(delayed[walk.at]);
    if (after && c.key <= after->key) continue;
    walk.first.push_back(c);
    std::push_heap(walk.first.begin(), walk.first.end(), sooner);
    if (walk.first.size() <= limit) continue;
    std::pop_heap(walk.first.begin(), walk.first.end(), sooner);
    walk.first.pop_back();
    walk.more = true;
  }
  if (walk.at < delayed.size()) return false;
  std::sort(walk.first.begin(), walk.first.end(), sooner);
  return true;
}

void core::overlay_children(std::vector<read_child>& children) {
  std::lock_guard lock(mutex_);
  for (auto& child : children) {
    const auto room = schedule_.find_room(child.view.job.queue);
    const auto i = room ? schedule_.find(*room, child.view.job.id) : no_entry;
    if (i != no_entry && schedule_[i].seq == child.seq) child.view.state = schedule_[i].state;
  }
}

result<std::vector<std::string>> core::queues() {
  if (!usable_) return usable_.error();
  std::vector<std::string> names;
  std::lock_guard lock(mutex_);
  for (std::uint16_t n = 0; n < schedule_.rooms(); ++n) {
    const auto& r = schedule_.in(n);
    if (r.jobs() > 0 || r.is_set()) names.push_back(schedule_.name(n));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace son1k::queue::embedded
