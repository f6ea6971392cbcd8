#include <algorithm>
#include <boost/asio/post.hpp>

#include "support/queue/memory_queue.hpp"

namespace son1k::test {
namespace asio = boost::asio;
using namespace queue;

namespace {

error lost() {
  return {errc::lease_lost, "the job belongs to a newer start"};
}
constexpr std::size_t logs_max = 1'000;

}  // namespace

void memory_queue::stage_fence_check(store::transaction& tx, const lease& held) {
  tx.stage([this, held](store::connection&) -> result<void> {
    const std::lock_guard lock(mutex_);
    if (held_by(held) == nullptr) return lost();
    return {};
  });
}

result<void> memory_queue::progress(const lease& held, progress_value value) {
  const std::lock_guard lock(mutex_);
  record* job = held_by(held);
  if (job == nullptr) return lost();
  value.percent = std::max(value.percent, job->view.progress.percent);
  job->view.progress = std::move(value);
  tell(event_type::progress, *job);
  return {};
}

result<void> memory_queue::log(const lease& held, std::string line) {
  const std::lock_guard lock(mutex_);
  record* job = held_by(held);
  if (job == nullptr) return lost();
  if (job->view.logs.size() == logs_max) job->view.logs.erase(job->view.logs.begin());
  job->view.logs.push_back(std::move(line));
  return {};
}

asio::awaitable<result<void>> memory_queue::checkpoint(lease held, std::string json) {
  const std::lock_guard lock(mutex_);
  record* job = held_by(held);
  if (job == nullptr) co_return lost();
  job->checkpoint = std::move(json);
  co_return result<void>{};
}

void memory_queue::cancel(const std::string& queue, const std::string& id) {
  lane& in = lanes_[queue];
  const auto found = in.jobs.find(id);
  if (found == in.jobs.end()) return;
  record& job = found->second;
  if (job.view.state == job_state::active) {
    job.cancel_requested = true;
    return;
  }
  if (is_ended(job.view.state)) return;
  unplace(in, job);
  tell(event_type::removed, job, std::string(name_of(job.view.state)));
  in.jobs.erase(found);
}

result<void> memory_queue::stage_cancel(store::transaction& tx, const std::string& queue,
                                        const std::string& id) {
  const std::lock_guard lock(mutex_);
  lane& in = lanes_[queue];
  const auto found = in.jobs.find(id);
  if (found == in.jobs.end() || is_ended(found->second.view.state)) {
    return error(errc::not_found, "id", "no such job, or it has ended");
  }
  tx.on_outcome([this, queue, id](bool committed) {
    const std::lock_guard inner(mutex_);
    if (committed) cancel(queue, id);
  });
  return {};
}

std::vector<std::string> memory_queue::cancel_requests(std::span<const lease> held) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> asked;
  for (const lease& l : held) {
    const record* job = held_by(l);
    if (job != nullptr && job->cancel_requested) asked.push_back(l.id);
  }
  return asked;
}

asio::awaitable<result<std::size_t>> memory_queue::recover_stalled(std::string queue) {
  const std::lock_guard lock(mutex_);
  std::size_t recovered = 0;
  lane& in = lanes_[queue];
  for (auto& [id, job] : in.jobs) {
    if (job.view.state != job_state::active || job.lease_until_ms > clock_.now_ms()) continue;
    ++job.view.stalls;
    ++recovered;
    place(in, job, 0);
    tell(event_type::stalled, job);
    tell(event_type::waiting, job, "active");
  }
  co_return recovered;
}

asio::awaitable<result<job_view>> memory_queue::get(std::string queue, std::string id) {
  const std::lock_guard lock(mutex_);
  lane& in = lanes_[queue];
  const auto found = in.jobs.find(id);
  if (found == in.jobs.end()) co_return error(errc::not_found, "id", "no such job");
  co_return found->second.view;
}

asio::awaitable<result<queue::job_glance>> memory_queue::glance(std::string queue, std::string id) {
  auto view = co_await get(std::move(queue), std::move(id));
  if (!view) co_return view.error();
  if (view->state == job_state::completed || view->state == job_state::failed) {
    co_return error(errc::not_found, "id", "no such job under way");
  }
  queue::job_glance out;
  out.state = view->state;
  out.progress = view->progress;
  out.run_at_ms = view->run_at_ms;
  co_return out;
}

result<queue_counts> memory_queue::counts(const std::string& queue) {
  const std::lock_guard lock(mutex_);
  queue_counts counted;
  const lane& in = lanes_[queue];
  counted.paused = in.paused;
  for (const auto& [id, job] : in.jobs) {
    switch (job.view.state) {
      case job_state::waiting:
        ++counted.waiting;
        break;
      case job_state::prioritized:
        ++counted.prioritized;
        break;
      case job_state::delayed:
        ++counted.delayed;
        break;
      case job_state::active:
        ++counted.active;
        break;
      case job_state::completed:
        ++counted.completed;
        break;
      case job_state::failed:
        ++counted.failed;
        break;
      case job_state::waiting_children:
        break;
    }
  }
  return counted;
}

asio::awaitable<result<void>> memory_queue::pause(std::string queue, bool paused) {
  const std::lock_guard lock(mutex_);
  lanes_[queue].paused = paused;
  record about;
  about.view.queue = queue;
  tell(paused ? event_type::paused : event_type::resumed, about);
  if (!paused) wake(queue);
  co_return result<void>();
}

events_page memory_queue::events(std::uint64_t since, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  events_page page;
  page.gap = !events_.empty() && since + 1 < events_.front().id;
  for (const job_event& event : events_) {
    if (event.id > since && page.events.size() < limit) page.events.push_back(event);
  }
  return page;
}

std::shared_ptr<void> memory_queue::subscribe(std::function<void(const job_event&)> listener) {
  const std::lock_guard lock(mutex_);
  const int id = next_listener_++;
  listeners_.emplace(id, std::move(listener));
  return std::shared_ptr<void>(nullptr, [this, id](void*) {
    const std::lock_guard inner(mutex_);
    listeners_.erase(id);
  });
}

void memory_queue::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (const waiter_ptr& w : waiters_) {
    w->ended = true;
    asio::post(w->executor, [timer = w->timer] { timer->cancel(); });
  }
}

bool memory_queue::wait_for(const std::function<bool(const tally&)>& holds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return holds(tally_); });
}

memory_queue::tally memory_queue::seen() {
  const std::lock_guard lock(mutex_);
  return tally_;
}

void memory_queue::take_over(const std::string& queue, const std::string& id) {
  const std::lock_guard lock(mutex_);
  ++lanes_[queue].jobs.at(id).view.starts;
}

void memory_queue::fail_finishes(int times) {
  const std::lock_guard lock(mutex_);
  finishes_to_fail_ = times;
}

}  // namespace son1k::test
