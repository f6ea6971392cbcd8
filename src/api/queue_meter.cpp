#include "api/queue_meter.hpp"

#include "queue/policy.hpp"

namespace son1k::api {
namespace {

constexpr std::int64_t minute_ms = 60'000;

}  // namespace

// One thread writes a queue's minutes at a time (the backend's), so turning a slot over to a new
// minute need not be one step.
queue_figures::minute& queue_figures::minute_of(std::int64_t at_ms) {
  const auto number = at_ms / minute_ms;
  auto& out = minutes_[static_cast<std::size_t>(number) % minutes_.size()];
  if (out.number.load(std::memory_order_relaxed) != number) {
    out.added = 0;
    out.completed = 0;
    out.failed = 0;
    out.number = number;
  }
  return out;
}

minute_counts queue_figures::recent(std::int64_t now_ms, int minutes) const {
  const auto newest = now_ms / minute_ms;
  minute_counts out;
  for (const auto& one : minutes_) {
    const auto number = one.number.load(std::memory_order_relaxed);
    if (number > newest || number < newest - minutes) continue;
    out.added += one.added.load(std::memory_order_relaxed);
    out.completed += one.completed.load(std::memory_order_relaxed);
    out.failed += one.failed.load(std::memory_order_relaxed);
  }
  return out;
}

void queue_figures::note_added(std::int64_t now_ms) {
  added.fetch_add(1, std::memory_order_relaxed);
  minute_of(now_ms).added.fetch_add(1, std::memory_order_relaxed);
}

void queue_figures::note(const queue::run_record& run) {
  if (run.started_at_ms != 0) {
    const auto seconds = [](std::int64_t ms) { return static_cast<double>(ms) / 1'000.0; };
    run_seconds.observe(seconds(run.ended_at_ms - run.started_at_ms));
    if (run.ready_at_ms != 0) wait_seconds.observe(seconds(run.started_at_ms - run.ready_at_ms));
  }
  if (run.stalled) stalled.fetch_add(1, std::memory_order_relaxed);
  if (!run.ended) {
    if (run.error && !run.stalled) retried.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  auto& now = minute_of(run.ended_at_ms);
  if (run.cancelled) {
    cancelled.fetch_add(1, std::memory_order_relaxed);
  } else if (run.state == queue::job_state::completed) {
    completed.fetch_add(1, std::memory_order_relaxed);
    now.completed.fetch_add(1, std::memory_order_relaxed);
  } else {
    failed.fetch_add(1, std::memory_order_relaxed);
    now.failed.fetch_add(1, std::memory_order_relaxed);
  }
}

struct queue_meter::state {
  std::shared_ptr<queue_figures> at(const std::string& queue) {
    const std::scoped_lock hold(lock);
    // Events come in runs of one queue.
    if (queue == last_name && last) return last;
    auto found = queues.find(queue);
    if (found == queues.end()) {
      const auto name = queues.size() < queues_max ? queue : std::string("other");
      found = queues.try_emplace(name, nullptr).first;
      if (!found->second) found->second = std::make_shared<queue_figures>();
    }
    last_name = queue;
    last = found->second;
    return last;
  }

  mutable std::mutex lock;
  std::map<std::string, std::shared_ptr<queue_figures>, std::less<>> queues;
  std::string last_name;
  std::shared_ptr<queue_figures> last;
};

queue_meter::queue_meter(queue::queue_port& queue) : state_(std::make_shared<state>()) {
  runs_ = queue.record_runs([s = state_](std::span<const queue::run_record> runs) {
    for (const auto& run : runs) s->at(run.job.queue)->note(run);
  });
  events_ = queue.subscribe([s = state_](const queue::job_event& e) {
    if (e.type == queue::event_type::added) s->at(e.queue)->note_added(e.at_ms);
  });
}

std::shared_ptr<const queue_figures> queue_meter::of(const std::string& queue) const {
  const std::scoped_lock hold(state_->lock);
  const auto found = state_->queues.find(queue);
  return found == state_->queues.end() ? nullptr : found->second;
}

std::vector<std::pair<std::string, std::shared_ptr<const queue_figures>>> queue_meter::all() const {
  const std::scoped_lock hold(state_->lock);
  return {state_->queues.begin(), state_->queues.end()};
}

void queue_meter::close() {
  runs_.reset();
  events_.reset();
}

}  // namespace son1k::api
