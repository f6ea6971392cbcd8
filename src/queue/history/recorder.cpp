#include "queue/history/recorder.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <limits>

#include "base/log.hpp"
#include "base/spawn.hpp"
#include "base/thread_name.hpp"
#include "queue/history/history_rows.hpp"
#include "store/async.hpp"

namespace son1k::queue {
namespace asio = boost::asio;
namespace {

constexpr std::int64_t trim_slice = 1'000;
constexpr std::int64_t overflow_part = 10;  // beyond a limit by one part of so many
constexpr std::int64_t count_every_ms = 5'000;
constexpr int tries_max = 5;
constexpr auto retry_after = std::chrono::milliseconds(500);
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t on_its_way_ms = 10'000;
constexpr std::size_t reconciled_pages_max = 1'000;  // of one queue and state

run_record record_of(const job_view& job) {
  run_record r;
  r.job = {job.queue, job.id};
  r.kind = job.kind;
  r.user = job.user;
  r.group = job.options.group;
  r.data = job.data;
  r.worker = job.worker;
  r.priority = job.options.priority;
  r.fence = job.starts;
  r.attempts_made = job.attempts_made;
  r.stalls = job.stalls;
  r.added_at_ms = job.added_at_ms;
  r.started_at_ms = job.started_at_ms;
  r.ended_at_ms = job.finished_at_ms;
  r.state = job.state;
  r.cancelled = shown_state(job) == state_cancelled;
  r.result = job.result;
  r.error = job.error;
  if (job.state == job_state::failed) r.options = job.options;
  return r;
}

store::transaction unsynced() {
  return store::transaction(store::durability::process);
}

// Removes a slice of what is beyond the limits, and the index of what has gone.
store::transaction trimming(const history_tables& tables, std::int64_t oldest_ms, std::int64_t keep,
                            std::shared_ptr<trim_step> done) {
  auto tx = unsynced();
  tx.stage([&tables, oldest_ms, keep, done](store::connection& c) -> result<void> {
    auto gone = trim_oldest(tables, c, oldest_ms, keep, trim_slice);
    if (!gone) return gone.error();
    done->gone = *gone;
    if (auto spent = tables.drop_spent_part(c); !spent || *gone == 0) return spent;
    auto left = count_trimmable(c, oldest_ms, keep);
    if (!left) return left.error();
    done->left = *left;
    return {};
  });
  return tx;
}

}  // namespace

history_recorder::history_recorder(store::database& db, const history_tables& tables,
                                   queue_reader& jobs, const clock_port& clock,
                                   history_settings with)
    : db_(db), tables_(tables), jobs_(jobs), clock_(clock), with_(with) {}

history_recorder::~history_recorder() {
  stop();
}

void history_recorder::start() {
  thread_ = std::thread([this] {
    name_thread("history");
    run();
  });
  subscription_ = jobs_.record_runs([this](std::span<const run_record> r) { push(r); });
}

void history_recorder::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  room_.notify_all();
  subscription_.reset();
  if (thread_.joinable()) thread_.join();
}

void history_recorder::push(std::span<const run_record> records) {
  std::unique_lock lock(mutex_);
  for (const auto& record : records) {
    if (buffer_.size() >= with_.buffered_max && !stopping_) {
      const auto since = clock_.steady_ms();
      wake_.notify_one();
      room_.wait(lock, [this] { return buffer_.size() < with_.buffered_max || stopping_; });
      figures_.blocked_ms += clock_.steady_ms() - since;
    }
    buffer_.push_back(record);
    ++pushed_;
  }
  wake_.notify_one();
}

asio::awaitable<void> history_recorder::flush() {
  auto start = [this](std::shared_ptr<waiting> who) {
    std::unique_lock lock(mutex_);
    if (settled_ >= pushed_ || !thread_.joinable()) {
      lock.unlock();
      resume_soon(std::move(who));
      return;
    }
    waiters_.push_back({pushed_, std::move(who)});
    wake_.notify_one();
  };
  co_await suspend_until_resumed(std::move(start));
}

history_figures history_recorder::figures() const {
  const std::lock_guard lock(mutex_);
  auto out = figures_;
  out.buffered = static_cast<std::int64_t>(buffer_.size());
  return out;
}

void history_recorder::run() {
  // Of a shared history somebody looks after what is missing.
  if (with_.shared) {
    behind_ = false;
  } else {
    reconcile();
  }
  settle(1);
  std::vector<run_record> batch;
  while (take(batch)) {
    record(std::move(batch));
    batch.clear();
  }
}

