// What the end of a job means for the parents that wait for it.
#include <algorithm>

#include "support/queue/memory_queue.hpp"

namespace son1k::test {
using namespace queue;

std::int32_t memory_queue::children_left(const job& j) {
  const auto open = [](const memory_child& c) { return !c.done; };
  return static_cast<std::int32_t>(std::count_if(j.children.begin(), j.children.end(), open));
}

void memory_queue::tell_parent(const job& child, bool removed) {
  if (broken(memory_fault::parent_not_released)) return;
  const job_ref self{child.view.queue, child.view.id};
  for (auto& [name, in] : place_->lanes) {
    std::vector<job*> waiting;
    for (auto& [id, parent] : in.jobs) {
      if (is_ended(parent.view.state)) continue;
      for (memory_child& entry : parent.children) {
        if (!(entry.view.job == self)) continue;
        child_ended(entry, parent, child, removed);
        waiting.push_back(&parent);
      }
    }
    for (job* parent : waiting) look_at_children(*parent);
  }
}

void memory_queue::child_ended(memory_child& entry, job& parent, const job& child, bool removed) {
  const bool was_open = !entry.done;
  if (removed && is_ended(child.view.state)) {  // it had told of its end before
    entry.done = true;
    return;
  }
  entry.view.state = removed ? job_state::failed : child.view.state;
  entry.view.result = child.view.result;
  entry.view.error = child.view.error;
  if (entry.view.state == job_state::completed) {
    entry.done = true;
    return;
  }
  entry.done = entry.done || removed || entry.on_failure != child_failure::hold;
  if (was_open && entry.on_failure == child_failure::fail) {
    parent.verdict = job_error{"child_failed",
                               "child " + child.view.id + ": " + entry.view.error->message, false};
    const auto s = parent.view.state;
    if (s == job_state::delayed) tell(event_type::waiting, parent, "delayed");
    if (s == job_state::waiting || s == job_state::prioritized || s == job_state::delayed) {
      take_out(parent);
      make_ready(parent, s != job_state::delayed);
    }
  }
  if (entry.on_failure == child_failure::proceed) parent.proceeds = true;
}

void memory_queue::look_at_children(job& parent) {
  if (parent.view.state != job_state::waiting_children) return;
  const bool free =
      parent.verdict || parent.proceeds || parent.cancel_requested || children_left(parent) == 0;
  if (!free) return;
  if (!parent.verdict && parent.view.run_at_ms > clock_.now_ms()) {
    make_delayed(parent, parent.view.run_at_ms);
    tell(event_type::delayed, parent, std::to_string(parent.view.run_at_ms));
    return;
  }
  make_ready(parent, false);
  tell(event_type::waiting, parent, "waiting-children");
}

}  // namespace son1k::test
