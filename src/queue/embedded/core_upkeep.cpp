// What time does: due jobs, leases that ran out, claims that waited long enough, ages of ended
// jobs. One background thread sleeps until the next of these, by the injected clock.
#include <algorithm>
#include <chrono>
#include <limits>

#include "queue/embedded/core.hpp"

namespace son1k::queue::embedded {
namespace {

constexpr std::size_t trim_slice = 256;
// Rows on their way out, beyond which upkeep leaves ended jobs for later: an edit of ended jobs
// erases all of its queue's in its own commit.
constexpr std::size_t trimmed_max = 8'192;

}  // namespace

std::size_t core::promote_due(room& r, std::int64_t now, std::int64_t steady, std::size_t most) {
  std::size_t n = 0;
  for (; n < most && !r.delayed.empty(); ++n) {
    if (r.delayed.top_due() > steady) break;
    const auto i = r.delayed.top();
    const auto& e = schedule_[i];
    const auto to = next(e.facts(), job_trigger::promoted, {now}, default_options());
    emit(event_type::waiting, e, now, name_of(job_state::delayed));
    schedule_.move(i, to->to, std::min(now, e.at_ms));
  }
  return n;
}

std::size_t core::stage_recovery(store::transaction& tx, const std::string& queue) {
  auto stalled = std::make_shared<std::vector<lease>>();
  std::vector<stall_row> rows;
  {
    std::lock_guard lock(mutex_);
    const auto number = schedule_.find_room(queue);
    if (!number) return 0;
    const auto steady = clock_.steady_ms();
    auto& active = schedule_.in(*number).active;
    for (auto i = active.front(); i != no_entry && rows.size() < sweep_slice;
         i = schedule_[i].next) {
      auto& e = schedule_[i];
      if (e.in_flight != commit_in_flight::none || e.run->deadline > steady) continue;
      e.in_flight = commit_in_flight::recovering;
      stalled->push_back({queue, std::string(e.id.view()), e.starts, i});
      rows.push_back({e.seq, e.stalls + 1, e.starts, e.run->started_at_ms});
    }
  }
  if (rows.empty()) return 0;
  const auto n = rows.size();
  tx.stage([rows = std::move(rows)](store::connection& c) -> result<void> {
    for (const auto& row : rows)
      if (auto ok = save_stall(c, row); !ok) return ok;
    return {};
  });
  tx.on_outcome([self = shared_from_this(), stalled](bool committed) {
    self->recovered(*stalled, committed);
  });
  return n;
}

void core::recovered(const std::vector<lease>& stalled, bool committed) {
  tickets ready;
  {
    std::lock_guard lock(mutex_);
    const auto now = clock_.now_ms();
    for (const auto& l : stalled) {
      const auto i = static_cast<entry_index>(l.slot);
      auto& e = schedule_[i];
      e.in_flight = commit_in_flight::none;
      if (!committed) continue;
      const auto to = next(e.facts(), job_trigger::stalled, {now}, default_options());
      if (feed_.wanted()) {
        auto r = record_of(e, now);
        r.state = to->to;
        r.stalls = to->stalls;
        r.ended = false;
        r.stalled = true;
        feed_.append(std::move(r));
      }
      release_board_slot(e.run->board_slot);
      e.run.reset();
      emit(event_type::stalled, e, now);
      emit(event_type::waiting, e, now, name_of(job_state::active));
      schedule_.stalled(i, to->stalls);
    }
    if (!stalled.empty()) serve(schedule_.in(*schedule_.find_room(stalled.front().queue)), ready);
  }
  record_starts(std::move(ready));
  events_.deliver();
  feed_.deliver();
}

void core::look_now() {
  std::lock_guard lock(mutex_);
  look_ = true;
  wake_.notify_one();
}

std::int64_t core::next_due(std::int64_t steady) {
  auto due = std::min(steady + settings_.sweep_ms, expiries_.next());
  for (std::uint16_t n = 0; n < schedule_.rooms(); ++n) {
    const auto& r = schedule_.in(n);
    if (!r.delayed.empty()) due = std::min(due, r.delayed.top_due());
    if (!r.tickets.empty()) due = std::min(due, schedule_.next_opening(r, steady));
    for (const auto& ticket : r.tickets) due = std::min(due, ticket->deadline);
  }
  return due;
}

void core::upkeep_slice(guard&, tickets& ready, tickets& late) {
  const auto now = clock_.now_ms();
  const auto steady = clock_.steady_ms();
  expire_due(now, steady, promote_slice);
  touched_rooms_.clear();  // all are served here
  for (std::uint16_t n = 0; n < schedule_.rooms(); ++n) {
    auto& r = schedule_.in(n);
    promote_due(r, now, steady, promote_slice);
    r.lanes.forget_idle(steady);
    serve(r, ready);
    std::erase_if(r.tickets, [&](const auto& ticket) {
      if (ticket->deadline > steady) return false;
      late.push_back(ticket);
      --tickets_waiting_;
      return true;
    });
    if (trimmed_.size() >= trimmed_max) continue;
    trim(r, job_state::completed, r.keep_completed, now, trim_slice);
    trim(r, job_state::failed, r.keep_failed, now, trim_slice);
  }
  serve_touched(ready);
}

void core::sweep_all() {
  std::vector<std::string> queues;
  {
    std::lock_guard lock(mutex_);
    for (std::uint16_t n = 0; n < schedule_.rooms(); ++n)
      if (!schedule_.in(n).active.empty()) queues.push_back(schedule_.name(n));
  }
  for (const auto& queue : queues) {
    store::transaction tx(store::durability::process);
    if (stage_recovery(tx, queue) > 0) db_.commit(std::move(tx), [](result<void>) {});
  }
  commit_trimmed();
  purge_owners();
  keep_event_floor();
}

void core::upkeep_once() {
  tickets ready;
  tickets late;
  {
    guard lock(mutex_);
    look_ = false;
    upkeep_slice(lock, ready, late);
  }
  record_starts(std::move(ready));
  for (const auto& ticket : late) ticket->resume();
  events_.deliver();
  if (clock_.steady_ms() - swept_ < settings_.sweep_ms) return;
  swept_ = clock_.steady_ms();
  sweep_all();
}

void core::run_upkeep() {
  guard lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    upkeep_once();
    lock.lock();
    const auto steady = clock_.steady_ms();
    planned_ = next_due(steady);
    const auto wait = std::chrono::milliseconds(std::max<std::int64_t>(planned_ - steady, 0));
    wake_.wait_for(lock, wait, [this] { return stopping_ || look_; });
    planned_ = std::numeric_limits<std::int64_t>::min();
  }
}

void core::stop() {
  tickets ended;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (std::uint16_t n = 0; n < schedule_.rooms(); ++n) {
      auto& waiting = schedule_.in(n).tickets;
      ended.insert(ended.end(), waiting.begin(), waiting.end());
      waiting.clear();
    }
    tickets_waiting_ = 0;
  }
  wake_.notify_all();
  for (const auto& ticket : ended) ticket->resume();
  if (upkeep_.joinable() && upkeep_.get_id() != std::this_thread::get_id()) upkeep_.join();
}

}  // namespace son1k::queue::embedded
