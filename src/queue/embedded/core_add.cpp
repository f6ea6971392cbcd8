// Adding: checked and numbered at staging, inserted by the step, admitted to the schedule by the
// hook.
#include "base/uuid.hpp"
#include "queue/embedded/core.hpp"

namespace son1k::queue::embedded {

staged_batch::~staged_batch() {
  if (settled) return;
  std::lock_guard lock(owner->mutex_);
  owner->release_pending(*this);
}

result<std::shared_ptr<staged_batch>> core::prepare(std::vector<job_spec> specs) {
  if (!usable_) return usable_.error();
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (auto ok = check(specs[i]); !ok) {
      auto wrong = ok.error();
      if (specs.size() > 1) wrong.field = "jobs[" + std::to_string(i) + "]." + wrong.field;
      return wrong;
    }
  }
  std::vector<std::string> made;
  for (auto& spec : specs) made.push_back(spec.id.empty() ? uuid_v7() : std::string());

  auto batch = std::make_shared<staged_batch>(shared_from_this());
  batch->jobs.reserve(specs.size());
  batch->where.reserve(specs.size());
  batch->replies.reserve(specs.size());
  const auto now = clock_.now_ms();
  const auto steady = clock_.steady_ms();
  result<void> ok;
  {
    std::lock_guard lock(mutex_);
    if (stopping_)
      ok = error(errc::unavailable, {"the queue is stopping", "la cola se está deteniendo"});
    for (std::size_t i = 0; i < specs.size() && ok; ++i) {
      const bool named = made[i].empty();
      if (!named) specs[i].id = std::move(made[i]);
      ok = prepare_one(*batch, std::move(specs[i]), named, now, steady);
    }
    if (!ok) release_pending(*batch);
  }
  events_.deliver();
  if (!ok) return ok.error();
  return batch;
}

result<void> core::prepare_one(staged_batch& batch, job_spec&& spec, bool named, std::int64_t now,
                               std::int64_t steady) {
  const auto room_number = schedule_.open_room(spec.queue);
  const auto kind = kinds_.number_of(spec.kind);
  if (!room_number || !kind)
    return error(errc::unavailable, !kind ? "kind" : "queue",
                 {"too many different names", "demasiados nombres distintos"});
  auto& r = schedule_.in(*room_number);
  const auto known = named ? schedule_.find(*room_number, spec.id) : no_entry;
  if (known != no_entry) {
    batch.replies.push_back({std::move(spec.id), true, 0});
    emit(event_type::duplicated, schedule_[known], now);
    return {};
  }
  if (!r.lanes.fits(spec.options.group, settings_.groups_max))
    return error(errc::unavailable, "options.group",
                 {"too many different groups", "demasiados grupos distintos"});
  if (schedule_.size() + batch.jobs.size() >= settings_.jobs_max)
    return error(errc::unavailable, "queue", {"the queue is full", "la cola está llena"});

  staged_job job;
  job.named = named;
  if (named) {
    auto& pending = r.pending[spec.id];
    if (pending.stagers++ == 0) pending.seq = next_seq_++;
    job.seq = pending.seq;
  } else {
    job.seq = next_seq_++;
  }
  job.room = *room_number;
  job.kind = *kind;
  job.added_at_ms = now;
  job.state = ready_state(spec.options.priority);
  if (spec.options.delay_ms > 0) {
    job.state = job_state::delayed;
    job.run_at_ms = now + spec.options.delay_ms;
    job.due = steady + spec.options.delay_ms;
  }
  job.options_text = encode_options(spec.options);
  job.options = options_.of(job.options_text);
  const auto before = schedule_.ready_before(r, spec.options.priority);
  batch.where.push_back(batch.replies.size());
  batch.replies.push_back({spec.id, false, before + static_cast<std::int64_t>(batch.jobs.size())});
  job.spec = std::move(spec);
  batch.jobs.push_back(std::move(job));
  return {};
}

