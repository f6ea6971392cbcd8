// Claims: whose turn it is, who is held back, and waiting for it.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "store/async.hpp"
#include "support/queue/memory_queue.hpp"

namespace son1k::test {
namespace asio = boost::asio;
using namespace queue;

namespace {

constexpr std::int64_t look_every_ms = 50;
// So many looks are left to those who wait for longer: their loop may not be running.
constexpr int looks_left_max = 100;
// Suspects of a queue that nobody claims from for so long hold up no other work.
constexpr std::int64_t suspects_left_ms = 10'000;

bool is_ready(const memory_job& j) {
  return j.view.state == job_state::waiting || j.view.state == job_state::prioritized;
}

}  // namespace

void memory_queue::make_ready(job& j, bool old_place) {
  lane& in = lane_of(j);
  j.view.run_at_ms = 0;
  j.view.state = ready_state(j.view.options.priority);
  if (!old_place) {
    j.turn = place_->next_turn++;
    j.ready_at_ms = clock_.now_ms();
  }
  if (j.cancel_requested && !j.verdict) j.verdict = outcome::cancel().error;
  if (is_poison(j.view.stalls) && !j.verdict)
    j.verdict = job_error{"stalled", "its worker died again and again while it ran", false};
  const std::pair key(j.turn, j.view.id);
  if (j.verdict) {
    in.condemned.emplace(j.order, j.view.id);
  } else if (is_suspect(j.view.stalls) && !broken(memory_fault::suspects_mixed)) {
    in.suspects.emplace(j.view.stalls, j.turn, j.view.id);
  } else {
    in.ready[j.view.options.priority][j.view.options.group].insert(key);
  }
  wake(j.view.queue);
}

void memory_queue::make_delayed(job& j, std::int64_t run_at_ms) {
  j.view.state = job_state::delayed;
  j.view.run_at_ms = run_at_ms;
  j.due = clock_.steady_ms() + (run_at_ms - clock_.now_ms());
  lane_of(j).delayed.emplace(j.due, j.order, j.view.id);
  wake(j.view.queue);
}

void memory_queue::take_out(job& j) {
  lane& in = lane_of(j);
  in.delayed.erase({j.due, j.order, j.view.id});
  const std::pair key(j.turn, j.view.id);
  in.condemned.erase({j.order, j.view.id});
  in.suspects.erase({j.view.stalls, j.turn, j.view.id});
  const auto level = in.ready.find(j.view.options.priority);
  if (level == in.ready.end()) return;
  const auto group = level->second.find(j.view.options.group);
  if (group == level->second.end()) return;
  group->second.erase(key);
  if (group->second.empty()) level->second.erase(group);
  if (level->second.empty()) in.ready.erase(level);
}

void memory_queue::promote(lane& in) {
  const std::int64_t now = clock_.steady_ms();
  while (!in.delayed.empty() && std::get<0>(*in.delayed.begin()) <= now) {
    job& j = in.jobs.at(std::get<2>(*in.delayed.begin()));
    const std::int64_t since = std::min(j.view.run_at_ms, clock_.now_ms());
    take_out(j);
    make_ready(j, false);
    j.ready_at_ms = since;
    tell(event_type::waiting, j, "delayed");
  }
  if (broken(memory_fault::expired_run)) return;
  for (auto& [id, j] : in.jobs) {
    const bool waits = is_ready(j) || j.view.state == job_state::delayed;
    if (!waits || j.verdict || j.view.starts > 0) continue;
    if (j.expires_at == 0 || j.expires_at > now) continue;
    const bool was_delayed = j.view.state == job_state::delayed;
    take_out(j);
    j.verdict = job_error{"expired", "it waited longer than it may", false};
    make_ready(j, !was_delayed);
    if (was_delayed) tell(event_type::waiting, j, "delayed");
  }
}

std::size_t memory_queue::active_in(const lane& in, const std::string* group) const {
  std::size_t n = 0;
  for (const auto& [id, j] : in.jobs) {
    if (j.view.state != job_state::active || j.verdict) continue;
    if (group == nullptr || j.view.options.group == *group) ++n;
  }
  return n;
}

std::size_t memory_queue::active_in_all() const {
  std::size_t n = 0;
  for (const auto& [name, in] : place_->lanes) n += active_in(in, nullptr);
  return n;
}

bool memory_queue::suspect_runs() const {
  for (const auto& [name, in] : place_->lanes) {
    for (const auto& [id, j] : in.jobs) {
      if (j.view.state == job_state::active && !j.verdict && is_suspect(j.view.stalls))
        return !broken(memory_fault::suspects_mixed);
    }
  }
  return false;
}

bool memory_queue::suspects_attended() const {
  for (const auto& [name, in] : place_->lanes) {
    if (in.suspects.empty() || in.paused) continue;
    const auto waits_here = [&](const waiter_ptr& w) { return w->queue == name; };
    if (std::any_of(waiters_.begin(), waiters_.end(), waits_here)) return true;
    if (clock_.steady_ms() - in.claimed_at < suspects_left_ms) return true;
  }
  return false;
}

rate_limiter* memory_queue::limiter(const std::string& queue, const std::string& group) {
  const auto found = rates_.find({queue, group});
  return found == rates_.end() ? nullptr : &found->second;
}

namespace {

// The key of a queue's own rate; no group has this name.
const std::string whole_queue = "\n";

const group_limits& limits_of(const memory_lane& in, const std::string& group) {
  const auto own = in.group_limits.find(group);
  return own == in.group_limits.end() ? in.limits.each_group : own->second;
}

bool spent(rate_limiter* rate, std::int64_t now) {
  return rate != nullptr && rate->available(now) == 0;
}

}  // namespace

void memory_queue::take_rates(const std::string& queue) {
  const lane& in = place_->lanes[queue];
  if (in.limits.rate) rates_.emplace(std::pair(queue, whole_queue), *in.limits.rate);
  for (auto at = rates_.begin(); at != rates_.end();) {
    const auto& [name, group] = at->first;
    const auto& limit = group == whole_queue ? in.limits.rate : limits_of(in, group).rate;
    if (name != queue) {
      ++at;
    } else if (!limit) {
      at = rates_.erase(at);
    } else {  // what has started in the window counts
      if (at->second.limit() != *limit) at->second = rate_limiter(*limit, at->second);
      ++at;
    }
  }
  wake(queue);
}

bool memory_queue::group_blocked(lane& in, const std::string& name, const std::string& group) {
  if (broken(memory_fault::limits_ignored)) return false;
  const std::int64_t concurrency = limits_of(in, group).concurrency;
  if (concurrency > 0 && active_in(in, &group) >= static_cast<std::size_t>(concurrency))
    return true;
  return spent(limiter(name, group), clock_.steady_ms());
}

memory_queue::job* memory_queue::pick_by_turn(lane& in) {
  job* turn = nullptr;
  job* oldest = nullptr;
  std::pair<std::int32_t, std::int64_t> best;
  for (auto& [priority, groups] : in.ready) {
    for (auto& [group, row] : groups) {
      job& head = in.jobs.at(broken(memory_fault::order_reversed) ? row.rbegin()->second
                                                                  : row.begin()->second);
      if (group_blocked(in, head.view.queue, group)) continue;
      std::pair rank(priority, head.turn);
      if (head.turn > 0 && !broken(memory_fault::groups_forgotten))
        rank.second = std::max(head.turn, in.last_starts[group]);
      if (turn == nullptr || rank < best) {
        turn = &head;
        best = rank;
      }
      const std::pair age(head.ready_at_ms, head.turn);
      if (oldest == nullptr || age < std::pair(oldest->ready_at_ms, oldest->turn)) oldest = &head;
    }
  }
  if (turn == nullptr || broken(memory_fault::ageing_off)) return turn;
  const bool aged = goes_first_by_age(oldest->ready_at_ms, turn->ready_at_ms, in.limits.ageing_ms);
  return aged ? oldest : turn;
}

// The job to start next.
memory_queue::job* memory_queue::pick(lane& in) {
  if (in.paused && !broken(memory_fault::pause_ignored)) return nullptr;
  if (!in.condemned.empty()) return &in.jobs.at(in.condemned.begin()->second);
  if (suspect_runs()) return nullptr;
  const std::string name = in.jobs.empty() ? std::string() : in.jobs.begin()->second.view.queue;
  if (!broken(memory_fault::limits_ignored)) {
    const std::int64_t most = in.limits.concurrency;
    if (most > 0 && active_in(in, nullptr) >= static_cast<std::size_t>(most)) return nullptr;
    if (spent(limiter(name, whole_queue), clock_.steady_ms())) return nullptr;
  }
  job* const ordinary = pick_by_turn(in);
  const bool idle = active_in_all() == 0;
  lone_turns_.look(clock_.steady_ms(), suspects_attended(), idle);
  if (idle && lone_turns_.suspects_may_start(ordinary != nullptr)) {
    for (const auto& [stalls, turn, id] : in.suspects) {
      job& suspect = in.jobs.at(id);
      if (!group_blocked(in, name, suspect.view.options.group)) return &suspect;
    }
  }
  return lone_turns_.ordinary_may_start() ? ordinary : nullptr;
}

void memory_queue::count_start(const job& j, std::int64_t steady) {
  const std::string& group = j.view.options.group;
  if (auto* rate = limiter(j.view.queue, whole_queue)) rate->book(steady);
  const auto& limits = limits_of(lane_of(j), group);
  if (limits.rate && limiter(j.view.queue, group) == nullptr)
    rates_.emplace(std::pair(j.view.queue, group), *limits.rate);
  if (auto* rate = limiter(j.view.queue, group)) rate->book(steady);
}

claimed_job memory_queue::start(job& j, const claim_request& request) {
  lane& in = lane_of(j);
  if (!j.verdict && is_suspect(j.view.stalls)) lone_turns_.used();
  if (!broken(memory_fault::claimed_twice)) take_out(j);
  const std::int64_t now = clock_.steady_ms();
  if (!j.verdict) {
    in.last_starts[j.view.options.group] = place_->next_turn++;
    count_start(j, now);
  }
  const auto before = j.view.state;
  j.view.state = job_state::active;
  j.view.started_at_ms = clock_.now_ms();
  j.view.worker = request.worker;
  j.view.progress = {};
  if (!broken(memory_fault::fence_not_raised) || j.view.starts == 0) ++j.view.starts;
  j.lease_until = now + request.lease_ms;
  j.started = place_->next_turn++;
  j.run_logs.clear();
  j.proceeds = false;
  claimed_job claimed;
  claimed.held = {request.queue, j.view.id, j.view.starts, 0};
  claimed.kind = j.view.kind;
  claimed.data = j.view.data;
  claimed.checkpoint = j.checkpoint;
  claimed.attempts_made = j.view.attempts_made;
  claimed.options = j.view.options;
  claimed.added_at_ms = j.view.added_at_ms;
  claimed.ready_at_ms = j.ready_at_ms;
  claimed.user = j.view.user;
  claimed.verdict = j.verdict;
  tell(event_type::active, j, std::string(name_of(before)));
  return claimed;
}

bool memory_queue::claimable(const std::string& queue) {
  lane& in = place_->lanes[queue];
  in.claimed_at = clock_.steady_ms();
  promote(in);
  return pick(in) != nullptr;
}

std::vector<claimed_job> memory_queue::take(const claim_request& request) {
  std::vector<claimed_job> jobs;
  lane& from = place_->lanes[request.queue];
  promote(from);
  while (!stopped_ && jobs.size() < std::max<std::size_t>(request.max, 1)) {
    job* next = pick(from);
    if (next == nullptr) break;
    const bool alone = !next->verdict && is_suspect(next->view.stalls);
    jobs.push_back(start(*next, request));
    if (broken(memory_fault::claimed_twice)) break;
    if (alone && !broken(memory_fault::suspects_mixed)) break;
  }
  return jobs;
}

bool memory_queue::older_waits(const waiter& than) {
  std::erase_if(line_, [](const std::weak_ptr<waiter>& one) {
    const auto w = one.lock();
    return !w || w->left.load();
  });
  for (const auto& one : line_) {
    const auto w = one.lock();
    if (w.get() == &than) return false;
    if (w && w->queue == than.queue && !w->ended) return true;
  }
  return false;
}

asio::awaitable<result<std::vector<claimed_job>>> memory_queue::claim(claim_request request) {
  auto executor = co_await asio::this_coro::executor;
  auto self = std::make_shared<waiter>();
  self->worker = request.worker;
  self->queue = request.queue;
  self->executor = executor;
  self->timer = std::make_shared<asio::steady_timer>(executor);
  struct place_in_line {
    explicit place_in_line(waiter_ptr w) : whose(std::move(w)) {}
    ~place_in_line() { whose->left = true; }
    waiter_ptr whose;
  };
  const place_in_line until_served(self);
  bool in_line = false;
  const std::int64_t give_up = clock_.steady_ms() + request.wait_ms;
  int looks_left = looks_left_max;
  for (bool first = true;; first = false) {
    bool some = false;
    {
      const session held(*this);
      ++tally_.claims;
      std::erase(waiters_, self);
      if (stopped_ && first) co_return error(errc::unavailable, "the queue has been stopped");
      some = !stopped_ && !self->ended && claimable(request.queue);
      if (some && !first && older_waits(*self) && looks_left-- > 0) some = false;
      const std::int64_t left = give_up - clock_.steady_ms();
      if (!some && (left <= 0 || stopped_ || self->ended)) co_return std::vector<claimed_job>{};
      if (!some) {
        self->timer->expires_after(
            std::chrono::milliseconds(std::clamp<std::int64_t>(left, 1, look_every_ms)));
        waiters_.push_back(self);
        if (!std::exchange(in_line, true)) line_.push_back(self);
      }
    }
    if (!some) {
      boost::system::error_code ignored;
      co_await self->timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      continue;
    }
    auto jobs = std::make_shared<std::vector<claimed_job>>();
    store::transaction tx(store::durability::process);
    tx.stage([](store::connection&) { return result<void>{}; });
    tx.on_outcome([this, jobs, request, self](bool committed) {
      if (!committed) return;
      const session held(*this);
      *jobs = take(request);
      self->left = !jobs->empty();
      if (self->left) wake(request.queue);
    });
    auto done = co_await store::async_commit(db_, std::move(tx));
    if (!done) co_return done.error();
    if (!jobs->empty()) co_return std::move(*jobs);
  }
}

void memory_queue::wake(const std::string& queue) {
  for (const waiter_ptr& w : waiters_) {
    if (w->queue != queue && !w->ended) continue;
    asio::post(w->executor, [timer = w->timer] { timer->cancel(); });
  }
}

void memory_queue::end_waits(const std::string& worker) {
  const session held(*this);
  ++tally_.waits_ended;
  changed_.notify_all();
  for (const waiter_ptr& w : waiters_) {
    if (w->worker != worker) continue;
    w->ended = true;
    asio::post(w->executor, [timer = w->timer] { timer->cancel(); });
  }
}

}  // namespace son1k::test
