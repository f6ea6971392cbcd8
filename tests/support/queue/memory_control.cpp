// What operators do to jobs, queues and workers.
#include <algorithm>

#include "store/async.hpp"
#include "support/queue/memory_queue.hpp"

namespace son1k::test {
namespace asio = boost::asio;
using namespace queue;

namespace {

constexpr std::size_t slice = 1'000;

const job_error& removed_error() {
  static const job_error e{"removed", "removed", false};
  return e;
}

error wrong_state(job_state state) {
  const std::string name(name_of(state));
  return {errc::conflict, "state", {"the job is " + name, "el trabajo está " + name}};
}

}  // namespace

// The job leaves without a trace.
void memory_queue::remove(job& j, const job_error& why) {
  take_out(j);
  release_owner(j);
  if (!is_ended(j.view.state)) j.view.error = why;
  tell_parent(j, true);
  lane_of(j).jobs.erase(j.view.id);
}

result<void> memory_queue::edit_one(job& j, const job_edit& how) {
  const job_state s = j.view.state;
  bool fits = false;
  switch (how.kind) {
    case job_edit::what::retry:
      fits = is_ended(s);
      break;
    case job_edit::what::promote:
      fits = s == job_state::delayed;
      break;
    case job_edit::what::priority:
      fits = s != job_state::active && !is_ended(s);
      break;
    case job_edit::what::to_front:
    case job_edit::what::to_back:
      fits = is_ready(s);
      break;
    case job_edit::what::remove:
      fits = s != job_state::active && s != job_state::waiting_children;
      break;
  }
  if (!fits) return wrong_state(s);
  return {};
}

void memory_queue::apply_edit(job& j, const job_edit& how) {
  const job_state before = j.view.state;
  const std::string was(name_of(before));
  switch (how.kind) {
    case job_edit::what::retry:
      j.view.attempts_made = j.view.stalls = 0;
      j.view.error.reset();
      j.view.result.clear();
      j.view.progress = {};
      j.view.finished_at_ms = 0;
      j.verdict.reset();
      j.cancel_requested = false;
      j.place = static_cast<std::int64_t>(place_->next_order++);
      make_ready(j, false);
      tell(event_type::waiting, j, was);
      return;
    case job_edit::what::promote:
      take_out(j);
      j.place = static_cast<std::int64_t>(place_->next_order++);
      make_ready(j, false);
      tell(event_type::waiting, j, was);
      return;
    case job_edit::what::priority:
      take_out(j);
      j.view.options.priority = how.priority;
      if (before == job_state::delayed) lane_of(j).delayed.emplace(j.due, j.order, j.view.id);
      if (is_ready(before)) {
        const std::int64_t since = j.ready_at_ms;
        make_ready(j, false);
        j.ready_at_ms = since;
        j.place = static_cast<std::int64_t>(place_->next_order++);
      }
      return;
    case job_edit::what::to_front:
      take_out(j);
      j.turn = j.place = --place_->first_turn;
      make_ready(j, true);
      return;
    case job_edit::what::to_back:
      take_out(j);
      j.turn = place_->next_turn++;
      j.place = static_cast<std::int64_t>(place_->next_order++);
      make_ready(j, true);
      return;
    case job_edit::what::remove:
      tell(event_type::removed, j, was);
      remove(j, removed_error());
      return;
  }
}

asio::awaitable<result<std::vector<result<void>>>> memory_queue::edit(std::string queue,
                                                                      std::vector<std::string> ids,
                                                                      job_edit how) {
  if (ids.size() > edit_jobs_max)
    co_return error(errc::payload_too_large, "ids",
                    {"at most 1000 jobs", "como mucho 1000 trabajos"});
  const bool reprioritise = how.kind == job_edit::what::priority;
  if (reprioritise && (how.priority < 0 || how.priority > priority_max))
    co_return error(errc::validation, "priority",
                    {"must be in 0..2097151", "debe estar en 0..2097151"});
  std::vector<result<void>> replies(ids.size());
  std::vector<job_view> to_settle;
  {
    const session held(*this);
    for (std::size_t n = 0; n < ids.size(); ++n) {
      job* j = find(queue, ids[n]);
      replies[n] = j == nullptr ? error(errc::not_found, "id", "no such job") : edit_one(*j, how);
      if (!replies[n]) continue;
      const bool removes = how.kind == job_edit::what::remove;
      if (removes && is_ended(j->view.state)) continue;
      job_view after = view_of(*j);
      if (removes) {
        after.state = job_state::failed;
        after.error = removed_error();
      } else if (how.kind == job_edit::what::retry || how.kind == job_edit::what::promote) {
        after.state = ready_state(after.options.priority);
        after.error.reset();
      }
      to_settle.push_back(std::move(after));
    }
  }
  store::transaction tx;
  tx.stage([](store::connection&) { return result<void>{}; });
  if (how.settle)
    for (const job_view& after : to_settle) how.settle(after, tx);
  tx.on_outcome([this, queue, how, &ids, &replies](bool committed) {
    if (!committed) return;
    const session held(*this);
    for (std::size_t n = 0; n < ids.size(); ++n) {
      job* j = find(queue, ids[n]);
      if (replies[n] && j != nullptr && edit_one(*j, how)) apply_edit(*j, how);
    }
  });
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done) co_return done.error();
  co_return replies;
}

