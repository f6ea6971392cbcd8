// Adding: checked and numbered at staging, inserted by the step, admitted to the schedule by the
// hook. A job with children is a tree, staged children first; one without is a tree of one.
#include <algorithm>
#include <utility>

#include "base/uuid.hpp"
#include "queue/embedded/core.hpp"

namespace son1k::queue::embedded {
namespace {

constexpr std::size_t batch_jobs_max = 10'000;
constexpr std::size_t no_parent = static_cast<std::size_t>(-1);

std::size_t jobs_in(const job_spec& spec) {
  std::size_t n = 1;
  for (const auto& child : spec.children) n += jobs_in(child);
  return n;
}

arrival named(job_spec& spec) {
  const bool by_caller = !spec.id.empty();
  if (!by_caller) spec.id = uuid_v7();
  return {id_text(spec.id), by_caller};
}

std::size_t flatten(job_spec&& spec, arrival&& known_as, std::vector<flat_job>& into) {
  flat_job self;
  self.known_as = std::move(known_as);
  auto children = std::exchange(spec.children, {});
  for (auto& child : children)
    self.children.push_back(flatten(std::move(child), named(child), into));
  self.spec = std::move(spec);
  const auto place = into.size();
  for (const auto child : self.children) into[child].parent = place;
  self.parent = no_parent;
  into.push_back(std::move(self));
  return place;
}

error too_many_names(const char* field) {
  return error(errc::unavailable, field,
               {"too many different names", "demasiados nombres distintos"});
}

error in_call(error why, std::size_t n, std::size_t of) {
  if (of > 1) why.field = "jobs[" + std::to_string(n) + "]." + why.field;
  return why;
}

}  // namespace

staged_batch::~staged_batch() {
  if (settled) return;
  std::lock_guard lock(owner->mutex_);
  owner->release_pending(*this);
}

result<std::shared_ptr<staged_batch>> core::prepare(std::vector<job_spec> specs) {
  if (!usable_) return usable_.error();
  std::size_t jobs = 0;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (auto ok = check(specs[i]); !ok) return in_call(ok.error(), i, specs.size());
    jobs += jobs_in(specs[i]);
  }
  if (jobs > batch_jobs_max && specs.size() > 1)
    return error(errc::payload_too_large, "jobs",
                 {"at most 10000 jobs in one call", "como mucho 10000 trabajos por llamada"});
  std::vector<arrival> arrivals;
  arrivals.reserve(specs.size());
  for (auto& spec : specs) arrivals.push_back(named(spec));

  auto batch = std::make_shared<staged_batch>(shared_from_this());
  batch->jobs.reserve(jobs);
  batch->trees.reserve(arrivals.size());
  batch->replies.reserve(arrivals.size());
  batch->now = clock_.now_ms();
  batch->steady = clock_.steady_ms();
  result<void> ok;
  {
    std::lock_guard lock(mutex_);
    if (stopping_)
      ok = error(errc::unavailable, {"the queue is stopping", "la cola se está deteniendo"});
    for (std::size_t i = 0; i < arrivals.size() && ok; ++i) {
      ok = prepare_tree(*batch, std::move(specs[i]), std::move(arrivals[i]));
      if (!ok) ok = in_call(ok.error(), i, arrivals.size());
    }
    if (!ok) release_pending(*batch);
  }
  events_.deliver();
  if (!ok) return ok.error();
  return batch;
}

result<void> core::prepare_tree(staged_batch& batch, job_spec&& root, arrival&& known_as) {
  auto tree = open_tree(batch, root, known_as);
  if (!tree) return tree.error();
  if (!*tree) return {};
  const auto before = schedule_.ready_before(schedule_.in(known_as.room), root.options.priority);
  batch.replies.push_back({root.id, false, before + static_cast<std::int64_t>(batch.jobs.size())});
  auto parent = std::move(root.parent);
  const auto ok = root.children.empty() ? prepare_one(batch, std::move(root), std::move(known_as))
                                        : prepare_flow(batch, std::move(root), std::move(known_as));
  if (!ok) return ok;
  auto& job = batch.jobs.back();
  if (parent) job.parent_job = std::move(*parent);
  job.parent = (*tree)->parent;
  (*tree)->root = batch.jobs.size() - 1;
  batch.trees.push_back(std::move(**tree));
  return {};
}

// Nothing: the root adds nothing, and the reply says why.
result<std::optional<staged_tree>> core::open_tree(staged_batch& batch, job_spec& root,
                                                   arrival& known_as) {
  const auto number = schedule_.open_room(root.queue);
  if (!number) return too_many_names("queue");
  known_as.room = *number;
  const auto known = known_as.named ? schedule_.find(*number, known_as.id) : no_entry;
  if (known != no_entry) {
    batch.replies.push_back({std::move(root.id), true, 0});
    emit(event_type::duplicated, schedule_[known], batch.now);
    return std::optional<staged_tree>();
  }
  staged_tree tree;
  tree.first = batch.jobs.size();
  tree.reply = batch.replies.size();
  if (root.parent) {
    auto parent = unended_parent(*root.parent);
    if (!parent) return parent.error();
    tree.parent = schedule_[*parent].seq;
    tree.parent_entry = *parent;
  }
  if (!root.options.dedup.id.empty() && refused_by_owner(batch, tree, known_as, root))
    return std::optional<staged_tree>();
  return std::optional(std::move(tree));
}

