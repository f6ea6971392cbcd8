#include "queue/embedded/event_ring.hpp"

#include <algorithm>

namespace son1k::queue::embedded {
namespace {

// Set while this thread is inside a listener: what happens there is delivered by the loop outside.
thread_local bool delivering = false;

constexpr std::size_t slice = 256;

}  // namespace

event_ring::event_ring(limits l, std::int64_t now_ms)
    : limits_(l),
      records_(l.events_max),
      next_(static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms, 1)) << 20),
      delivered_(next_) {}

void event_ring::begin_at(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  next_ = delivered_ = std::max(next_, id);
}

std::uint64_t event_ring::next_id() const {
  const std::lock_guard lock(mutex_);
  return next_;
}

void event_ring::append(const fresh& e) {
  std::lock_guard lock(mutex_);
  if (kept_ == records_.size()) {
    bytes_ -= at(oldest()).detail.size();
    --kept_;
  }
  auto& r = at(next_);
  r.type = e.type;
  r.percent = e.percent;
  r.at_ms = e.at_ms;
  r.queue = e.queue;
  r.kind = e.kind;
  r.job_id = e.job_id;
  // A long text is not worth its memory for the short one that follows it in the slot.
  if (r.detail.capacity() > 1024 && e.detail.size() < 512) r.detail = {};
  r.detail.assign(e.detail);
  bytes_ += r.detail.size();
  ++next_;
  ++kept_;
  while (bytes_ > limits_.bytes_max && kept_ > 1) {
    auto& old = at(oldest());
    bytes_ -= old.detail.size();
    old.detail = {};
    --kept_;
  }
  if (listeners_.empty()) delivered_ = next_;
}

job_event event_ring::event_at(std::uint64_t id) const {
  const auto& r = at(id);
  job_event e;
  e.id = id;
  e.type = r.type;
  e.queue = r.queue;
  e.job_id = r.job_id.view();
  e.kind = r.kind;
  e.at_ms = r.at_ms;
  if (r.type == event_type::progress)
    e.progress = {r.percent, r.detail};
  else
    e.detail = r.detail;
  return e;
}

bool event_ring::take_undelivered(std::vector<job_event>& out,
                                  std::vector<std::shared_ptr<subscription>>& to) {
  std::lock_guard lock(mutex_);
  out.clear();
  to.clear();
  std::erase_if(listeners_, [](const auto& l) { return l.expired(); });
  for (const auto& l : listeners_)
    if (auto live = l.lock()) to.push_back(std::move(live));
  if (to.empty()) {
    delivered_ = next_;
    return false;
  }
  // Not reached unless a listener itself makes thousands of events in one call.
  delivered_ = std::max(delivered_, oldest());
  for (; delivered_ < next_ && out.size() < slice; ++delivered_)
    out.push_back(event_at(delivered_));
  return !out.empty();
}

void event_ring::deliver() {
  if (delivering) return;
  // Waiting for the thread that delivers right now keeps the order and holds the fast back.
  std::lock_guard order(delivery_);
  delivering = true;
  std::vector<job_event> events;
  std::vector<std::shared_ptr<subscription>> listeners;
  while (take_undelivered(events, listeners)) {
    for (const auto& e : events) {
      for (const auto& l : listeners) {
        std::lock_guard busy(l->busy);
        if (!l->ended) l->listener(e);
      }
    }
  }
  delivering = false;
}

events_page event_ring::page(std::uint64_t since, std::size_t limit) const {
  std::lock_guard lock(mutex_);
  events_page out;
  const auto from = since == 0 ? oldest() : since + 1;
  out.gap = since != 0 && (from < oldest() || from > next_);
  const auto begin = from > next_ ? oldest() : std::max(from, oldest());
  const auto n = std::min<std::uint64_t>(limit, next_ - begin);
  out.events.reserve(n);
  for (auto id = begin; id < begin + n; ++id) out.events.push_back(event_at(id));
  return out;
}

std::shared_ptr<void> event_ring::subscribe(std::function<void(const job_event&)> listener) {
  auto live = std::make_shared<subscription>();
  live->listener = std::move(listener);
  std::lock_guard lock(mutex_);
  if (listeners_.empty()) delivered_ = next_;
  listeners_.push_back(live);
  // Releasing the handle ends the calls at once, also for a delivery that holds a copy of `live`.
  return std::shared_ptr<void>(live.get(), [live](void*) {
    std::lock_guard busy(live->busy);
    live->ended = true;
  });
}

}  // namespace son1k::queue::embedded