asio::awaitable<result<std::size_t>> memory_queue::clean(clean_request request) {
  if (request.min_age_ms < 0)
    co_return error(errc::validation, "min_age", {"must not be negative", "no debe ser negativo"});
  for (const job_state s : request.states) {
    if (s == job_state::active || s == job_state::waiting_children)
      co_return error(errc::validation, "states",
                      {"jobs in this state cannot be cleaned: " + std::string(name_of(s)), ""});
  }
  const std::int64_t newest = clock_.now_ms() - request.min_age_ms;
  std::size_t removed = 0;
  for (bool more = true; more;) {
    std::vector<std::pair<std::uint64_t, job_view>> found;
    {
      const session held(*this);
      for (const auto& [id, j] : place_->lanes[request.queue].jobs) {
        const auto s = j.view.state;
        if (std::find(request.states.begin(), request.states.end(), s) == request.states.end())
          continue;
        const std::int64_t since = is_ended(s) ? j.view.finished_at_ms : j.view.added_at_ms;
        if (since <= newest || broken(memory_fault::clean_takes_all))
          found.emplace_back(j.order, view_of(j));
      }
    }
    const auto earlier = [](const auto& a, const auto& b) { return a.first < b.first; };
    std::sort(found.begin(), found.end(), earlier);
    const std::size_t n = std::min({found.size(), slice, request.max - removed});
    more = n > 0 && n == slice;
    found.resize(n);
    if (found.empty()) break;
    store::transaction tx;
    tx.stage([](store::connection&) { return result<void>{}; });
    for (auto& [order, view] : found) {
      if (is_ended(view.state) || !request.settle) continue;
      job_view after = view;
      after.state = job_state::failed;
      after.error = removed_error();
      request.settle(after, tx);
    }
    tx.on_outcome([this, &found, &removed](bool committed) {
      if (!committed) return;
      const session held(*this);
      for (const auto& [order, view] : found) {
        job* j = find(view.queue, view.id);
        if (j == nullptr || j->view.state != view.state) continue;
        remove(*j, removed_error());
        ++removed;
      }
    });
    auto done = co_await store::async_commit(db_, std::move(tx));
    if (!done) co_return done.error();
  }
  const session held(*this);
  if (removed > 0) tell(event_type::cleaned, request.queue, std::to_string(removed));
  co_return removed;
}

