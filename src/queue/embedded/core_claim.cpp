// Claiming: taken under the lock, on record by a commit that outlives this process, then handed
// out.
#include <algorithm>

#include "base/log.hpp"
#include "queue/embedded/core.hpp"

namespace son1k::queue::embedded {
namespace {

constexpr std::size_t claim_max = 4'096;
// Jobs copied out under one hold of the lock.
constexpr std::size_t collect_slice = 64;

job_error poisoned(std::int32_t stalls) {
  return {"stalled",
          "its process died or fell silent " + std::to_string(stalls) + " times under it", false};
}

error lost() {
  return {errc::lease_lost,
          {"the job belongs to a newer start or has ended",
           "el trabajo pertenece a un inicio más nuevo o ya terminó"}};
}

}  // namespace

void core::claim(const std::shared_ptr<claim_ticket>& ticket) {
  auto& request = ticket->request;
  request.max = std::clamp<std::size_t>(request.max, 1, claim_max);
  // Decided under the lock: a parked ticket may be served by another thread from then on.
  bool waits = false;
  bool got = false;
  {
    std::lock_guard lock(mutex_);
    const auto number = stopping_ ? std::nullopt : schedule_.open_room(request.queue);
    if (!number) {
      ticket->verdict = error(errc::unavailable, {"the queue takes no claims now",
                                                  "la cola no atiende reclamos ahora"});
    } else {
      auto& r = schedule_.in(*number);
      const auto steady = clock_.steady_ms();
      r.claimed_at = steady;
      promote_due(r, clock_.now_ms(), steady, promote_slice);
      if (expiries_.next() <= steady) expire_due(clock_.now_ms(), steady, promote_slice);
      got = take(r, *ticket);
      if (!got && request.wait_ms > 0) {
        waits = tickets_waiting_ < settings_.claims_waiting_max;
        if (waits) {
          ticket->deadline = steady + request.wait_ms;
          r.tickets.push_back(ticket);
          ++tickets_waiting_;
          if (ticket->deadline < planned_) look_ = true, wake_.notify_one();
        } else {
          ticket->verdict = error(errc::unavailable, {"too many claims wait already",
                                                      "ya esperan demasiados reclamos"});
        }
      }
    }
  }
  if (got)
    record_starts({ticket});
  else if (!waits)
    ticket->resume();
}

bool core::take(room& r, claim_ticket& ticket) {
  const auto now = clock_.now_ms();
  const auto steady = clock_.steady_ms();
  while (ticket.taken.size() < ticket.request.max) {
    const auto i = schedule_.next_start(r, steady);
    if (i == no_entry) break;
    start_run(i, ticket, now, steady);
  }
  if (ticket.taken.empty()) return false;
  ticket.board_slot = take_board_slot(ticket.taken.size());
  for (const auto& l : ticket.taken)
    schedule_[static_cast<entry_index>(l.slot)].run->board_slot = ticket.board_slot;
  return true;
}

void core::start_run(entry_index i, claim_ticket& ticket, std::int64_t now, std::int64_t steady) {
  auto& e = schedule_[i];
  const auto to = next(e.facts(), job_trigger::claimed, {now}, default_options());
  e.starts = static_cast<std::int32_t>(to->starts);
  unwatch_expiry(i);
  schedule_.start(i, steady);
  e.in_flight = commit_in_flight::starting;
  e.run = std::make_unique<run_state>();
  e.run->worker = ticket.request.worker;
  e.run->deadline = steady + ticket.request.lease_ms;
  e.run->started_at_ms = now;
  if (!e.data.cached() || e.on_disk_more) ticket.unread.push_back({ticket.taken.size(), e.seq});
  ticket.taken.push_back({ticket.request.queue, std::string(e.id.view()), e.starts, i});
  ticket.starts.add(e.seq, e.starts);
  // On record with the start: it is the start that keeps a job from expiring a second time.
  if (const auto known = verdicts_.find(e.seq); known != verdicts_.end())
    ticket.verdicts.emplace_back(e.seq, known->second);
}

void core::serve(room& r, tickets& ready) {
  serve_one(r, ready);
  if (!schedule_.take_cleared()) return;
  for (std::uint16_t n = 0; n < schedule_.rooms(); ++n) serve_one(schedule_.in(n), ready);
}

void core::serve_one(room& r, tickets& ready) {
  while (!r.tickets.empty() && take(r, *r.tickets.front())) {
    ready.push_back(std::move(r.tickets.front()));
    r.tickets.pop_front();
    --tickets_waiting_;
  }
}

void core::record_starts(tickets ready) {
  if (ready.empty()) return;
  for (const auto& ticket : ready) read_rows(ticket);
  store::transaction tx(store::durability::process);
  const auto now = clock_.now_ms();
  auto shared = std::make_shared<tickets>(std::move(ready));
  tx.stage([shared, now](store::connection& c) -> result<void> {
    for (const auto& ticket : *shared) {
      auto ok =
          save_starts(c, ticket->board_slot, ticket->request.worker, now, ticket->starts.bytes());
      for (const auto& [seq, verdict] : ticket->verdicts)
        if (ok) ok = save_verdict(c, seq, verdict);
      if (!ok) return ok;
    }
    return {};
  });
  db_.commit(std::move(tx), [self = shared_from_this(), shared](result<void> verdict) {
    self->started(*shared, verdict);
  });
}

void core::read_rows(const std::shared_ptr<claim_ticket>& ticket) {
  if (ticket->unread.empty()) return;
  ++ticket->parts;
  auto queued = db_.read([ticket](store::connection& c) {
    std::vector<stored_argument> rows;
    rows.reserve(ticket->unread.size());
    for (const auto& one : ticket->unread) {
      auto row = read_argument(c, one.seq);
      if (!row) {
        ticket->rows = row.error();
        return ticket->part_done();
      }
      rows.push_back(std::move(*row));
    }
    ticket->rows = std::move(rows);
    ticket->part_done();
  });
  if (queued) return;
  ticket->rows = queued.error();
  ticket->part_done();
}

void core::started(const tickets& ready, const result<void>& verdict) {
  {
    std::lock_guard lock(mutex_);
    const auto now = clock_.now_ms();
    for (const auto& ticket : ready) {
      ticket->verdict = verdict;
      for (const auto& l : ticket->taken) {
        auto& e = schedule_[static_cast<entry_index>(l.slot)];
        e.in_flight = commit_in_flight::none;
        if (verdict)
          emit(event_type::active, e, now, name_of(ready_state(e.priority)));
        else
          undo_start(l);
      }
    }
  }
  for (const auto& ticket : ready) ticket->part_done();
  if (verdict) events_.deliver();
}

void core::undo_start(const lease& l) {
  const auto i = static_cast<entry_index>(l.slot);
  auto& e = schedule_[i];
  release_board_slot(e.run->board_slot);
  e.run.reset();
  --e.starts;
  schedule_.undo_start(i);
  watch_expiry(i);
}

std::uint32_t core::take_board_slot(std::size_t jobs) {
  if (board_free_.empty()) {
    board_.push_back(0);
    board_free_.push_back(static_cast<std::uint32_t>(board_.size() - 1));
  }
  const auto slot = board_free_.back();
  board_free_.pop_back();
  board_[slot] = static_cast<std::uint32_t>(jobs);
  return slot;
}

void core::release_board_slot(std::uint32_t slot) {
  if (--board_[slot] == 0) board_free_.push_back(slot);
}

std::vector<claimed_job> core::collect(claim_ticket& ticket) {
  std::vector<claimed_job> jobs;
  jobs.reserve(ticket.taken.size());
  auto unread = ticket.unread.begin();
  for (std::size_t first = 0; first < ticket.taken.size(); first += collect_slice) {
    const auto last = std::min(first + collect_slice, ticket.taken.size());
    std::lock_guard lock(mutex_);
    for (auto n = first; n < last; ++n) {
      stored_argument* row = nullptr;
      if (unread != ticket.unread.end() && unread->place == n) {
        row = &(*ticket.rows)[static_cast<std::size_t>(unread - ticket.unread.begin())];
        ++unread;
      }
      const auto found = held_entry(ticket.taken[n]);
      if (!found) continue;  // its lease ran out before anybody saw it
      auto& e = schedule_[*found];
      auto& job = jobs.emplace_back();
      job.held = ticket.taken[n];
      job.kind = kinds_[e.kind];
      job.attempts_made = e.attempts;
      job.options = e.options ? *e.options : default_options();
      job.options.priority = e.priority;
      job.options.group = schedule_.in(e.room).lanes.name(e.group);
      job.added_at_ms = e.added_at_ms;
      job.ready_at_ms = e.at_ms;
      if (is_poison(e.stalls)) job.verdict = poisoned(e.stalls);
      if (e.cancel) job.verdict = job_error{"cancelled", "cancelled", false};
      if (const auto known = verdicts_.find(e.seq); known != verdicts_.end())
        job.verdict = known->second;
      if (row == nullptr) {
        job.data = e.data.view();
        job.user = e.data.user();
        continue;
      }
      if (!e.data.cached()) keep_at_hand(e, payload(row->data, row->user));
      job.data = std::move(row->data);
      job.checkpoint = std::move(row->checkpoint);
      job.user = std::move(row->user);
      job.options.traceparent = std::move(row->traceparent);
      job.options.dedup.id = std::move(row->dedup);
    }
  }
  return jobs;
}

void core::hand_back(const claim_ticket& ticket) {
  std::lock_guard lock(mutex_);
  for (const auto& l : ticket.taken) {
    const auto found = held_entry(l);
    if (!found || schedule_[*found].in_flight != commit_in_flight::none) continue;
    auto& e = schedule_[*found];
    release_board_slot(e.run->board_slot);
    e.run.reset();
    schedule_.put_back(*found);
  }
  look_ = true;
  wake_.notify_one();
}

result<entry_index> core::held_entry(const lease& held) {
  const auto i = schedule_.find(held);
  if (i == no_entry) return lost();
  const auto& e = schedule_[i];
  if (e.state != job_state::active || e.starts != held.fence ||
      e.in_flight == commit_in_flight::recovering)
    return lost();
  return i;
}

void core::end_waits(const std::string& worker) {
  tickets ended;
  {
    std::lock_guard lock(mutex_);
    for (std::uint16_t n = 0; n < schedule_.rooms(); ++n) {
      std::erase_if(schedule_.in(n).tickets, [&](const auto& ticket) {
        if (ticket->request.worker != worker) return false;
        ended.push_back(ticket);
        return true;
      });
    }
    tickets_waiting_ -= ended.size();
  }
  for (const auto& ticket : ended) ticket->resume();
}

void core::stage_fence_check(store::transaction& tx, const lease& held) {
  // This process is the only one that starts jobs of the file, and it knows of a start before the
  // file does; so what memory says while the step runs is what no later start can overtake.
  tx.set_after_outcomes();
  tx.stage([self = shared_from_this(), held](store::connection&) -> result<void> {
    std::lock_guard lock(self->mutex_);
    const auto i = self->held_entry(held);
    if (!i) return i.error();
    return {};
  });
}

std::vector<std::string> core::renew(std::span<const lease> held, std::int64_t lease_ms) {
  std::vector<std::string> gone;
  const auto deadline = clock_.steady_ms() + lease_ms;
  std::lock_guard lock(mutex_);
  for (const auto& l : held) {
    if (const auto i = held_entry(l); i)
      schedule_[*i].run->deadline = deadline;
    else
      gone.push_back(l.id);
  }
  return gone;
}

std::vector<std::string> core::cancel_requests(std::span<const lease> held) {
  std::vector<std::string> asked;
  std::lock_guard lock(mutex_);
  for (const auto& l : held)
    if (const auto i = held_entry(l); i && schedule_[*i].cancel) asked.push_back(l.id);
  return asked;
}

}  // namespace son1k::queue::embedded