void history_recorder::record(std::vector<run_record> batch) {
  const auto count = static_cast<std::int64_t>(batch.size());
  if (count != 0) {
    const bool written = write(std::move(batch));
    if (!written) behind_ = true;
    indexes_on_ = true;
    const std::lock_guard lock(mutex_);
    (written ? figures_.recorded : figures_.dropped) += count;
  }
  settle(count);
}

// Where somebody waits for it, during other work.
void history_recorder::record_waiting() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || (waiters_.empty() && buffer_.size() < with_.batch_max)) return;
  }
  std::vector<run_record> batch;
  if (take(batch)) record(std::move(batch));
}

// Waits until a batch is due, and does what else there is to do meanwhile. False: it is over.
bool history_recorder::take(std::vector<run_record>& batch) {
  std::unique_lock lock(mutex_);
  const auto due = [this] {
    return stopping_ || !waiters_.empty() || buffer_.size() >= with_.batch_max;
  };
  const auto rest = std::chrono::milliseconds(with_.batch_wait_ms);
  if (!due()) {
    lock.unlock();
    const bool more = tend();
    lock.lock();
    if (!more) wake_.wait_for(lock, rest, due);
  }
  if (stopping_ && buffer_.empty()) {
    auto left = std::move(waiters_);
    lock.unlock();
    for (auto& one : left) resume_soon(std::move(one.who));
    return false;
  }
  const auto count = std::min(buffer_.size(), with_.batch_max);
  batch.assign(std::make_move_iterator(buffer_.begin()),
               std::make_move_iterator(buffer_.begin() + static_cast<std::ptrdiff_t>(count)));
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(count));
  lock.unlock();
  room_.notify_all();
  return true;
}

bool history_recorder::write(std::vector<run_record> batch) {
  const auto records =
      std::make_shared<const std::vector<run_record>>(cleaned(tables_, std::move(batch)));
  for (int tries = 1;; ++tries) {
    auto tx = unsynced();
    tx.stage([this, records](store::connection& c) { return write_records(tables_, c, *records); });
    auto ok = store::commit_and_wait(db_, std::move(tx));
    if (ok) return true;
    std::unique_lock lock(mutex_);
    if (tries == tries_max || stopping_) {
      log::error("history.dropped", {{"records", records->size()}, {"error", ok.error().what()}});
      return false;
    }
    wake_.wait_for(lock, retry_after, [this] { return stopping_; });
  }
}

void history_recorder::settle(std::int64_t count) {
  std::vector<waiter> ready;
  {
    const std::lock_guard lock(mutex_);
    settled_ += count;
    const auto mid = std::stable_partition(waiters_.begin(), waiters_.end(),
                                           [this](const auto& w) { return w.upto > settled_; });
    ready.assign(std::make_move_iterator(mid), std::make_move_iterator(waiters_.end()));
    waiters_.erase(mid, waiters_.end());
  }
  for (auto& one : ready) resume_soon(std::move(one.who));
}

// One slice of what can wait; true if there is more of it.
bool history_recorder::tend() {
  const auto now = clock_.steady_ms();
  const bool due = reconciled_at_ms_ == 0 || now - reconciled_at_ms_ >= with_.trim_every_ms;
  if (due && (behind_ || (with_.shared && has_duty("reconcile")))) reconcile();
  if (due) reconciled_at_ms_ = now;
  if (indexes_on_) index_some();
  if (indexes_on_) return true;
  if (counted_at_ms_ == 0 || now - counted_at_ms_ >= count_every_ms) count_dead();
  if (!trims_on_ && trimmed_at_ms_ != 0 && now - trimmed_at_ms_ < with_.trim_every_ms) return false;
  trimmed_at_ms_ = now;
  if (trims_on_ || has_duty("trim")) trim_overflow();
  return trims_on_;
}

// Claimed for a little less than the time until the next one asks.
bool history_recorder::has_duty(std::string_view name) {
  const auto ours = std::make_shared<bool>(false);
  auto tx = unsynced();
  const auto now_ms = clock_.now_ms();
  const auto every_ms = with_.trim_every_ms * 9 / 10;
  tx.stage([this, ours, now_ms, every_ms,
            name = std::string(name)](store::connection& c) -> result<void> {
    auto claimed = tables_.claim_duty(c, name, now_ms, every_ms);
    if (!claimed) return claimed.error();
    *ours = *claimed;
    return {};
  });
  return store::commit_and_wait(db_, std::move(tx)) && *ours;
}