asio::awaitable<result<void>> memory_queue::obliterate(std::string queue, bool force,
                                                       settle_function settle) {
  std::vector<job_view> unended;
  {
    const session held(*this);
    const auto found = place_->lanes.find(queue);
    if (found == place_->lanes.end() || !found->second.known()) co_return result<void>{};
    if (!found->second.paused)
      co_return error(errc::conflict, "queue", {"it is not paused", "no está en pausa"});
    for (const auto& [id, j] : found->second.jobs) {
      if (j.view.state == job_state::active && !force)
        co_return error(errc::conflict, "queue", {"jobs are active", "hay trabajos activos"});
      if (is_ended(j.view.state)) continue;
      job_view after = view_of(j);
      after.state = job_state::failed;
      after.error = removed_error();
      unended.push_back(std::move(after));
    }
  }
  store::transaction tx;
  tx.stage([](store::connection&) { return result<void>{}; });
  if (settle)
    for (const job_view& after : unended) settle(after, tx);
  tx.on_outcome([this, queue](bool committed) {
    if (!committed) return;
    const session held(*this);
    lane& in = place_->lanes[queue];
    while (!in.jobs.empty()) {
      job& j = in.jobs.begin()->second;
      tell(event_type::removed, j, std::string(name_of(j.view.state)));
      remove(j, removed_error());
    }
    place_->lanes.erase(queue);
    std::erase_if(rates_, [&](const auto& rate) { return rate.first.first == queue; });
  });
  co_return co_await store::async_commit(db_, std::move(tx));
}

asio::awaitable<result<void>> memory_queue::pause(std::string queue, bool paused) {
  store::transaction tx;
  tx.stage([](store::connection&) { return result<void>{}; });
  tx.on_outcome([this, queue, paused](bool committed) {
    const session held(*this);
    lane& in = place_->lanes[queue];
    if (!committed || in.paused == paused) return;
    in.paused = paused;
    tell(paused ? event_type::paused : event_type::resumed, queue);
    if (!paused) wake(queue);
  });
  co_return co_await store::async_commit(db_, std::move(tx));
}

asio::awaitable<result<void>> memory_queue::set_limits(std::string queue, queue_limits limits) {
  auto ok = check(limits);
  if (!ok) co_return ok;
  store::transaction tx;
  tx.stage([](store::connection&) { return result<void>{}; });
  tx.on_outcome([this, queue, limits](bool committed) {
    if (!committed) return;
    const session held(*this);
    place_->lanes[queue].limits = limits;
    take_rates(queue);
  });
  co_return co_await store::async_commit(db_, std::move(tx));
}

asio::awaitable<result<void>> memory_queue::set_group_limits(std::string queue, std::string group,
                                                             std::optional<group_limits> limits) {
  if (limits) {
    auto ok = check(*limits);
    if (!ok) co_return ok;
  }
  store::transaction tx;
  tx.stage([](store::connection&) { return result<void>{}; });
  tx.on_outcome([this, queue, group, limits](bool committed) {
    if (!committed) return;
    const session held(*this);
    lane& in = place_->lanes[queue];
    if (limits) {
      in.group_limits[group] = *limits;
    } else {
      in.group_limits.erase(group);
    }
    take_rates(queue);
  });
  co_return co_await store::async_commit(db_, std::move(tx));
}

worker_order memory_queue::beat(const worker_facts& facts) {
  const session held(*this);
  registered& known = workers_[facts.name];
  known.facts = facts;
  known.facts.seen_at_ms = clock_.now_ms();
  known.seen = clock_.steady_ms();
  return known.order;
}

void memory_queue::leave(const std::string& worker) {
  const session held(*this);
  workers_.erase(worker);
}

result<void> memory_queue::order(const std::string& worker, worker_order what) {
  const session held(*this);
  const auto known = workers_.find(worker);
  if (known == workers_.end() || clock_.steady_ms() - known->second.seen > worker_silence_ms)
    return error(errc::not_found, "worker", {"no such worker", "no existe ese trabajador"});
  known->second.order = what;
  return {};
}

std::vector<worker_facts> memory_queue::workers() {
  const session held(*this);
  if (!broken(memory_fault::workers_never_leave)) {
    std::erase_if(workers_, [&](const auto& w) {
      return clock_.steady_ms() - w.second.seen > worker_silence_ms;
    });
  }
  std::vector<worker_facts> all;
  for (const auto& [name, worker] : workers_) all.push_back(worker.facts);
  return all;
}

}  // namespace son1k::test
