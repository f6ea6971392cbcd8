// What is said about jobs while they wait or run: progress, logs, checkpoints, cancels, pause,
// counts, events.
#include <algorithm>
#include <iterator>

#include "base/utf8.hpp"
#include "queue/embedded/core.hpp"

namespace son1k::queue::embedded {
namespace {

constexpr std::size_t note_bytes_max = 1'024;
constexpr std::size_t log_bytes_max = 4'096;

const job_error& outcome_cancelled() {
  static const job_error e = outcome::cancel().error;
  return e;
}

// The domain's code: what escapes it must not end the writer.
result<void> write_settled(const job_view& job, const settle_function& settle,
                           store::connection& c) {
  store::transaction writes;
  try {
    settle(job, writes);
  } catch (const std::exception& e) {
    return error(errc::internal, {std::string("settle threw: ") + e.what()});
  }
  for (const auto& step : writes.steps())
    if (auto ok = step(c); !ok) return ok;
  return {};
}

error unknown_job() {
  return {errc::not_found, "id", {"no such job", "no existe ese trabajo"}};
}

}  // namespace

result<void> core::progress(const lease& held, progress_value value) {
  cut_text(value.message, note_bytes_max);
  {
    std::lock_guard lock(mutex_);
    const auto i = held_entry(held);
    if (!i) return i.error();
    auto& e = schedule_[*i];
    auto& known = e.run->progress;
    known.percent = std::max(known.percent, std::clamp(value.percent, 0, 100));
    known.message = std::move(value.message);
    emit(event_type::progress, e, clock_.now_ms(), known.message, known.percent);
  }
  events_.deliver();
  return {};
}

result<void> core::log(const lease& held, std::string line) {
  cut_text(line, log_bytes_max);
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::lock_guard lock(mutex_);
  const auto i = held_entry(held);
  if (!i) return i.error();
  auto& e = schedule_[*i];
  const auto most =
      static_cast<std::size_t>((e.options ? *e.options : default_options()).keep_logs);
  auto& lines = e.run->log;
  lines.push_back(std::move(line));
  if (lines.size() > most) lines.pop_front();
  return {};
}

result<void> core::stage_checkpoint(store::transaction& tx, const lease& held, std::string json) {
  if (json.size() > data_bytes_max)
    return error(errc::payload_too_large, "checkpoint",
                 {"must be at most 1048576 bytes", "debe tener como mucho 1048576 bytes"});
  std::lock_guard lock(mutex_);
  const auto i = held_entry(held);
  if (!i) return i.error();
  auto& e = schedule_[*i];
  if (e.in_flight != commit_in_flight::none)
    return error(errc::lease_lost, {"its end is being recorded", "se está registrando su final"});
  // Said before the commit: reading a row that has none costs a read, missing one costs the work.
  e.on_disk_more = true;
  tx.stage([seq = e.seq, json = std::move(json)](store::connection& c) {
    return save_checkpoint(c, seq, json);
  });
  return {};
}

// The job and, of a parent, all that it waits for, as far as it has not ended; parents first.
void core::gather_cancelled(entry_index first, cancel_batch& into) {
  std::vector<entry_index> left(1, first);
  while (!left.empty()) {
    const auto i = left.back();
    left.pop_back();
    const auto& e = schedule_[i];
    if (is_ended(e.state) || !into.seen.insert(e.seq).second) continue;
    into.jobs.push_back({i, e.seq, false, {}});
    if (e.state != job_state::active) {
      auto ends = ends_of(e, job_state::failed, {}, &outcome_cancelled(), true);
      std::move(ends.begin(), ends.end(), std::back_inserter(into.ends));
      if (auto freed = freed_by(e, true)) into.freed.push_back(std::move(*freed));
    }
    const auto* family = e.parent ? flows_.find(e.seq) : nullptr;
    if (family == nullptr) continue;
    for (const auto& [seq, child] : family->children)
      if (schedule_[child].seq == seq) left.push_back(child);
  }
}

result<void> core::stage_cancel(store::transaction& tx, const std::string& queue,
                                const std::string& id, const settle_function& settle) {
  if (!usable_) return usable_;
  auto batch = std::make_shared<cancel_batch>();
  batch->settle = settle;
  {
    std::lock_guard lock(mutex_);
    const auto number = schedule_.find_room(queue);
    const auto i = number ? schedule_.find(*number, id) : no_entry;
    if (i == no_entry || is_ended(schedule_[i].state)) return unknown_job();
    gather_cancelled(i, *batch);
  }
  tx.set_after_outcomes();
  tx.stage([self = shared_from_this(), batch](store::connection& c) -> result<void> {
    for (auto& job : batch->jobs) {
      if (self->feed_.wanted() || batch->settle)
        if (auto row = read_argument(c, job.seq); row) job.row = std::move(*row);
      const auto view = self->cancelled_view(job);
      if (auto ok = mark_cancelled(c, job.seq, job.ran); !ok) return ok;
      if (!view || !batch->settle) continue;
      if (auto ok = write_settled(*view, batch->settle, c); !ok) return ok;
    }
    for (const auto& end : batch->ends)
      if (auto ok = save_child_end(c, end); !ok) return ok;
    return erase_owners(c, batch->freed);
  });
  tx.on_outcome(
      [self = shared_from_this(), batch](bool committed) { self->cancelled(*batch, committed); });
  return {};
}

void core::cancelled(cancel_batch& batch, bool committed) {
  tickets ready;
  {
    std::lock_guard lock(mutex_);
    for (auto& job : batch.jobs) {
      // In this order: whoever sees the one gone sees the other.
      if (job.ran && committed) ++cancels_;
      if (job.told) --cancelling_;
      auto& e = schedule_[job.entry];
      if (e.seq != job.seq) continue;
      if (job.told && e.run) e.run->cancelling = false;
      if (committed)
        cancel_one(job);
      else if (job.taken)
        back_to_its_place(job.entry), expire_if_over(job.entry, clock_.now_ms());
    }
    serve_touched(ready);
  }
  record_starts(std::move(ready));
  events_.deliver();
  feed_.deliver();
}

// Its worker has given it back since somebody asked: its next claim ends it, so that the kind can
// settle.
void core::end_by_claim(entry_index i, std::int64_t now) {
  auto& e = schedule_[i];
  if (e.in_flight != commit_in_flight::none) return;  // it goes back into its list as condemned
  if (e.state == job_state::delayed) {
    emit(event_type::waiting, e, now, name_of(job_state::delayed));
    schedule_.move(i, ready_state(e.priority), now);
  }
  condemn(i, outcome_cancelled(), now);
}

// Nothing: its worker settles it.
std::optional<job_view> core::cancelled_view(cancel_batch::job& job) {
  std::lock_guard lock(mutex_);
  auto& e = schedule_[job.entry];
  job.ran = e.seq == job.seq && e.state == job_state::active;
  if (job.ran && !e.run->cancelling) {
    e.run->cancelling = job.told = true;
    ++cancelling_;
  }
  if (e.seq != job.seq || job.ran || is_ended(e.state)) return std::nullopt;
  if (e.in_flight == commit_in_flight::none) {
    schedule_.take_out(job.entry);
    e.in_flight = commit_in_flight::cancelling;
    job.taken = true;
  }
  auto v = brief_view(e);
  v.data = job.row.data;
  v.user = job.row.user;
  v.state = job_state::failed;
  v.error = outcome_cancelled();
  v.finished_at_ms = clock_.now_ms();
  return v;
}

void core::cancel_one(cancel_batch::job& job) {
  auto& e = schedule_[job.entry];
  if (is_ended(e.state)) return;
  const auto now = clock_.now_ms();
  e.cancel = true;
  if (e.in_flight == commit_in_flight::cancelling) e.in_flight = commit_in_flight::none;
  if (job.ran && e.state != job_state::active) {
    end_by_claim(job.entry, now);
    return;
  }
  const auto to = next(e.facts(), job_trigger::cancelled, {now}, default_options());
  if (!to || !to->removed) return;  // running: its worker asks for cancel_requests()
  emit(event_type::cancelled, e, now, name_of(e.state));
  emit(event_type::removed, e, now, name_of(e.state));
  if (feed_.wanted()) {
    auto r = record_of(e, now);
    r.state = job_state::failed;
    r.cancelled = true;
    r.error = outcome_cancelled();
    r.data = std::move(job.row.data);
    r.user = std::move(job.row.user);
    feed_.append(std::move(r));
  }
  const auto ends = ends_of(e, job_state::failed, {}, &outcome_cancelled(), true);
  owners_.release(e.seq);
  trimmed_.push_back({e.seq, e.room, false});
  for (const auto& end : ends) child_ended(end, now);
  drop(job.entry);
}

result<std::int64_t> core::row_of(const std::string& queue, const std::string& id) {
  if (!usable_) return usable_.error();
  std::lock_guard lock(mutex_);
  const auto number = schedule_.find_room(queue);
  const auto i = number ? schedule_.find(*number, id) : no_entry;
  if (i == no_entry) return unknown_job();
  return schedule_[i].seq;
}

void core::overlay(job_view& v) {
  std::lock_guard lock(mutex_);
  const auto number = schedule_.find_room(v.queue);
  const auto i = number ? schedule_.find(*number, v.id) : no_entry;
  if (i == no_entry || is_ended(schedule_[i].state)) return;
  const auto& e = schedule_[i];
  v.state = e.state;
  v.attempts_made = e.attempts;
  v.starts = e.starts;
  v.stalls = e.stalls;
  v.run_at_ms = e.state == job_state::delayed ? e.at_ms : 0;
  if (!e.run) return;
  v.started_at_ms = e.run->started_at_ms;
  v.worker = e.run->worker;
  v.progress = e.run->progress;
  v.error.reset();
  v.logs.insert(v.logs.end(), e.run->log.begin(), e.run->log.end());
  keep_newest(v.logs, v.options.keep_logs);
}

result<job_glance> core::glance(const std::string& queue, const std::string& id) {
  if (!usable_) return usable_.error();
  std::lock_guard lock(mutex_);
  const auto number = schedule_.find_room(queue);
  const auto i = number ? schedule_.find(*number, id) : no_entry;
  if (i == no_entry || is_ended(schedule_[i].state)) {
    return error(errc::not_found, "id",
                 {"no job of this id is under way", "no hay un trabajo en curso con este id"});
  }
  const auto& e = schedule_[i];
  job_glance out;
  out.state = e.state;
  out.run_at_ms = e.state == job_state::delayed ? e.at_ms : 0;
  if (e.run) out.progress = e.run->progress;
  return out;
}

result<queue_counts> core::counts(const std::string& queue) {
  if (!usable_) return usable_.error();
  std::lock_guard lock(mutex_);
  queue_counts n;
  const auto number = schedule_.find_room(queue);
  if (!number) return n;
  const auto& r = schedule_.in(*number);
  const auto count = [](std::size_t size) { return static_cast<std::int64_t>(size); };
  n.waiting = count(r.waiting());
  n.prioritized = count(r.prioritized());
  n.delayed = count(r.delayed.size());
  n.active = count(r.active.size());
  n.waiting_children = count(r.waiting_children.size());
  n.completed = count(r.completed.size());
  n.failed = count(r.failed.size());
  n.oldest_ready_at_ms = schedule_.oldest_ready_at_ms(r);
  n.paused = r.paused;
  return n;
}

result<void> core::stage_pause(store::transaction& tx, const std::string& queue, bool paused) {
  if (!usable_) return usable_;
  std::lock_guard lock(mutex_);
  const auto number = schedule_.open_room(queue);
  if (!number)
    return error(errc::unavailable, "queue",
                 {"too many different names", "demasiados nombres distintos"});
  if (schedule_.in(*number).paused == paused) return {};
  tx.stage([queue, paused](store::connection& c) { return save_paused(c, queue, paused); });
  tx.on_outcome([self = shared_from_this(), room = *number, paused](bool committed) {
    if (committed) self->paused(room, paused);
  });
  return {};
}

void core::paused(std::uint16_t room_number, bool on) {
  tickets ready;
  {
    std::lock_guard lock(mutex_);
    auto& r = schedule_.in(room_number);
    if (r.paused == on) return;
    r.paused = on;
    events_.append({on ? event_type::paused : event_type::resumed,
                    schedule_.name(room_number),
                    {},
                    {},
                    clock_.now_ms(),
                    {},
                    0});
    serve(r, ready);
  }
  record_starts(std::move(ready));
  events_.deliver();
}

void core::emit(event_type type, const job_entry& e, std::int64_t now, std::string_view detail,
                std::int32_t percent) {
  events_.append({type, schedule_.name(e.room), e.id, kinds_[e.kind], now, detail, percent});
}

}  // namespace son1k::queue::embedded
