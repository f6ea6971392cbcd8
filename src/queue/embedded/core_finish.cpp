// Ending runs: decided under the lock, committed with the domain's writes, then moved in memory.
#include <algorithm>

#include "base/utf8.hpp"
#include "queue/embedded/core.hpp"
#include "queue/error_bytes.hpp"

namespace son1k::queue::embedded {
namespace {

constexpr std::size_t trim_ahead = 64;

const job_error& cancelled_error() {
  static const job_error e{"cancelled", "cancelled", false};
  return e;
}

std::string joined(const std::deque<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out.append(line).push_back('\n');
  return out;
}

}  // namespace

void core::decide(finish_batch& batch) {
  const auto now = clock_.now_ms();
  batch.jobs.clear();
  batch.refused.clear();
  batch.jobs.reserve(batch.part.size());
  std::lock_guard lock(mutex_);
  batch.cancels = cancels_;
  for (const auto n : batch.part) {
    auto& request = (*batch.requests)[n];
    if (request.how.result.size() > data_bytes_max) {
      batch.refused.emplace_back(
          n, error(errc::payload_too_large, "result",
                   {"must be at most 1048576 bytes", "debe tener como mucho 1048576 bytes"}));
      continue;
    }
    const auto held = held_entry(request.held);
    if (!held || schedule_[*held].in_flight != commit_in_flight::none) {
      batch.refused.emplace_back(
          n, held ? error(errc::lease_lost, {"its end is being recorded"}) : held.error());
      continue;
    }
    auto& e = schedule_[*held];
    cut_text(request.how.error.message, error_bytes_max);
    trigger_facts facts{now, request.how.run_at_ms, request.how.error.retryable, 0.0};
    const auto& options = e.options ? *e.options : default_options();
    if (options.backoff.jitter > 0) facts.random = std::generate_canonical<double, 32>(random_);
    finishing f;
    f.request = n;
    f.entry = *held;
    f.to = *next(e.facts(), trigger_of(request.how.kind), facts, options);
    if (f.to.to == job_state::waiting_children && may_go_on(*held))
      f.to.to = ready_state(e.priority);
    change_of(f, request, now);
    e.in_flight = commit_in_flight::finishing;
    batch.jobs.push_back(std::move(f));
  }
  batch.erased = take_trimmed(2 * batch.jobs.size() + trim_ahead);
  batch.flowing = flowing_;
}

void core::change_of(finishing& f, finish_request& request, std::int64_t now) {
  const auto& e = schedule_[f.entry];
  const auto& options = e.options ? *e.options : default_options();
  auto& c = f.change;
  c.seq = e.seq;
  c.state = f.to.to;
  c.attempts = f.to.attempts_made;
  c.starts = e.starts;
  c.stalls = f.to.stalls;
  c.run_at_ms = f.to.run_at_ms;
  c.started_at_ms = e.run->started_at_ms;
  c.in_log = e.in_log || !e.run->log.empty();
  if (f.to.ended) {
    c.finished_at_ms = now;
    c.erase = keeps_nothing(f.to.to == job_state::completed ? options.keep_completed
                                                            : options.keep_failed);
    if (e.child) f.ends = ends_of_run(e, f, request);
    if (auto freed = freed_by(e, false)) f.freed.push_back(std::move(*freed));
  }
  c.parent = e.parent;
  if (c.erase) return;
  c.percent = e.run->progress.percent;
  c.worker = e.run->worker;
  c.note = e.run->progress.message;
  c.log = joined(e.run->log);
  if (f.to.cancelled)
    c.error = encode_error(cancelled_error());
  else if (request.how.kind == outcome::what::failed)
    c.error = encode_error(request.how.error);
  if (f.to.to == job_state::completed) c.result = request.how.result;
}

std::vector<child_end> core::ends_of_run(const job_entry& e, const finishing& f,
                                         const finish_request& request) {
  if (f.to.to == job_state::completed)
    return ends_of(e, f.to.to, request.how.result, nullptr, f.change.erase);
  const auto& why = f.to.cancelled ? cancelled_error() : request.how.error;
  return ends_of(e, f.to.to, {}, &why, f.change.erase);
}

void core::stage(store::transaction& tx, const std::shared_ptr<finish_batch>& batch) {
  tx.stage([self = shared_from_this(), batch](store::connection& c) -> result<void> {
    batch->overtaken = self->overtaken(*batch);
    if (batch->overtaken) return error(errc::conflict, {"a cancel was committed meanwhile"});
    for (const auto& f : batch->jobs) {
      auto ok = apply_change(c, f.change);
      for (auto end = f.ends.begin(); ok && end != f.ends.end(); ++end)
        ok = save_child_end(c, *end);
      if (ok) ok = erase_owners(c, f.freed);
      if (!ok) return ok;
    }
    return erase_rows(c, batch->erased, {true, batch->flowing});
  });
  tx.on_outcome(
      [self = shared_from_this(), batch](bool committed) { self->finished(*batch, committed); });
}

bool core::overtaken(const finish_batch& batch) {
  if (cancelling_ == 0 && cancels_ == batch.cancels) return false;
  std::lock_guard lock(mutex_);
  return std::any_of(batch.jobs.begin(), batch.jobs.end(), [&](const finishing& f) {
    const auto& e = schedule_[f.entry];
    return f.to.ended && !f.to.cancelled && (e.cancel || (e.run && e.run->cancelling));
  });
}

job_view core::view_of(const finish_batch& batch, const finishing& f) {
  const auto& request = (*batch.requests)[f.request];
  job_view v;
  std::lock_guard lock(mutex_);
  const auto& e = schedule_[f.entry];
  v.queue = schedule_.name(e.room);
  v.id = e.id.view();
  v.kind = kinds_[e.kind];
  v.state = f.to.to;
  if (e.data.cached()) v.data = e.data.view(), v.user = e.data.user();
  v.worker = e.run->worker;
  if (v.state == job_state::completed) v.result = request.how.result;
  if (v.state == job_state::failed)
    v.error = f.to.cancelled ? cancelled_error() : request.how.error;
  v.progress = e.run->progress;
  v.options = e.options ? *e.options : default_options();
  v.options.priority = e.priority;
  v.options.group = schedule_.in(e.room).lanes.name(e.group);
  v.attempts_made = f.to.attempts_made;
  v.starts = e.starts;
  v.stalls = f.to.stalls;
  v.added_at_ms = e.added_at_ms;
  v.started_at_ms = f.change.started_at_ms;
  v.finished_at_ms = f.change.finished_at_ms;
  v.run_at_ms = f.to.run_at_ms;
  v.logs.assign(e.run->log.begin(), e.run->log.end());
  return v;
}

void core::finished(finish_batch& batch, bool committed) {
  tickets ready;
  {
    std::lock_guard lock(mutex_);
    const auto now = clock_.now_ms();
    std::uint32_t last = no_entry;
    for (const auto& f : batch.jobs) {
      auto& e = schedule_[f.entry];
      e.in_flight = commit_in_flight::none;
      if (!committed) continue;
      const auto number = e.room;
      leave_run(batch, f, now);
      if (number != last) {
        last = number;
        serve(schedule_.in(number), ready);
      }
    }
    if (last != no_entry) serve(schedule_.in(static_cast<std::uint16_t>(last)), ready);
    serve_touched(ready);
    if (!committed) keep_trimmed(batch.erased);
  }
  record_starts(std::move(ready));
  if (!committed) return;
  events_.deliver();
  feed_.deliver();
}

void core::leave_run(const finish_batch& batch, const finishing& f, std::int64_t now) {
  const auto& request = (*batch.requests)[f.request];
  auto& e = schedule_[f.entry];
  auto& r = schedule_.in(e.room);
  if (feed_.wanted()) record_run(batch, f, now);
  std::vector<child_end> ends;  // anew: since then more may wait for it
  if (e.child && f.to.ended) ends = ends_of_run(e, f, request);
  release_board_slot(e.run->board_slot);
  e.run.reset();
  e.attempts = f.to.attempts_made;
  e.stalls = f.to.stalls;
  e.in_log = f.change.in_log;
  if (!f.to.ended) {
    if (f.to.to == job_state::waiting_children) {
      emit(event_type::waiting_children, e, now);
      schedule_.move(f.entry, f.to.to, now);
      look_at_children(f.entry, now);
      return;
    }
    if (f.to.to == job_state::delayed) {
      const auto due = clock_.steady_ms() + (f.to.run_at_ms - now);
      emit(event_type::delayed, e, now, std::to_string(f.to.run_at_ms));
      if (due < planned_) look_ = true, wake_.notify_one();
      schedule_.delay(f.entry, f.to.run_at_ms, due);
      return;
    }
    emit(event_type::waiting, e, now, name_of(job_state::active));
    if (request.how.kind == outcome::what::released)
      schedule_.put_back(f.entry);
    else
      schedule_.move(f.entry, f.to.to, now);
    return;
  }
  const auto& options = e.options ? *e.options : default_options();
  const bool good = f.to.to == job_state::completed;
  if (good)
    emit(event_type::completed, e, now, request.how.result);
  else if (f.to.cancelled)
    emit(event_type::cancelled, e, now, name_of(job_state::active));
  else
    emit(event_type::failed, e, now, request.how.error.message);
  if (f.to.exhausted)
    emit(event_type::retries_exhausted, e, now, std::to_string(f.to.attempts_made));
  const auto keep = good ? options.keep_completed : options.keep_failed;
  if (e.condemned) verdicts_.erase(e.seq);
  forget_family(e);
  for (const auto& freed : f.freed) owners_.release(freed.seq);
  if (r.ready() == 0 && r.active.size() == 1) emit(event_type::drained, e, now);
  for (const auto& end : ends) child_ended(end, now);
  if (f.change.erase) {
    drop(f.entry);
  } else {
    uncache(e);
    schedule_.move(f.entry, f.to.to, now);
    (good ? r.keep_completed : r.keep_failed) = keep;
    trim(r, f.to.to, keep, now, 4);
  }
}

void core::record_run(const finish_batch& batch, const finishing& f, std::int64_t now) {
  const auto& request = (*batch.requests)[f.request];
  const auto& e = schedule_[f.entry];
  auto r = record_of(e, now);
  r.attempts_made = f.to.attempts_made;
  r.state = f.to.to;
  r.ended = f.to.ended;
  r.cancelled = f.to.cancelled;
  r.cost = request.cost;
  if (f.to.to == job_state::completed) r.result = request.how.result;
  if (f.to.cancelled)
    r.error = cancelled_error();
  else if (request.how.kind == outcome::what::failed)
    r.error = request.how.error;
  if (f.to.ended && r.state == job_state::failed) {
    r.options = e.options ? *e.options : default_options();
    r.options->priority = e.priority;
    r.options->group = r.group;
  }
  feed_.append(std::move(r));
}

run_record core::record_of(const job_entry& e, std::int64_t now) {
  run_record r;
  r.job = {schedule_.name(e.room), std::string(e.id.view())};
  r.kind = kinds_[e.kind];
  r.group = schedule_.in(e.room).lanes.name(e.group);
  if (e.data.cached()) r.data = e.data.view(), r.user = e.data.user();
  r.priority = e.priority;
  r.fence = e.starts;
  r.attempts_made = e.attempts;
  r.stalls = e.stalls;
  r.added_at_ms = e.added_at_ms;
  r.ready_at_ms = e.at_ms;
  r.ended_at_ms = now;
  if (!e.run) return r;
  r.worker = e.run->worker;
  r.started_at_ms = e.run->started_at_ms;
  return r;
}

void core::trim(room& r, job_state state, const retention& keep, std::int64_t now,
                std::size_t most) {
  const auto rule = keep_of(keep, now);
  auto& list = schedule_.ended(r, state);
  for (; most > 0 && !list.empty(); --most) {
    const auto oldest = list.front();
    const auto& e = schedule_[oldest];
    if (static_cast<std::int64_t>(list.size()) <= rule.count && e.at_ms >= rule.oldest_ms) break;
    trimmed_.push_back({e.seq, e.room, e.at_ms >= rule.oldest_ms});
    const auto ends = ends_of(e, job_state::failed, {}, nullptr, true);
    for (const auto& end : ends) child_ended(end, now);
    drop(oldest);
  }
}

std::vector<std::int64_t> core::take_trimmed(std::size_t most) {
  std::vector<std::int64_t> taken;
  taken.reserve(std::min(most, trimmed_.size()));
  for (; most > 0 && !trimmed_.empty(); --most, trimmed_.pop_back())
    taken.push_back(trimmed_.back().seq);
  std::sort(taken.begin(), taken.end());
  return taken;
}

// Of any queue: nobody remembers which.
void core::keep_trimmed(std::span<const std::int64_t> seqs) {
  for (const auto seq : seqs) trimmed_.push_back({seq, any_room, true});
}

void core::commit_trimmed() {
  auto seqs = std::make_shared<std::vector<std::int64_t>>();
  {
    std::lock_guard lock(mutex_);
    *seqs = take_trimmed(sweep_slice);
  }
  if (seqs->empty()) return;
  store::transaction tx(store::durability::process);
  tx.stage([seqs, flowing = flowing_.load()](store::connection& c) {
    return erase_rows(c, *seqs, {true, flowing});
  });
  tx.on_outcome([self = shared_from_this(), seqs](bool committed) {
    if (committed) return;
    std::lock_guard lock(self->mutex_);
    self->keep_trimmed(*seqs);
  });
  db_.commit(std::move(tx), [](result<void>) {});
}

}  // namespace son1k::queue::embedded