result<entry_index> core::unended_parent(const job_ref& parent) {
  const auto number = schedule_.find_room(parent.queue);
  const auto i = number ? schedule_.find(*number, parent.id) : no_entry;
  if (i == no_entry || is_ended(schedule_[i].state))
    return error(errc::not_found, "parent",
                 {"no such job, or it has ended", "no existe ese trabajo, o ya terminó"});
  const auto* family = flows_.find(schedule_[i].seq);
  if (family != nullptr && family->children.size() >= flow_jobs_max)
    return error(errc::payload_too_large, "parent",
                 {"a job has at most 10000 children", "un trabajo tiene como mucho 10000 hijos"});
  return i;
}

// A child that is known already is not added again, nor is what it would have waited for.
result<void> core::prepare_flow(staged_batch& batch, job_spec&& root, arrival&& known_as) {
  std::vector<flat_job> nodes;
  flatten(std::move(root), std::move(known_as), nodes);
  std::vector<staged_child> made(nodes.size());
  std::vector<bool> left_out(nodes.size(), false);
  std::vector<std::size_t> at(nodes.size());
  for (auto n = nodes.size(); n-- > 0;) {
    auto& node = nodes[n];
    const auto number = schedule_.open_room(node.spec.queue);
    if (!number) return too_many_names("queue");
    node.known_as.room = *number;
    made[n] = {0,
               {node.spec.queue, node.spec.id},
               node.spec.options.on_failure,
               true,
               node.known_as.named};
    left_out[n] = node.parent != no_parent && (left_out[node.parent] || !made[node.parent].fresh);
    const auto known = node.known_as.named ? schedule_.find(*number, node.known_as.id) : no_entry;
    if (known == no_entry) continue;
    made[n].fresh = false;
    made[n].seq = schedule_[known].seq;
  }
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    auto& node = nodes[n];
    if (left_out[n] || !made[n].fresh) continue;
    job_ref parent;
    if (node.parent != no_parent) parent = made[node.parent].job;
    const auto children = std::move(node.children);
    if (auto ok = prepare_one(batch, std::move(node.spec), std::move(node.known_as)); !ok)
      return ok;
    auto& job = batch.jobs.back();
    made[n].seq = job.seq;
    at[n] = batch.jobs.size() - 1;
    job.parent_job = std::move(parent);
    if (!children.empty()) job.state = job_state::waiting_children;
    for (const auto child : children) {
      job.children.push_back(made[child]);
      if (made[child].fresh) batch.jobs[at[child]].parent = job.seq;
    }
  }
  return {};
}

result<void> core::prepare_one(staged_batch& batch, job_spec&& spec, arrival&& known_as) {
  const auto kind = kinds_.number_of(spec.kind);
  if (!kind) return too_many_names("kind");
  auto& r = schedule_.in(known_as.room);
  if (!r.lanes.fits(spec.options.group, settings_.groups_max))
    return error(errc::unavailable, "options.group",
                 {"too many different groups", "demasiados grupos distintos"});
  if (schedule_.size() + batch.jobs.size() >= settings_.jobs_max)
    return error(errc::unavailable, "queue", {"the queue is full", "la cola está llena"});

  auto& job = batch.jobs.emplace_back();
  job.named = known_as.named;
  if (job.named) {
    auto& pending = r.pending[known_as.id];
    if (pending.stagers++ == 0) pending.seq = next_seq_++;
    job.seq = pending.seq;
  } else {
    job.seq = next_seq_++;
  }
  job.room = known_as.room;
  job.kind = *kind;
  job.state = ready_state(spec.options.priority);
  if (spec.options.delay_ms > 0) {
    job.state = job_state::delayed;
    job.run_at_ms = batch.now + spec.options.delay_ms;
    job.due = batch.steady + spec.options.delay_ms;
  }
  job.options_text = encode_options(spec.options);
  job.options = options_.of(job.options_text);
  job.id = std::move(known_as.id);
  job.spec = std::move(spec);
  return {};
}

void core::release_pending(staged_batch& batch) {
  batch.settled = true;
  for (const auto& job : batch.jobs) {
    if (!job.named) continue;
    auto& pending = schedule_.in(job.room).pending;
    const auto mine = pending.find(job.id);
    if (mine != pending.end() && --mine->second.stagers == 0) pending.erase(mine);
  }
  for (auto& touch : batch.touches) let_go(touch);
  for (auto& tree : batch.trees)
    if (tree.touch) let_go(*tree.touch);
}

