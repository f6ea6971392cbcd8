#include "support/queue/memory_queue.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::test {
namespace asio = boost::asio;
using namespace queue;

namespace {

error lost() {
  return {errc::lease_lost, "the job belongs to a newer start"};
}
constexpr std::size_t events_max = 100'000;

}  // namespace

memory_queue::record* memory_queue::held_by(const lease& held) {
  const auto in = lanes_.find(held.queue);
  if (in == lanes_.end()) return nullptr;
  const auto found = in->second.jobs.find(held.id);
  if (found == in->second.jobs.end()) return nullptr;
  record& job = found->second;
  const bool newest = job.view.state == job_state::active && job.view.starts == held.fence;
  return newest ? &job : nullptr;
}

void memory_queue::tell(event_type type, const record& job, std::string detail) {
  job_event event;
  event.id = next_event_++;
  event.type = type;
  event.queue = job.view.queue;
  event.job_id = job.view.id;
  event.kind = job.view.kind;
  event.at_ms = clock_.now_ms();
  event.progress = job.view.progress;
  event.detail = std::move(detail);
  ++tally_.events[type];
  for (const auto& [id, listener] : listeners_) listener(event);
  if (events_.size() == events_max) events_.erase(events_.begin());
  events_.push_back(std::move(event));
  changed_.notify_all();
}

void memory_queue::wake(const std::string& queue) {
  for (const waiter_ptr& w : waiters_) {
    if (w->queue != queue && !w->ended) continue;
    asio::post(w->executor, [timer = w->timer] { timer->cancel(); });
  }
}

void memory_queue::place(lane& to, record& job, std::int64_t run_at_ms) {
  job.view.run_at_ms = run_at_ms;
  if (run_at_ms > clock_.now_ms()) {
    job.view.state = job_state::delayed;
    to.delayed.emplace(run_at_ms, job.view.id);
  } else {
    job.view.state = ready_state(job.view.options.priority);
    to.ready.emplace(job.view.options.priority, job.order, job.view.id);
  }
  wake(job.view.queue);
}

void memory_queue::unplace(lane& from, record& job) {
  from.ready.erase({job.view.options.priority, job.order, job.view.id});
  std::erase_if(from.delayed, [&](const auto& entry) { return entry.second == job.view.id; });
}

void memory_queue::promote(lane& in) {
  while (!in.delayed.empty() && in.delayed.begin()->first <= clock_.now_ms()) {
    record& job = in.jobs.at(in.delayed.begin()->second);
    in.delayed.erase(in.delayed.begin());
    place(in, job, 0);
    tell(event_type::waiting, job, "delayed");
  }
}

void memory_queue::insert(job_spec spec, std::uint64_t order) {
  lane& in = lanes_[spec.queue];
  record job;
  job.order = order;
  job.view.queue = spec.queue;
  job.view.id = spec.id;
  job.view.kind = std::move(spec.kind);
  job.view.data = std::move(spec.data);
  job.view.options = std::move(spec.options);
  job.view.added_at_ms = clock_.now_ms();
  record& kept = in.jobs.emplace(spec.id, std::move(job)).first->second;
  const std::int64_t delay = kept.view.options.delay_ms;
  place(in, kept, delay > 0 ? clock_.now_ms() + delay : 0);
  tell(event_type::added, kept);
  tell(delay > 0 ? event_type::delayed : event_type::waiting, kept);
}

result<added_job> memory_queue::stage(store::transaction& tx, job_spec spec) {
  if (auto ok = check(spec); !ok) return ok.error();
  const std::lock_guard lock(mutex_);
  if (stopped_) return error(errc::unavailable, "the queue has been stopped");
  if (spec.id.empty()) spec.id = uuid_v7();
  const std::pair key(spec.queue, spec.id);
  lane& in = lanes_[spec.queue];
  added_job added{spec.id, false, static_cast<std::int64_t>(in.ready.size())};
  if (const auto found = in.jobs.find(spec.id); found != in.jobs.end() || staged_.contains(key)) {
    added.duplicate = true;
    if (found != in.jobs.end()) tell(event_type::duplicated, found->second);
    return added;
  }
  staged_.insert(key);
  tx.on_outcome([this, key, order = next_order_++, spec = std::move(spec)](bool committed) mutable {
    const std::lock_guard inner(mutex_);
    staged_.erase(key);
    if (committed) insert(std::move(spec), order);
  });
  return added;
}

