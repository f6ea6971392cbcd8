// Flows: rows of new jobs and their families, what the end of a child means for those that wait for
// it, and how that is known again after a restart.
#include <algorithm>

#include "base/log.hpp"
#include "queue/embedded/core.hpp"

namespace son1k::queue::embedded {
namespace {

job_error child_failed(std::string_view id, const std::string& why) {
  return {"child_failed", "child " + std::string(id) + ": " + why, false};
}

const job_error& gone_error() {
  static const job_error e{"removed", "removed", false};
  return e;
}

result<bool> insert_job(store::connection& c, const staged_batch& batch, const staged_job& job) {
  const auto& options = job.spec.options;
  new_row row;
  row.seq = job.seq;
  row.queue = job.spec.queue;
  row.id = job.spec.id;
  row.kind = job.spec.kind;
  row.state = job.state;
  row.priority = options.priority;
  row.added_at_ms = batch.now;
  row.run_at_ms = job.run_at_ms;
  row.options = job.options_text;
  row.traceparent = options.traceparent;
  row.user = job.spec.user;
  row.group = options.group;
  row.dedup = options.dedup.id;
  row.parent = job.parent;
  row.parent_queue = job.parent_job.queue;
  row.parent_id = job.parent_job.id;
  row.data = job.spec.data;
  return insert_row(c, row);
}

// A child that was there before may have ended, or left, by now.
result<void> insert_known_child(store::connection& c, child_row row) {
  const auto state = state_in_row(c, row.child);
  if (!state) return state.error();
  const bool gone = !*state;
  const bool failed = gone || **state == job_state::failed;
  if (gone || is_ended(**state)) {
    row.state = failed ? job_state::failed : job_state::completed;
    row.open = failed && !gone && row.on_failure == child_failure::hold;
  }
  auto ok = insert_child(c, row);
  if (ok && !gone && is_ended(row.state)) ok = copy_child_end(c, row.parent, row.child);
  if (ok && failed && row.on_failure == child_failure::fail)
    ok = save_verdict(c, row.parent, child_failed(row.id, "failed"));
  return ok;
}

result<void> insert_family(store::connection& c, const staged_job& job) {
  for (const auto& child : job.children) {
    child_row row{job.seq,      child.seq,        child.job.queue,
                  child.job.id, child.on_failure, job_state::waiting,
                  true};
    auto ok = child.fresh && !child.named ? insert_child(c, row) : insert_known_child(c, row);
    if (!ok) return ok;
  }
  return {};
}

}  // namespace

void core::stage(store::transaction& tx, const std::shared_ptr<staged_batch>& batch) {
  if (batch->trees.empty() && batch->touches.empty()) return;
  for (const auto& tree : batch->trees)
    if (tree.parent != 0 || tree.root > tree.first) flowing_ = true;
  const auto asks_owner = [&](const staged_tree& tree) {
    return !batch->jobs[tree.root].spec.options.dedup.id.empty();
  };
  if (!batch->touches.empty() || std::ranges::any_of(batch->trees, asks_owner))
    tx.set_after_outcomes();
  tx.stage([batch](store::connection& c) -> result<void> {
    for (auto& touch : batch->touches)
      if (auto ok = batch->owner->touch_row(c, touch); !ok) return ok;
    for (auto& tree : batch->trees)
      if (auto ok = batch->owner->insert_tree(c, *batch, tree); !ok) return ok;
    return {};
  });
  auto told = [batch](bool committed) { batch->owner->added(*batch, committed); };
  if (may_start_unsynced(*batch))
    tx.on_written(std::move(told));
  else
    tx.on_outcome(std::move(told));
}

// Where an id or a family is shared with other commits, theirs have to be told in order.
bool core::may_start_unsynced(const staged_batch& batch) const {
  if (settings_.inside_kinds.empty() || !batch.touches.empty()) return false;
  const auto alone = [&](const staged_tree& tree) {
    const auto& root = batch.jobs[tree.root];
    return tree.first == tree.root && tree.parent == 0 && !root.named &&
           root.spec.options.dedup.id.empty() &&
           std::ranges::find(settings_.inside_kinds, root.spec.kind) !=
               settings_.inside_kinds.end();
  };
  return std::ranges::all_of(batch.trees, alone);
}

result<void> core::insert_tree(store::connection& c, staged_batch& batch, staged_tree& tree) {
  const auto& root = batch.jobs[tree.root];
  const auto& dedup = root.spec.options.dedup;
  tree.refused = false;
  if (!dedup.id.empty()) {
    if (root.named) {
      const auto known = state_in_row(c, root.seq);
      if (!known) return known.error();
      if (*known) return {};
    }
    const auto taken = take_dedup(
        c, {root.spec.queue, dedup.id, root.spec.id, root.seq, tree.until_ms}, tree.former);
    if (!taken) return taken.error();
    if (!*taken) return refuse_tree(c, batch, tree);
  }
  const auto fresh = insert_job(c, batch, root);
  if (!fresh) return fresh.error();
  if (!*fresh) return {};
  if (tree.parent != 0) {
    const auto parent = state_in_row(c, tree.parent);
    if (!parent) return parent.error();
    if (!*parent || is_ended(**parent))
      return error(errc::not_found, "parent",
                   {"no such job, or it has ended", "no existe ese trabajo, o ya terminó"});
    auto ok = insert_child(c, {tree.parent, root.seq, root.spec.queue, root.spec.id,
                               root.spec.options.on_failure, job_state::waiting, true});
    if (!ok) return ok;
  }
  for (auto n = tree.first; n <= tree.root; ++n) {
    if (n < tree.root)
      if (auto ok = insert_job(c, batch, batch.jobs[n]); !ok) return ok.error();
    if (auto ok = insert_family(c, batch.jobs[n]); !ok) return ok;
  }
  return {};
}

void core::found_family(entry_index i, const staged_job& job, std::int64_t now) {
  auto& e = schedule_[i];
  e.parent = true;
  flows_.found(e.seq, i);
  for (const auto& child : job.children) {
    const auto number = schedule_.find_room(child.job.queue);
    const auto k = number ? schedule_.find(*number, child.job.id) : no_entry;
    const bool there = k != no_entry && schedule_[k].seq == child.seq;
    const auto state = there ? schedule_[k].state : job_state::failed;
    const bool failed = state == job_state::failed;
    const bool open =
        there && (!is_ended(state) || (failed && child.on_failure == child_failure::hold));
    if (there) {
      schedule_[k].child = true;
      flows_.link(e.seq, i, child.seq, k, child.on_failure, open);
    }
    if (!failed) continue;
    if (child.on_failure == child_failure::fail)
      condemn(i, child_failed(child.job.id, there ? "failed" : "removed"), now);
    if (child.on_failure == child_failure::proceed) flows_.find(e.seq)->proceeds_at = e.starts;
  }
}

void core::adopt(const staged_tree& tree, const staged_job& root, entry_index i) {
  auto& parent = schedule_[tree.parent_entry];
  if (parent.seq != tree.parent || is_ended(parent.state)) return;
  parent.parent = true;
  schedule_[i].child = true;
  flows_.link(tree.parent, tree.parent_entry, root.seq, i, root.spec.options.on_failure, true);
}

bool core::may_go_on(entry_index i) {
  const auto& e = schedule_[i];
  if (e.condemned || e.cancel) return true;
  const auto* family = e.parent ? flows_.find(e.seq) : nullptr;
  return family == nullptr || family->open == 0 || family->proceeds_at == e.starts;
}

void core::look_at_children(entry_index i, std::int64_t now) {
  auto& e = schedule_[i];
  if (e.state != job_state::waiting_children || e.in_flight != commit_in_flight::none) return;
  if (!may_go_on(i)) return;
  const auto trigger = e.condemned ? job_trigger::condemned : job_trigger::unblocked;
  const auto to = next(e.facts(), trigger, {now, e.at_ms}, default_options());
  if (to->to == job_state::delayed) {
    const auto due = clock_.steady_ms() + (to->run_at_ms - now);
    emit(event_type::delayed, e, now, std::to_string(to->run_at_ms));
    wake_before(due);
    schedule_.delay(i, to->run_at_ms, due);
    return;
  }
  emit(event_type::waiting, e, now, name_of(job_state::waiting_children));
  schedule_.move(i, to->to, now);
  if (e.expires && expiries_.is_over(i, clock_.steady_ms())) expire(i, now);
  touched_rooms_.push_back(e.room);
}

void core::serve_touched(tickets& ready) {
  while (!touched_rooms_.empty()) {
    const auto room = touched_rooms_.back();
    touched_rooms_.pop_back();
    serve(schedule_.in(room), ready);
  }
}

std::vector<child_end> core::ends_of(const job_entry& e, job_state to, std::string_view result,
                                     const job_error* why, bool leaves) {
  std::vector<child_end> out;
  if (!e.child) return out;
  for (const auto& link : flows_.parents(e.seq)) {
    child_end end;
    end.parent = link.parent;
    end.child = e.seq;
    // One that had ended before is only missed by a parent that holds on for it.
    end.told = !(leaves && is_ended(e.state));
    if (!end.told && !link.open) continue;
    end.state = to;
    if (end.told && to == job_state::failed) {
      const auto& reason = why != nullptr ? *why : gone_error();
      end.error = encode_error(reason);
      end.closes = leaves || link.on_failure != child_failure::hold;
      end.proceeds = link.on_failure == child_failure::proceed;
      if (link.open && link.on_failure == child_failure::fail)
        end.verdict = child_failed(e.id.view(), reason.message);
      if (const auto* family = flows_.find(link.parent))
        end.at_start = schedule_[family->parent].starts;
    }
    end.result = result;
    out.push_back(std::move(end));
  }
  return out;
}

void core::child_ended(const child_end& end, std::int64_t now) {
  auto* family = flows_.find(end.parent);
  if (family == nullptr) return;
  const auto parent = family->parent;
  if (end.closes) flows_.close(end.parent, end.child);
  if (end.told && end.proceeds) family->proceeds_at = end.at_start;
  if (end.verdict) condemn(parent, *end.verdict, now);
  look_at_children(parent, now);
}

void core::forget_family(job_entry& e) {
  if (!e.parent) return;
  flows_.forget_parent(e.seq);
  e.parent = false;
}

void core::condemn(entry_index i, const job_error& why, std::int64_t now) {
  auto& e = schedule_[i];
  if (is_ended(e.state)) return;
  verdicts_.emplace(e.seq, why);
  if (e.state == job_state::delayed && e.in_flight == commit_in_flight::none) {
    emit(event_type::waiting, e, now, name_of(job_state::delayed));
    schedule_.move(i, ready_state(e.priority), now);
  }
  schedule_.condemn(i);
  look_at_children(i, now);
  if (e.state != job_state::active) touched_rooms_.push_back(e.room);
}

result<void> core::load_kin(store::connection& c) {
  auto ok = scan_children(c, [&](const stored_child& row) {
    flowing_ = true;
    next_seq_ = std::max({next_seq_, row.child + 1, row.parent + 1});
    kin_.emplace(row.parent, no_entry);
    kin_.emplace(row.child, no_entry);
    loaded_children_.push_back(row);
  });
  if (!ok) return ok;
  return scan_dedup(c, [&](const dedup_row& row) {
    next_seq_ = std::max(next_seq_, row.seq + 1);
    kin_.emplace(row.seq, no_entry);
    loaded_owners_.push_back({std::string(row.queue), std::string(row.id), std::string(row.owner),
                              row.seq, row.until_ms});
  });
}

void core::link_kin(std::int64_t now) {
  std::vector<entry_index> parents;
  for (const auto& row : loaded_children_) {
    const auto parent = kin_[row.parent];
    const auto child = kin_[row.child];
    if (parent == no_entry) continue;
    auto& p = schedule_[parent];
    p.parent = true;
    flows_.found(row.parent, parent);
    parents.push_back(parent);
    const bool failed = row.state == job_state::failed;
    if (child != no_entry) {
      auto& k = schedule_[child];
      k.child = true;
      flows_.link(row.parent, parent, row.child, child, row.on_failure, row.open);
      // It ended while this parent was being added.
      if (is_ended(k.state) && !is_ended(row.state) && row.open)
        for (const auto& end : ends_of(k, k.state, {}, nullptr, false)) child_ended(end, now);
    }
    // Its row went while the parent had not been told.
    const bool lost = child == no_entry && row.open && !failed;
    if (row.on_failure == child_failure::proceed && (lost || (failed && row.at_start >= p.starts)))
      flows_.find(row.parent)->proceeds_at = p.starts;
    if (lost && row.on_failure == child_failure::fail)
      condemn(parent, child_failed("", "removed"), now);
  }
  for (const auto parent : parents) look_at_children(parent, now);
  for (const auto& row : loaded_owners_) load_owner(row);
  kin_.clear();
  loaded_children_.clear();
  loaded_owners_.clear();
  touched_rooms_.clear();
}

}  // namespace son1k::queue::embedded
