// Claims that wait: who calls them, and how. Whoever has something for a queue sends the claim of
// the one that waits longest in its place, from whatever thread it is on: the answer is all that
// the waiting coroutine has to be woken for.
#include <algorithm>
#include <atomic>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "base/completion.hpp"
#include "queue/redis/core.hpp"

namespace son1k::queue::redis {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

// When a waiting claim looks again after a call that was most likely for jobs it has seen.
constexpr std::int64_t doubt_ms = 2;

}  // namespace

// All but the answer is under the core's mutex.
struct core::waiter final : waiting {
  waiter(asio::any_io_executor e, claim_request asked)
      : waiting(std::move(e)), request(std::move(asked)), timer(executor) {}
  void resume() override { timer.cancel(); }

  const claim_request request;
  asio::steady_timer timer;
  bool ended = false;
  bool called = false;      // something may have come since the claim that is under way was sent
  bool asking = false;      // a claim is under way
  bool behind_add = false;  // it left right behind an add of this process
  may_start may;            // of a claim that somebody else has sent
  std::optional<link::reply> answer;
  std::atomic<bool> answered{false};
};

// With the first claim of a queue: it has a name in the list, and its ends are counted if they are
// to be. Whoever claims need not wait for that.
void core::meet(const std::string& queue) {
  {
    std::lock_guard lock(mutex_);
    if (!met_.insert(queue).second) return;
  }
  words args;
  args.add(queue).add("meet").add(settings_.metrics_minutes);
  link_->send("control", args, [door = door_, queue](link::reply got) {
    std::lock_guard lock(door->mutex);
    if (got || door->inside == nullptr) return;
    std::lock_guard inner(door->inside->mutex_);
    door->inside->met_.erase(queue);
  });
}

awaitable<result<std::vector<claimed_job>>> core::claim(claim_request request) {
  if (auto ok = unstopped(); !ok) co_return ok.error();
  meet(request.queue);
  if (request.wait_ms <= 0) {
    auto now = co_await take(std::move(request));
    co_return now;
  }
  asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto self = std::make_shared<waiter>(std::move(executor), std::move(request));
  const auto& queue = self->request.queue;
  const std::int64_t give_up = clock_.steady_ms() + self->request.wait_ms;
  {
    std::lock_guard lock(mutex_);
    waiters_[queue].push_back(self);
  }
  result<std::vector<claimed_job>> got = std::vector<claimed_job>{};
  for (bool first = true;; first = false) {
    const auto what = next_step(*self, first);
    if (what == wait_step::leave) break;
    if (what != wait_step::rest) {
      auto some = what == wait_step::look ? take(self->request) : take_answer(self);
      auto jobs = co_await std::move(some);
      got = std::move(jobs);
      if (!got || !got->empty()) break;
      std::lock_guard lock(mutex_);
      self->asking = false;
    }
    if (first) bell_.look();
    const bool goes_on = co_await wait_turn(self, give_up - clock_.steady_ms());
    if (!goes_on) break;
  }
  if (leave_line(self, got && !got->empty())) wake(queue);
  co_return got;
}

core::wait_step core::next_step(waiter& w, bool first) {
  std::lock_guard lock(mutex_);
  if (w.asking) return w.answered ? wait_step::answered : wait_step::rest;
  if (!first && (w.ended || stopped_)) return wait_step::leave;
  // What comes into an empty queue calls; a look before that would be in the way of others.
  if (first && emptied_.erase(w.request.queue) > 0 && !w.called) return wait_step::rest;
  const bool longest = waiters_[w.request.queue].front().get() == &w;
  if (!first && !longest && !w.called) return wait_step::rest;
  w.called = w.behind_add = false;
  w.asking = true;
  return wait_step::look;
}

// The answer to a claim that was sent for it.
awaitable<result<std::vector<claimed_job>>> core::take_answer(waiter_ptr self) {
  link::reply got = std::move(*self->answer);
  self->answer.reset();
  self->answered = false;
  const bool found_out = got && self->may.suspects == 0 && (*got)[0].number_or(0) > 0;
  auto jobs = co_await take_claimed(self->request, self->may, std::move(got));
  if (!jobs || !jobs->empty() || !found_out) co_return jobs;
  auto again = co_await take(self->request);
  co_return again;
}

// False: its time is over, or it has been ended.
awaitable<bool> core::wait_turn(waiter_ptr self, std::int64_t left_ms) {
  {
    std::lock_guard lock(mutex_);
    std::int64_t most = settings_.look_ms;
    if (self->asking) {
      if (self->answered) co_return true;
    } else {
      if (self->ended || stopped_ || left_ms <= 0) co_return false;
      if (self->called) co_return true;
      if (doubtful_.erase(self->request.queue) > 0) most = std::min(most, doubt_ms);
      most = std::min(most, left_ms);
    }
    self->timer.expires_after(std::chrono::milliseconds(most));
  }
  boost::system::error_code ignored;
  co_await self->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  co_return true;
}

// Whether there may be something for the next one.
bool core::leave_line(const waiter_ptr& self, bool has_jobs) {
  std::lock_guard lock(mutex_);
  const auto& queue = self->request.queue;
  auto& line = waiters_[queue];
  std::erase(line, self);
  if (line.empty()) waiters_.erase(queue);
  if (self->called) emptied_.erase(queue);
  return self->called || (has_jobs && !emptied_.contains(queue));
}

core::waiter_ptr core::first_waiter(const std::string& queue) const {
  const auto at = waiters_.find(queue);
  if (at == waiters_.end()) return {};
  const auto alive = [](const waiter_ptr& w) { return !w->ended; };
  const auto first = std::find_if(at->second.begin(), at->second.end(), alive);
  return first == at->second.end() ? waiter_ptr() : *first;
}

// The claim of the one that waits longest leaves now; behind_add: right behind an add.
bool core::wake(const std::string& queue, bool behind_add) {
  waiter_ptr first;
  {
    std::lock_guard lock(mutex_);
    emptied_.erase(queue);
    first = first_waiter(queue);
    if (!first || stopped_) return false;
    first->called = first->asking;
    if (first->asking) return true;
    first->asking = true;
    first->behind_add = behind_add;
  }
  first->may = ask_turn(queue);
  link_->send("claim", claim_words(first->request, first->may), [first](link::reply got) {
    first->answer.emplace(std::move(got));
    first->answered = true;
    resume_soon(first);
  });
  return true;
}

// What rings while a claim behind an add is under way is most likely that add.
bool core::ring(const std::string& queue) {
  {
    std::lock_guard lock(mutex_);
    const auto first = first_waiter(queue);
    if (first && first->asking && first->behind_add) {
      doubtful_.insert(queue);
      return true;
    }
  }
  return wake(queue);
}

void core::wake_all() {
  std::vector<std::string> names_of_all;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, line] : waiters_) names_of_all.push_back(name);
  }
  for (const auto& name : names_of_all) wake(name);
}

void core::end_waits(const std::string& worker) {
  end_waits_if([&](const claim_request& r) { return r.worker == worker; });
}

void core::end_waits_if(const std::function<bool(const claim_request&)>& concerned) {
  std::lock_guard lock(mutex_);
  for (const auto& [name, line] : waiters_) {
    for (const auto& w : line) {
      if (!concerned(w->request)) continue;
      w->ended = true;
      resume_soon(w);
    }
  }
}

}  // namespace son1k::queue::redis