asio::awaitable<result<std::vector<added_job>>> memory_queue::add(std::vector<job_spec> specs) {
  store::transaction tx;
  std::vector<added_job> added;
  for (job_spec& spec : specs) {
    auto one = stage(tx, std::move(spec));
    if (!one) {
      for (const auto& hook : tx.hooks()) hook(false);
      co_return one.error();
    }
    added.push_back(std::move(*one));
  }
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done) co_return done.error();
  co_return added;
}

std::vector<claimed_job> memory_queue::take(const claim_request& request) {
  std::vector<claimed_job> jobs;
  lane& from = lanes_[request.queue];
  promote(from);
  while (!from.paused && !stopped_ && jobs.size() < request.max && !from.ready.empty()) {
    record& job = from.jobs.at(std::get<2>(*from.ready.begin()));
    from.ready.erase(from.ready.begin());
    job.view.state = job_state::active;
    job.view.started_at_ms = clock_.now_ms();
    job.lease_until_ms = clock_.now_ms() + request.lease_ms;
    ++job.view.starts;
    job.view.progress = {};
    claimed_job claimed;
    claimed.held = {request.queue, job.view.id, job.view.starts, 0};
    claimed.kind = job.view.kind;
    claimed.data = job.view.data;
    claimed.checkpoint = job.checkpoint;
    claimed.attempts_made = job.view.attempts_made;
    claimed.options = job.view.options;
    claimed.added_at_ms = job.view.added_at_ms;
    const std::int64_t expires = job.view.options.expires_in_ms;
    if (expires > 0 && clock_.now_ms() - job.view.added_at_ms > expires) {
      claimed.verdict = job_error{"expired", "the job waited longer than it may", false};
    }
    jobs.push_back(std::move(claimed));
    tell(event_type::active, job);
  }
  return jobs;
}