void core::release_pending(staged_batch& batch) {
  batch.settled = true;
  for (const auto& job : batch.jobs) {
    if (!job.named) continue;
    auto& pending = schedule_.in(job.room).pending;
    const auto mine = pending.find(job.spec.id);
    if (mine != pending.end() && --mine->second.stagers == 0) pending.erase(mine);
  }
}

void core::stage(store::transaction& tx, const std::shared_ptr<staged_batch>& batch) {
  if (batch->jobs.empty()) return;
  tx.stage([batch](store::connection& c) -> result<void> {
    for (const auto& job : batch->jobs) {
      new_row row;
      row.seq = job.seq;
      row.queue = job.spec.queue;
      row.id = job.spec.id;
      row.kind = job.spec.kind;
      row.state = job.state;
      row.priority = job.spec.options.priority;
      row.added_at_ms = job.added_at_ms;
      row.run_at_ms = job.run_at_ms;
      row.options = job.options_text;
      row.traceparent = job.spec.options.traceparent;
      row.user = job.spec.user;
      row.group = job.spec.options.group;
      row.dedup = job.spec.options.dedup.id;
      row.data = job.spec.data;
      if (auto ok = insert_row(c, row); !ok) return ok;
    }
    return {};
  });
  tx.on_outcome([batch](bool committed) { batch->owner->added(*batch, committed); });
}

void core::added(staged_batch& batch, bool committed) {
  tickets ready;
  {
    std::lock_guard lock(mutex_);
    release_pending(batch);
    if (committed) {
      for (std::size_t n = 0; n < batch.jobs.size(); ++n) admit(batch, n);
      std::uint32_t last = no_entry;
      for (const auto& job : batch.jobs) {
        if (job.room == last) continue;
        last = job.room;
        serve(schedule_.in(job.room), ready);
      }
    }
  }
  record_starts(std::move(ready));
  if (committed) events_.deliver();
}

void core::admit(staged_batch& batch, std::size_t n) {
  auto& job = batch.jobs[n];
  if (job.named) {
    if (const auto known = schedule_.find(job.room, job.spec.id); known != no_entry) {
      batch.replies[batch.where[n]] = {job.spec.id, true, 0};
      emit(event_type::duplicated, schedule_[known], job.added_at_ms);
      return;
    }
  }
  job_entry e;
  e.seq = job.seq;
  e.added_at_ms = job.added_at_ms;
  e.at_ms = job.state == job_state::delayed ? job.run_at_ms : job.added_at_ms;
  e.group = schedule_.in(job.room).lanes.open(job.spec.options.group);
  e.id = id_text(job.spec.id);
  e.options = std::move(job.options);
  e.priority = job.spec.options.priority;
  e.kind = job.kind;
  e.room = job.room;
  e.state = job.state;
  e.on_disk_more = !job.spec.options.traceparent.empty() || !job.spec.options.dedup.id.empty();
  cache(e, job.spec.data, job.spec.user);
  auto& entry = schedule_[schedule_.insert(std::move(e), job.due)];
  emit(event_type::added, entry, job.added_at_ms);
  if (entry.state == job_state::delayed) {
    emit(event_type::delayed, entry, job.added_at_ms, std::to_string(entry.at_ms));
    if (job.due < planned_) look_ = true, wake_.notify_one();
  } else {
    emit(event_type::waiting, entry, job.added_at_ms);
  }
}

void core::cache(job_entry& e, std::string_view data, std::string_view user) {
  if (cached_bytes_ + data.size() > settings_.cached_bytes_max) return;
  e.data = payload(data, user);
  cached_bytes_ += e.data.cost();
}

void core::uncache(job_entry& e) {
  cached_bytes_ -= e.data.cost();
  e.data.drop();
}

void core::drop(entry_index i) {
  uncache(schedule_[i]);
  schedule_.forget(i);
}

}  // namespace son1k::queue::embedded
