// Start and end of the core: what the file holds becomes the schedule again.
#include <algorithm>
#include <limits>

#include "base/log.hpp"
#include "queue/embedded/core.hpp"
#include "queue/embedded/event_floor.hpp"
#include "store/async.hpp"

namespace son1k::queue::embedded {
namespace {

constexpr std::int64_t rows_at_once = 10'000;

}  // namespace

core::core(store::database& db, embedded_settings settings, const clock_port& clock)
    : db_(db),
      settings_(settings),
      clock_(clock),
      events_({.events_max = std::max<std::size_t>(settings.events_max, 16)}, clock.now_ms()),
      schedule_(settings.queues_max),
      kinds_(settings.kinds_max) {}

core::~core() {
  stop();
}

void core::start() {
  load();
  if (!usable_) {
    log::error("queue.unreadable", {{"error", usable_.error().what()}});
    return;
  }
  swept_ = clock_.steady_ms();
  if (settings_.upkeep_by_hand) {
    settings_.upkeep_by_hand([self = weak_from_this()] {
      if (const auto alive = self.lock()) alive->upkeep_once();
    });
    return;
  }
  // The thread may not keep the core alive: its end joins the thread.
  upkeep_ = std::thread([this] { run_upkeep(); });
}

void core::load() {
  loaded_starts starts;
  std::vector<std::int64_t> drop;
  usable_ = store::read_and_wait(db_, [&](store::connection& c) -> result<void> {
    auto ok = scan_starts(c, [&](const stored_start& start) {
      auto& known = starts[start.seq];
      if (start.fence > known.last.fence) known.last = start;
    });
    if (ok) ok = load_limits(c);
    for (std::uint16_t n = 0; n < schedule_.rooms(); ++n)
      rate_windows_.push_back(schedule_.widest_rate_ms(n));
    if (ok) ok = load_kin(c);
    if (!ok) return ok;
    const auto floor = read_event_floor(c);
    if (!floor) return floor.error();
    events_.begin_at(*floor);
    for (std::int64_t last = 0, n = rows_at_once; n == rows_at_once;) {
      n = 0;
      ok = scan_rows(c, last, rows_at_once, [&](const stored_row& row) {
        ++n;
        last = row.seq;
        take_row(row, starts, drop);
      });
      if (!ok) return ok;
    }
    return scan_paused(c, [&](std::string_view queue, bool paused) {
      if (const auto number = schedule_.open_room(queue)) schedule_.in(*number).paused = paused;
    });
  });
  if (!usable_) return;

  place_moved(std::numeric_limits<std::int64_t>::max());
  store::transaction tx;
  take_starts(starts, tx);
  link_kin(clock_.now_ms());
  order_ended();
  book_starts();
  std::sort(drop.begin(), drop.end());
  tx.stage([drop](store::connection& c) -> result<void> {
    auto ok = erase_rows(c, drop, {});
    return ok ? clear_starts(c) : ok;
  });
  stage_event_floor(tx);
  const auto ok = store::commit_and_wait(db_, std::move(tx));
  if (ok) return;
  // A full disk may be read all the same; the floor is tried again.
  if (!starts.empty() || !drop.empty()) usable_ = ok;
  log::warn("queue.event_floor_not_kept", {{"error", ok.error().what()}});
}

void core::take_row(const stored_row& row, loaded_starts& starts, std::vector<std::int64_t>& drop) {
  next_seq_ = std::max({next_seq_, row.seq + 1, row.place + 1});
  place_moved(row.seq);
  const auto number = schedule_.open_room(row.queue);
  const auto kind = kinds_.number_of(row.kind);
  if (!number || !kind) {
    log::error("queue.row_left", {{"id", row.id}, {"reason", "too many different names"}});
    return;
  }
  // An earlier row of the same id was on its way out when the process ended.
  if (const auto older = schedule_.find(*number, row.id); older != no_entry) {
    drop.push_back(schedule_[older].seq);
    starts.erase(schedule_[older].seq);
    forget_loaded(older);
  }
  job_entry e;
  e.seq = row.seq;
  e.added_at_ms = row.added_at_ms;
  // One whose time has come since its row was written is ready, at its place, and so is one that
  // must end without a run.
  const bool delayed =
      row.state == job_state::delayed && row.verdict.empty() && row.run_at_ms > clock_.now_ms();
  const bool waits = delayed || row.state == job_state::waiting_children;
  if (is_ended(row.state))
    e.at_ms = row.finished_at_ms;
  else
    e.at_ms = delayed ? row.run_at_ms : std::max({row.added_at_ms, row.run_at_ms, row.ready_at_ms});
  e.id = id_text(row.id);
  e.options = options_.of(row.options);
  e.priority = row.priority;
  e.attempts = row.attempts;
  e.starts = row.starts;
  e.stalls = row.stalls;
  e.kind = *kind;
  e.room = *number;
  e.cancel = row.cancel != cancel_none;
  e.in_log = row.in_log;
  e.on_disk_more = row.on_disk_more;
  e.state = is_ended(row.state) || waits ? row.state : ready_state(row.priority);
  if (!row.verdict.empty() && !is_ended(row.state)) {
    e.condemned = true;
    verdicts_.emplace(row.seq, *decode_error(row.verdict));
  }
  e.group = schedule_.in(*number).lanes.open(row.group);
  const auto due = clock_.steady_ms() + (row.run_at_ms - clock_.now_ms());
  const auto i = schedule_.insert(std::move(e), due);
  const auto started = starts.find(row.seq);
  const bool ran = started != starts.end() && started->second.last.fence > row.starts;
  if (ran) started->second.entry = i;
  if (const auto known = kin_.find(row.seq); known != kin_.end()) known->second = i;
  if (row.place != 0) moved_.emplace(row.place, i);
  watch_expiry(i);
  if (row.cancel == cancel_removed && !ran && !is_ended(row.state)) {
    drop.push_back(row.seq);
    forget_loaded(i);
    return;
  }
  // What must end without a run counts for no rate.
  const bool cancelled =
      row.cancel == cancel_lost || (row.cancel != cancel_none && !is_ended(row.state));
  const bool must_end = cancelled || !row.verdict.empty() || is_poison(row.stalls + (ran ? 1 : 0));
  if (!must_end) book_start(row, ran ? started->second.last.at_ms : row.started_at_ms, i);
}

void core::book_start(const stored_row& row, std::int64_t at_ms, entry_index i) {
  const auto room = schedule_[i].room;
  if (room >= rate_windows_.size() || clock_.now_ms() - at_ms >= rate_windows_[room]) return;
  booked_.push_back({at_ms, row.seq, i});
}

void core::book_starts() {
  const auto earlier = [](const booked_start& a, const booked_start& b) {
    return a.at_ms < b.at_ms;
  };
  std::stable_sort(booked_.begin(), booked_.end(), earlier);
  const auto now = clock_.now_ms();
  const auto steady = clock_.steady_ms();
  for (const auto& start : booked_)
    if (schedule_[start.entry].seq == start.seq)
      schedule_.book(start.entry, steady - std::max<std::int64_t>(now - start.at_ms, 0), steady);
  booked_ = {};
  rate_windows_ = {};
}

void core::forget_loaded(entry_index i) {
  const auto seq = schedule_[i].seq;
  if (const auto known = kin_.find(seq); known != kin_.end()) known->second = no_entry;
  std::erase_if(moved_, [&](const auto& item) { return item.second == i; });
  drop(i);
}

// Rows come in the order of arrival; jobs that were moved stand elsewhere among their equals.
void core::place_moved(std::int64_t before_seq) {
  while (!moved_.empty()) {
    const auto next = moved_.upper_bound(0);
    if (next == moved_.end() || next->first >= before_seq) break;
    schedule_.to_back(next->second);
    moved_.erase(next);
  }
  if (before_seq != std::numeric_limits<std::int64_t>::max() || moved_.empty()) return;
  first_place_ = std::min(first_place_, moved_.begin()->first);
  for (auto at = moved_.rbegin(); at != moved_.rend(); ++at) schedule_.to_front(at->second);
  moved_.clear();
}

void core::take_starts(const loaded_starts& starts, store::transaction& tx) {
  const auto now = clock_.now_ms();
  for (const auto& [seq, start] : starts) {
    if (start.entry == no_entry) continue;
    auto& e = schedule_[start.entry];
    if (is_ended(e.state)) continue;
    e.starts = static_cast<std::int32_t>(start.last.fence);
    unwatch_expiry(start.entry);
    schedule_.stalled(start.entry, e.stalls + 1);
    emit(event_type::stalled, e, now);
    tx.stage([row = stall_row{seq, e.stalls, e.starts, start.last.at_ms}](store::connection& c) {
      return save_stall(c, row);
    });
  }
}

void core::order_ended() {
  // The table is in order of arrival, retention goes by the order of ends.
  for (std::uint16_t n = 0; n < schedule_.rooms(); ++n) {
    auto& r = schedule_.in(n);
    for (auto* list : {&r.completed, &r.failed}) {
      std::vector<entry_index> entries;
      for (auto i = list->front(); i != no_entry; i = schedule_[i].next) entries.push_back(i);
      std::stable_sort(entries.begin(), entries.end(), [&](entry_index a, entry_index b) {
        return schedule_[a].at_ms < schedule_[b].at_ms;
      });
      for (const auto i : entries) schedule_.move(i, schedule_[i].state, schedule_[i].at_ms);
      if (entries.empty()) continue;
      const auto& newest = schedule_[entries.back()];
      const auto& options = newest.options ? *newest.options : default_options();
      (list == &r.completed ? r.keep_completed : r.keep_failed) =
          list == &r.completed ? options.keep_completed : options.keep_failed;
    }
    // What had been trimmed from memory when the process ended may still be in the table.
    const auto now = clock_.now_ms();
    trim(r, job_state::completed, r.keep_completed, now, r.completed.size());
    trim(r, job_state::failed, r.keep_failed, now, r.failed.size());
  }
}

}  // namespace son1k::queue::embedded