asio::awaitable<result<std::vector<claimed_job>>> memory_queue::claim(claim_request request) {
  auto executor = co_await asio::this_coro::executor;
  const auto give_up =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(request.wait_ms);
  auto self = std::make_shared<waiter>();
  self->worker = request.worker;
  self->queue = request.queue;
  self->executor = executor;
  self->timer = std::make_shared<asio::steady_timer>(executor);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      ++tally_.claims;
      std::erase(waiters_, self);
      std::vector<claimed_job> jobs = take(request);
      const bool over = std::chrono::steady_clock::now() >= give_up || stopped_ || self->ended;
      if (!jobs.empty() || over) co_return jobs;
      const auto& delayed = lanes_[request.queue].delayed;
      const std::int64_t due =
          delayed.empty() ? 1'000 : delayed.begin()->first - clock_.now_ms() + 1;
      self->timer->expires_at(std::min(
          give_up, std::chrono::steady_clock::now() +
                       std::chrono::milliseconds(std::clamp<std::int64_t>(due, 1, 1'000))));
      waiters_.push_back(self);
    }
    boost::system::error_code ignored;
    co_await self->timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void memory_queue::end_waits(const std::string& worker) {
  const std::lock_guard lock(mutex_);
  ++tally_.waits_ended;
  changed_.notify_all();
  for (const waiter_ptr& w : waiters_) {
    if (w->worker != worker) continue;
    w->ended = true;
    asio::post(w->executor, [timer = w->timer] { timer->cancel(); });
  }
}

std::vector<std::string> memory_queue::renew(std::span<const lease> held, std::int64_t lease_ms) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> gone;
  for (const lease& l : held) {
    if (record* job = held_by(l)) {
      job->lease_until_ms = clock_.now_ms() + lease_ms;
    } else {
      gone.push_back(l.id);
    }
  }
  ++tally_.renewals;
  changed_.notify_all();
  return gone;
}

void memory_queue::trim(lane& in, job_state state, const retention& keep) {
  const keep_rule rule = keep_of(keep, clock_.now_ms());
  std::vector<std::pair<std::int64_t, std::string>> ended;
  for (const auto& [id, job] : in.jobs) {
    if (job.view.state == state) ended.emplace_back(job.view.finished_at_ms, id);
  }
  std::sort(ended.rbegin(), ended.rend());
  for (std::size_t i = 0; i < ended.size(); ++i) {
    const bool kept = !keeps_nothing(keep) && static_cast<std::int64_t>(i) < rule.count &&
                      ended[i].first >= rule.oldest_ms;
    if (!kept) in.jobs.erase(ended[i].second);
  }
}

namespace {

std::optional<transition> transition_of(const job_view& view, bool cancel_requested,
                                        const outcome& how, std::int64_t now_ms) {
  job_facts facts{view.state,  view.options.priority, view.attempts_made,
                  view.stalls, view.starts,           cancel_requested};
  const trigger_facts because{now_ms, how.run_at_ms, how.error.retryable, 0.0};
  return next(facts, trigger_of(how.kind), because, view.options);
}

}  // namespace

// The job as it will be once this end is on record; nothing unless that is a terminal state.
std::optional<job_view> memory_queue::ended_view(const finish_request& request) {
  const record* job = held_by(request.held);
  if (job == nullptr) return std::nullopt;
  const auto to = transition_of(job->view, job->cancel_requested, request.how, clock_.now_ms());
  if (!to || !to->ended) return std::nullopt;
  job_view view = job->view;
  view.state = to->to;
  view.attempts_made = to->attempts_made;
  view.result = request.how.result;
  view.finished_at_ms = clock_.now_ms();
  if (to->cancelled) {
    view.error = outcome::cancel().error;
  } else if (to->to == job_state::failed) {
    view.error = request.how.error;
  }
  return view;
}

result<finish_reply> memory_queue::apply(const finish_request& request) {
  record* job = held_by(request.held);
  if (job == nullptr) return lost();
  lane& in = lanes_[request.held.queue];
  const auto to = transition_of(job->view, job->cancel_requested, request.how, clock_.now_ms());
  if (!to) return error(errc::conflict, "the job cannot end so");
  if (auto ended = ended_view(request)) {
    job->view = std::move(*ended);
    const bool completed = job->view.state == job_state::completed;
    const finish_reply reply{job->view.state, 0};
    if (to->cancelled) tell(event_type::cancelled, *job);
    if (completed) tell(event_type::completed, *job, job->view.result);
    if (!completed && !to->cancelled) tell(event_type::failed, *job, job->view.error->message);
    if (to->exhausted) tell(event_type::retries_exhausted, *job);
    const job_options kept = job->view.options;
    trim(in, reply.state, completed ? kept.keep_completed : kept.keep_failed);
    return reply;
  }
  job->view.attempts_made = to->attempts_made;
  if (request.how.kind == outcome::what::failed) job->view.error = request.how.error;
  place(in, *job, to->run_at_ms);
  const bool later = job->view.state == job_state::delayed;
  tell(later ? event_type::delayed : event_type::waiting, *job, "active");
  return finish_reply{job->view.state, job->view.run_at_ms};
}

asio::awaitable<std::vector<result<finish_reply>>> memory_queue::finish(
    std::vector<finish_request> requests) {
  std::vector<result<finish_reply>> replies;
  store::transaction tx;
  std::vector<std::pair<const finish_request*, job_view>> settles;
  {
    const std::lock_guard lock(mutex_);
    ++tally_.finishes;
    tally_.finish_batch_max = std::max(tally_.finish_batch_max, requests.size());
    if (finishes_to_fail_ > 0) {
      --finishes_to_fail_;
      for (std::size_t i = 0; i < requests.size(); ++i) {
        replies.emplace_back(error(errc::storage_full, "the disk is full"));
      }
      co_return replies;
    }
    for (const finish_request& request : requests) {
      if (!request.settle) continue;
      if (auto view = ended_view(request)) settles.emplace_back(&request, std::move(*view));
    }
  }
  for (const auto& [request, view] : settles) request->settle(view, tx);
  auto apply_all = [this, &requests, &replies](bool committed) {
    const std::lock_guard lock(mutex_);
    for (const finish_request& request : requests) {
      if (committed) replies.push_back(apply(request));
    }
  };
  tx.on_outcome(std::move(apply_all));
  auto done = co_await store::async_commit(db_, std::move(tx));
  while (replies.size() < requests.size()) replies.emplace_back(done.error());
  co_return replies;
}

}  // namespace son1k::test