void core::added(staged_batch& batch, bool committed) {
  tickets ready;
  {
    std::lock_guard lock(mutex_);
    if (committed) {
      auto touch = batch.touches.begin();
      for (auto& tree : batch.trees) {
        for (; touch != batch.touches.end() && touch->reply < tree.reply; ++touch)
          touched(*touch, batch.now);
        admit(batch, tree);
      }
      for (; touch != batch.touches.end(); ++touch) touched(*touch, batch.now);
      std::uint32_t last = no_entry;
      for (const auto& job : batch.jobs) {
        if (job.room == last) continue;
        last = job.room;
        serve(schedule_.in(job.room), ready);
      }
    }
    release_pending(batch);
    serve_touched(ready);
  }
  record_starts(std::move(ready));
  if (committed) events_.deliver();
}

void core::admit(staged_batch& batch, staged_tree& tree) {
  auto& root = batch.jobs[tree.root];
  auto& reply = batch.replies[tree.reply];
  const auto known = root.named ? schedule_.find(root.room, root.id) : no_entry;
  if (known != no_entry) {
    reply = {root.spec.id, true, 0};
    emit(event_type::duplicated, schedule_[known], batch.now);
    return;
  }
  if (tree.refused) {
    reply = {tree.touch->owner, true, 0};
    const auto owner = schedule_.find(root.room, tree.touch->owner);
    if (owner != no_entry) emit(event_type::deduplicated, schedule_[owner], batch.now);
    touched(*tree.touch, batch.now);
    return;
  }
  const bool lone = tree.first == tree.root;  // and looked for above
  for (auto n = tree.first; n <= tree.root; ++n) {
    auto& job = batch.jobs[n];
    if (!lone && job.named && schedule_.find(job.room, job.id) != no_entry) continue;
    admit_one(batch, job);
  }
  if (tree.parent != 0) adopt(tree, root, schedule_.find(root.room, root.id));
  if (!root.spec.options.dedup.id.empty())
    owners_.take({root.room, root.spec.options.dedup.id}, {root.seq, root.spec.id, tree.until});
}

void core::admit_one(staged_batch& batch, staged_job& job) {
  const auto& options = job.spec.options;
  job_entry e;
  e.seq = job.seq;
  e.added_at_ms = batch.now;
  e.at_ms = std::max(batch.now, job.run_at_ms);
  e.group = schedule_.in(job.room).lanes.open(options.group);
  e.id = job.id;
  e.options = std::move(job.options);
  e.priority = options.priority;
  e.kind = job.kind;
  e.room = job.room;
  e.state = job.state;
  e.on_disk_more = !options.traceparent.empty() || !options.dedup.id.empty();
  cache(e, job.spec.data, job.spec.user);
  const auto i = schedule_.insert(std::move(e), job.due);
  auto& entry = schedule_[i];
  emit(event_type::added, entry, batch.now);
  if (options.expires_in_ms > 0) {
    entry.expires = true;
    expiries_.watch(i, batch.steady + options.expires_in_ms);
    wake_before(batch.steady + options.expires_in_ms);
  }
  if (!job.children.empty()) found_family(i, job, batch.now);
  if (entry.state == job_state::delayed) {
    emit(event_type::delayed, entry, batch.now, std::to_string(entry.at_ms));
    wake_before(job.due);
  } else if (entry.state == job_state::waiting_children) {
    emit(event_type::waiting_children, entry, batch.now);
    look_at_children(i, batch.now);
  } else {
    emit(event_type::waiting, entry, batch.now);
  }
}

void core::wake_before(std::int64_t due) {
  if (due < planned_) look_ = true, wake_.notify_one();
}

void core::cache(job_entry& e, std::string_view data, std::string_view user) {
  // A queue may hold as much as it leaves free: a long backlog in one takes no more than half, and
  // the others find room for what they will run soon.
  const auto cost = payload::cost_of(data, user);
  if (schedule_.in(e.room).cached_bytes + cost + cached_bytes_ > settings_.cached_bytes_max) return;
  keep_at_hand(e, payload(data, user));
}

void core::keep_at_hand(job_entry& e, payload argument) {
  e.data = std::move(argument);
  schedule_.in(e.room).cached_bytes += e.data.cost();
  cached_bytes_ += e.data.cost();
}

void core::uncache(job_entry& e) {
  schedule_.in(e.room).cached_bytes -= e.data.cost();
  cached_bytes_ -= e.data.cost();
  e.data.drop();
}

void core::drop(entry_index i) {
  auto& e = schedule_[i];
  uncache(e);
  if (e.condemned) verdicts_.erase(e.seq);
  if (e.expires) expiries_.forget(i);
  if (e.parent) flows_.forget_parent(e.seq);
  if (e.child) flows_.forget_child(e.seq);
  schedule_.forget(i);
}

}  // namespace son1k::queue::embedded