void history_recorder::index_some() {
  const auto more = std::make_shared<bool>(false);
  auto tx = unsynced();
  tx.stage([this, more](store::connection& c) -> result<void> {
    auto done = tables_.index_rows(c, tables_.pace(with_.rows));
    if (!done) return done.error();
    *more = *done;
    return {};
  });
  auto ok = store::commit_and_wait(db_, std::move(tx));
  if (!ok) log::warn("history.not_indexed", {{"error", ok.error().what()}});
  indexes_on_ = ok && *more;
}

asio::awaitable<result<trim_step>> history_recorder::trim() {
  const auto done = std::make_shared<trim_step>();
  const auto oldest_ms = clock_.now_ms() - with_.days * day_ms;
  auto ok = co_await store::async_commit(db_, trimming(tables_, oldest_ms, with_.rows, done));
  if (!ok) co_return ok.error();
  co_return *done;
}

void history_recorder::trim_overflow() {
  const auto days_ms = with_.days * day_ms;
  const auto oldest_ms = clock_.now_ms() - days_ms - days_ms / overflow_part;
  const auto done = std::make_shared<trim_step>();
  auto ok = store::commit_and_wait(
      db_, trimming(tables_, oldest_ms, with_.rows + with_.rows / overflow_part, done));
  if (!ok) log::warn("history.not_trimmed", {{"error", ok.error().what()}});
  trims_on_ = ok && done->gone == trim_slice;
}

void history_recorder::count_dead() {
  counted_at_ms_ = clock_.steady_ms();
  auto letters = store::read_and_wait(db_, [](auto& c) { return count_letters(c); });
  if (!letters) return;  // the figure stays; what ails the database is told by who writes
  const std::lock_guard lock(mutex_);
  figures_.letters = std::move(*letters);
}

// Reads the ended jobs that the queue keeps, from the newest, until a page holds nothing new.
void history_recorder::reconcile() {
  reconciled_at_ms_ = clock_.steady_ms();
  auto names = jobs_.queues();
  if (!names) return;
  asio::io_context loop;
  bool whole = true;
  constexpr auto forever = std::numeric_limits<std::int64_t>::max();
  reconciled_span span{forever, forever};
  if (with_.shared) {
    // What ended just now is still on its way, and others have written what is newest: a page
    // without a gap says nothing about those of the last minutes.
    const auto now_ms = clock_.now_ms();
    span = {now_ms - on_its_way_ms, behind_ ? 0 : now_ms - 3 * with_.trim_every_ms};
  }
  for (const auto& name : *names) {
    for (const auto state : {job_state::completed, job_state::failed}) {
      auto task = [this, name, state, span, &whole]() -> asio::awaitable<void> {
        auto done = co_await reconcile_queue(name, state, span);
        if (!done) {
          whole = false;
          log::warn("history.not_reconciled", {{"queue", name}, {"error", done.error().what()}});
        }
      };
      spawn(loop.get_executor(), "history.reconcile", task());
      loop.run();
      loop.restart();
    }
  }
  behind_ = !whole;
}

asio::awaitable<result<void>> history_recorder::reconcile_queue(std::string queue, job_state state,
                                                                reconciled_span span) {
  list_request request;
  request.queue = std::move(queue);
  request.state = state;
  request.limit = list_jobs_max;
  for (std::size_t pages = 0; pages < reconciled_pages_max; ++pages) {
    auto page = co_await jobs_.list(request);
    if (!page) co_return page.error();
    const auto jobs = std::make_shared<const std::vector<job_view>>(std::move(page->jobs));
    auto look = [this, jobs](store::connection& c) { return are_known(tables_, c, *jobs); };
    auto known = co_await store::async_read(db_, std::move(look));
    if (!known) co_return known.error();
    auto missing = std::make_shared<std::vector<run_record>>();
    for (auto i = jobs->size(); i-- > 0;) {
      const auto& job = (*jobs)[i];
      if (!(*known)[i] && job.finished_at_ms <= span.newest_ms) missing->push_back(record_of(job));
    }
    if (!missing->empty()) {
      *missing = cleaned(tables_, std::move(*missing));
      auto tx = unsynced();
      tx.stage(
          [this, missing](store::connection& c) { return write_records(tables_, c, *missing); });
      auto written = co_await store::async_commit(db_, std::move(tx));
      if (!written) co_return written.error();
      indexes_on_ = true;
    } else if (jobs->empty() || jobs->back().finished_at_ms < span.sure_ms) {
      break;
    }
    record_waiting();
    if (page->next.empty()) break;
    request.after = page->next;
  }
  co_return result<void>();
}

}  // namespace son1k::queue
