// What operators do to jobs: chosen and marked under the lock, committed with the domain's writes,
// then done in memory.
#include <algorithm>
#include <queue>

#include "queue/embedded/core.hpp"

namespace son1k::queue::embedded {
namespace {

const job_error& removed_error() {
  static const job_error e{"removed", "removed", false};
  return e;
}

error wrong_state(job_state state) {
  const std::string name(name_of(state));
  return {errc::conflict, "state", {"the job is " + name, "el trabajo está en estado " + name}};
}

}  // namespace

std::shared_ptr<edit_batch> core::prepare_edit(const std::string& queue,
                                               const std::vector<std::string>& ids,
                                               const job_edit& how) {
  auto batch = std::make_shared<edit_batch>();
  batch->how = how;
  batch->now = clock_.now_ms();
  batch->jobs.reserve(ids.size());
  std::lock_guard lock(mutex_);
  const auto room = schedule_.find_room(queue);
  for (const auto& id : ids) {
    const auto i = room ? schedule_.find(*room, id) : no_entry;
    if (i == no_entry) {
      batch->replies.push_back(
          error(errc::not_found, "id", {"no such job", "no existe ese trabajo"}));
      continue;
    }
    const auto& e = schedule_[i];
    const bool again = std::any_of(batch->jobs.begin(), batch->jobs.end(),
                                   [&](const auto& job) { return job.entry == i; });
    if (again) {
      batch->replies.emplace_back();
    } else if (!fits(how.kind, e.state)) {
      batch->replies.push_back(wrong_state(e.state));
    } else if (e.in_flight != commit_in_flight::none) {
      batch->replies.push_back(error(errc::conflict, "state",
                                     {"the job is being changed", "el trabajo está cambiando"}));
    } else {
      batch->replies.emplace_back();
      mark_edited(*batch, i);
    }
  }
  take_trimmed_of(*batch);
  return batch;
}

// Of the queue's rows that are on their way out, those that a restart would keep in the places of
// ended jobs that the batch takes away.
void core::take_trimmed_of(edit_batch& batch) {
  const auto ended = std::find_if(batch.jobs.begin(), batch.jobs.end(),
                                  [](const auto& job) { return is_ended(job.before); });
  if (ended == batch.jobs.end()) return;
  const auto room = schedule_[ended->entry].room;
  std::erase_if(trimmed_, [&](const trimmed_row& row) {
    if (!row.by_count || (row.room != room && row.room != any_room)) return false;
    batch.trimmed.push_back(row.seq);
    return true;
  });
}

void core::mark_edited(edit_batch& batch, entry_index i) {
  auto& e = schedule_[i];
  const auto kind = batch.how.kind;
  edit_batch::job job;
  job.entry = i;
  job.seq = e.seq;
  job.before = e.state;
  job.after = e.state;
  job.priority = kind == job_edit::what::priority ? batch.how.priority : e.priority;
  if (kind == job_edit::what::retry || kind == job_edit::what::promote || is_ready(e.state))
    job.after = ready_state(job.priority);
  if (kind == job_edit::what::to_front)
    job.place = --first_place_;
  else if (is_ready(job.after))
    job.place = next_seq_++;
  const bool removes = kind == job_edit::what::remove;
  if (removes) {
    job.after = job_state::failed;
    job.ends = ends_of(e, job_state::failed, {}, &removed_error(), true);
    if (auto freed = freed_by(e, true)) job.freed.push_back(std::move(*freed));
  } else if (kind == job_edit::what::retry && e.child) {
    for (const auto& link : flows_.parents(e.seq)) job.reopened.push_back(link.parent);
  }
  if (batch.how.settle && !(removes && is_ended(e.state))) {
    job.view = brief_view(e);
    job.unread = !e.data.cached();
    job.view->state = job.after;
    job.view->options.priority = job.priority;
    if (removes) job.view->error = removed_error();
  }
  if (e.state != job_state::active) schedule_.take_out(i);
  e.in_flight = commit_in_flight::editing;
  batch.jobs.push_back(std::move(job));
}

job_view core::brief_view(const job_entry& e) {
  job_view v;
  v.queue = schedule_.name(e.room);
  v.id = e.id.view();
  v.kind = kinds_[e.kind];
  v.state = e.state;
  if (e.data.cached()) v.data = e.data.view(), v.user = e.data.user();
  v.options = e.options ? *e.options : default_options();
  v.options.priority = e.priority;
  v.options.group = schedule_.in(e.room).lanes.name(e.group);
  v.attempts_made = e.attempts;
  v.starts = e.starts;
  v.stalls = e.stalls;
  v.added_at_ms = e.added_at_ms;
  return v;
}

void core::stage(store::transaction& tx, const std::shared_ptr<edit_batch>& batch) {
  tx.set_after_outcomes();
  tx.stage([self = shared_from_this(), batch](store::connection& c) -> result<void> {
    auto erased = batch->trimmed;
    for (const auto& job : batch->jobs) {
      result<void> ok;
      switch (batch->how.kind) {
        case job_edit::what::retry:
          ok = save_retry(c, job.seq, job.after, batch->now, job.place);
          for (const auto parent : job.reopened)
            if (ok) ok = reopen_child(c, parent, job.seq);
          break;
        case job_edit::what::promote:
          ok = save_promotion(c, job.seq, job.after, batch->now, job.place);
          break;
        case job_edit::what::priority:
          ok = save_priority(c, job.seq, job.after, job.priority, job.place);
          break;
        case job_edit::what::to_front:
        case job_edit::what::to_back:
          ok = save_place(c, job.seq, job.place);
          break;
        case job_edit::what::remove:
          erased.push_back(job.seq);
          for (const auto& end : job.ends)
            if (ok) ok = save_child_end(c, end);
          if (ok) ok = erase_owners(c, job.freed);
          break;
      }
      if (!ok) return ok;
    }
    std::sort(erased.begin(), erased.end());
    return erase_rows(c, erased, {true, self->flowing_});
  });
  tx.on_outcome(
      [self = shared_from_this(), batch](bool committed) { self->edited(*batch, committed); });
}

void core::edited(edit_batch& batch, bool committed) {
  tickets ready;
  {
    std::lock_guard lock(mutex_);
    for (const auto& job : batch.jobs) {
      // Cancelled meanwhile: the entry is free, or holds another job.
      if (schedule_[job.entry].seq != job.seq) continue;
      if (committed)
        apply_edit(batch, job);
      else
        back_to_its_place(job.entry);
      if (schedule_[job.entry].seq == job.seq) expire_if_over(job.entry, clock_.now_ms());
    }
    serve_touched(ready);
    if (!committed) keep_trimmed(batch.trimmed);
  }
  record_starts(std::move(ready));
  events_.deliver();
}

void core::apply_edit(const edit_batch& batch, const edit_batch::job& job) {
  auto& e = schedule_[job.entry];
  e.in_flight = commit_in_flight::none;
  switch (batch.how.kind) {
    case job_edit::what::retry:
      e.attempts = e.stalls = 0;
      e.cancel = false;
      [[fallthrough]];
    case job_edit::what::promote:
      emit(event_type::waiting, e, batch.now, name_of(job.before));
      schedule_.move(job.entry, job.after, batch.now);
      touched_rooms_.push_back(e.room);
      return;
    case job_edit::what::priority:
      if (!is_ready(e.state)) back_to_its_place(job.entry);
      schedule_.set_priority(job.entry, job.priority);
      touched_rooms_.push_back(e.room);
      return;
    case job_edit::what::to_front:
      back_to_its_place(job.entry);
      schedule_.to_front(job.entry);
      return;
    case job_edit::what::to_back:
      back_to_its_place(job.entry);
      schedule_.to_back(job.entry);
      return;
    case job_edit::what::remove:
      remove_edited(batch, job);
  }
}

void core::remove_edited(const edit_batch& batch, const edit_batch::job& job) {
  auto& e = schedule_[job.entry];
  if (!batch.quiet) emit(event_type::removed, e, batch.now, name_of(job.before));
  const auto ends = ends_of(e, job_state::failed, {}, &removed_error(), true);
  owners_.release(e.seq);
  if (e.run) {
    release_board_slot(e.run->board_slot);
    e.run.reset();
  }
  for (const auto& end : ends) child_ended(end, batch.now);
  drop(job.entry);
}

std::shared_ptr<edit_batch> core::take_removable(removal_walk& walk) {
  auto batch = std::make_shared<edit_batch>();
  batch->how.kind = job_edit::what::remove;
  batch->how.settle = walk.settle;
  batch->quiet = walk.quiet;
  batch->now = clock_.now_ms();
  std::lock_guard lock(mutex_);
  const auto room = schedule_.find_room(walk.queue);
  if (!room) return batch;
  if (walk.chosen) {
    auto& left = *walk.chosen;
    for (; !left.empty() && batch->jobs.size() < removal_slice; left.pop_back()) {
      const auto [seq, i] = left.back();
      if (schedule_[i].seq == seq && removable(walk, i, *room)) mark_edited(*batch, i);
    }
    walk.done = left.empty();
    take_trimmed_of(*batch);
    return batch;
  }
  const auto end = schedule_.entries();
  const auto slice = std::min(removal_slice, walk.most - walk.taken);
  for (std::size_t looked = 0; walk.at < end && looked < walk_slice && batch->jobs.size() < slice;
       ++walk.at, ++looked) {
    const auto i = static_cast<entry_index>(walk.at);
    if (removable(walk, i, *room)) mark_edited(*batch, i);
  }
  take_trimmed_of(*batch);
  walk.taken += batch->jobs.size();
  walk.done = walk.at >= end || walk.taken == walk.most;
  return batch;
}

bool core::removable(removal_walk& walk, entry_index i, std::uint16_t room) {
  const auto& e = schedule_[i];
  if (e.seq == 0 || e.room != room) return false;
  if ((walk.states >> static_cast<unsigned>(e.state) & 1U) == 0) return false;
  if ((is_ended(e.state) ? e.at_ms : e.added_at_ms) > walk.newest_ms) return false;
  if (e.in_flight != commit_in_flight::none) {
    walk.missed = true;
    return false;
  }
  return true;
}

// With a bound on their number the oldest go; they are looked for in slices first.
bool core::choose_oldest(removal_walk& walk) {
  if (!walk.chosen) walk.chosen.emplace();
  auto& chosen = *walk.chosen;
  std::lock_guard lock(mutex_);
  const auto room = schedule_.find_room(walk.queue);
  const auto end = room ? schedule_.entries() : 0;
  for (std::size_t looked = 0; walk.at < end && looked < walk_slice; ++walk.at, ++looked) {
    const auto i = static_cast<entry_index>(walk.at);
    if (!removable(walk, i, *room)) continue;
    const std::pair found(schedule_[i].seq, i);
    if (chosen.size() == walk.most && !(found < chosen.front())) continue;
    chosen.push_back(found);
    std::push_heap(chosen.begin(), chosen.end());
    if (chosen.size() <= walk.most) continue;
    std::pop_heap(chosen.begin(), chosen.end());
    chosen.pop_back();
  }
  if (walk.at < end) return false;
  std::sort(chosen.rbegin(), chosen.rend());
  return true;
}

void core::tell_cleaned(const std::string& queue, std::size_t removed) {
  {
    std::lock_guard lock(mutex_);
    const auto room = schedule_.find_room(queue);
    if (!room) return;
    const auto count = std::to_string(removed);
    events_.append({event_type::cleaned, schedule_.name(*room), {}, {}, clock_.now_ms(), count, 0});
  }
  events_.deliver();
}

result<bool> core::may_obliterate(const std::string& queue, bool force) {
  if (!usable_) return usable_.error();
  std::lock_guard lock(mutex_);
  const auto room = schedule_.find_room(queue);
  if (!room) return false;
  auto& r = schedule_.in(*room);
  if (!r.is_set() && r.jobs() == 0) return false;
  if (!r.paused)
    return error(errc::conflict, "queue", {"the queue is not paused", "la cola no está en pausa"});
  if (!force && !r.active.empty())
    return error(errc::conflict, "queue", {"jobs are active", "hay trabajos en curso"});
  return true;
}

void core::stage_obliteration(store::transaction& tx, const std::string& queue) {
  tx.stage([queue](store::connection& c) { return erase_queue(c, queue); });
  tx.on_outcome([self = shared_from_this(), queue](bool committed) {
    if (committed) self->obliterated(queue);
  });
}

void core::obliterated(const std::string& queue) {
  tickets ready;
  {
    std::lock_guard lock(mutex_);
    auto& r = schedule_.in(*schedule_.find_room(queue));
    r.paused = false;
    schedule_.set_limits(r, {}, clock_.steady_ms());
    r.lanes.clear_own(clock_.steady_ms());
    serve(r, ready);
  }
  record_starts(std::move(ready));
}

}  // namespace son1k::queue::embedded
