// What workers and callers do, and what they hold the queue to.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "integration/simulation/world.hpp"
#include "queue/policy.hpp"

namespace son1k::simulation {
namespace asio = boost::asio;
using namespace queue;

namespace {

constexpr std::size_t jobs_of_worker_max = 6;
constexpr std::int64_t kept_ms = 100LL * 86'400'000;  // longer than any history

result<void> write_effect(store::connection& c, std::string_view id, std::int64_t fence) {
  static const store::statement sql("INSERT INTO effect (id, fence) VALUES ($1, $2)");
  auto done = c.execute(sql, {id, fence});
  if (!done) return done.error();
  return {};
}

}  // namespace

job_spec world::new_job() {
  job_spec s;
  s.queue = queue_names[static_cast<std::size_t>(draw(0, 1))];
  s.kind = "probe";
  s.id = chance(5) && next_id_ > 1 ? fmt::format("j{}", draw(1, next_id_ - 1))
                                   : fmt::format("j{}", next_id_++);
  s.data = fmt::format("{{\"n\":{}}}", next_id_);
  s.user = chance(30) ? "ana" : "";
  auto& o = s.options;
  if (chance(40)) o.priority = static_cast<std::int32_t>(draw(1, 3));
  if (chance(25)) o.delay_ms = draw(1, 60'000);
  o.attempts = static_cast<std::int32_t>(draw(1, 4));
  o.backoff.delay_ms = draw(0, 5'000);
  o.keep_completed = o.keep_failed = {kept_ms, chance(10) ? 0 : 100'000};
  if (chance(10)) o.expires_in_ms = draw(1, 60'000);
  if (s.queue == limited_queue && chance(70)) o.group = chance(50) ? "ana" : "ben";
  return s;
}

void world::add_jobs() {
  std::vector<job_spec> specs;
  for (auto n = draw(1, 3); n > 0; --n) {
    specs.push_back(new_job());
    auto& s = specs.back();
    auto [at, fresh] = jobs_.try_emplace(s.id);
    truth& t = at->second;
    if (fresh) {
      t.queue = s.queue;
      t.id = s.id;
      t.options = s.options;
      if (s.options.delay_ms > 0) {
        t.due = clock_.steady_ms() + s.options.delay_ms;
        t.due_wall = clock_.now_ms() + s.options.delay_ms;
      }
    } else if (t.ended || t.cancel_asked || t.options.keep_completed.count == 0) {
      specs.pop_back();  // it may be gone, and the id free
      continue;
    } else {
      s.queue = t.queue;
      s.options = t.options;
      t.touched = t.touched || !t.acknowledged;         // which of the adds gives it its place?
      if (!t.acknowledged && s.options.delay_ms > 0) {  // and its time?
        t.due = std::min(t.due, clock_.steady_ms() + s.options.delay_ms);
        t.due_wall = std::min(t.due_wall, clock_.now_ms() + s.options.delay_ms);
      }
    }
    ++t.adds;
  }
  if (specs.empty()) return;
  auto work = [](world& w, std::vector<job_spec> all) -> asio::awaitable<void> {
    auto ids = all;
    auto added = co_await w.queue_->add(std::move(all));
    for (const auto& s : ids) --w.jobs_.at(s.id).adds;
    w.expect(added || added.error().code == errc::storage_full, "only a full disk refuses an add");
    if (!added) co_return;
    w.expect(added->size() == ids.size(), "an add answers for every job");
    for (std::size_t n = 0; n < ids.size(); ++n) {
      truth& t = w.jobs_.at(ids[n].id);
      w.expect((*added)[n].id == t.id, "an add answers in order", &t);
      if (!t.acknowledged) t.order = w.next_order_++;
      t.acknowledged = true;
    }
  };
  go(work(*this, std::move(specs)));
}

// Old jobs go first whatever their priority, and a step of the wall clock makes jobs old.
bool world::may_be_reordered(const std::string& queue) const {
  if (queue == limited_queue || jumps_ > 0) return true;
  return clock_.steady_ms() - born_ >= queue_limits{}.ageing_ms;
}

// The first by priority, then by the order of the adds, of the jobs that are surely ready:
// acknowledged, never claimed, without a delay, and no claim under way that may have taken them.
std::string world::surely_first(const std::string& queue) {
  if (may_be_reordered(queue)) return {};
  for (const auto& w : workers_)
    if (w.claims > 0) return {};
  const truth* first = nullptr;
  for (const auto& [id, t] : jobs_) {
    if (t.queue != queue || !t.acknowledged || t.touched || t.ended || t.options.delay_ms > 0 ||
        t.options.expires_in_ms > 0)
      continue;
    const bool sooner = first == nullptr || t.options.priority < first->options.priority ||
                        (t.options.priority == first->options.priority && t.order < first->order);
    if (sooner) first = &t;
  }
  return first == nullptr ? std::string() : first->id;
}

void world::claim_jobs() {
  auto& w = any_worker();
  if (w.jobs.size() >= jobs_of_worker_max || w.claims > 0) return;
  claim_request request;
  request.queue = queue_names[static_cast<std::size_t>(draw(0, 1))];
  request.worker = w.name;
  request.max = static_cast<std::size_t>(draw(1, 3));
  request.lease_ms = draw(1, 30) * 1'000;
  request.wait_ms = !ending_ && chance(30) ? draw(1, 5'000) : 0;
  claim_facts facts{clock_.steady_ms(), paused_[request.queue], pauses_, {}};
  if (request.wait_ms == 0) facts.first = surely_first(request.queue);
  auto work = [](world& self, sim_worker& by, claim_request asked,
                 claim_facts then) -> asio::awaitable<void> {
    ++by.claims;
    auto copy = asked;
    auto got = co_await self.queue_->claim(std::move(copy));
    --by.claims;
    if (got) self.claimed(by, asked, then, std::move(*got));
  };
  go(work(*this, w, std::move(request), std::move(facts)));
}

int world::stalls_of(const truth& t) {
  static const store::statement sql("SELECT stalls FROM job_now WHERE queue = $1 AND id = $2");
  int n = 0;
  auto ok = disk_.connection().query(sql, {std::string_view(t.queue), std::string_view(t.id)},
                                     [&](const store::row& r) {
                                       n = static_cast<int>(r.integer(0));
                                       return true;
                                     });
  expect(ok.has_value(), "stalls can be read");
  return n;
}

// A suspect runs with nothing beside it.
void world::check_alone(const std::string& queue) {
  const auto all = surely_running([](const held_job&) { return true; });
  const auto suspects = surely_running([](const held_job& h) { return h.suspect; });
  expect(suspects == 0 || all == 1,
         fmt::format("a suspect runs alone: {} run, {} of them suspects, after a claim of {}", all,
                     suspects, queue));
}

void world::check_limits() {
  const auto in_queue =
      surely_running([](const held_job& h) { return h.job->queue == limited_queue; });
  expect(in_queue <= queue_runs_max, fmt::format("a queue's limit holds: {} run", in_queue));
  for (const char* group : {"ana", "ben"}) {
    const auto in_group =
        surely_running([&](const held_job& h) { return h.job->options.group == group; });
    expect(in_group <= group_runs_max, fmt::format("a group's limit holds: {} run", in_group));
  }
}

void world::check_claim(const claimed_job& job, truth& t) {
  expect(job.held.queue == t.queue, "a job stays in its queue", &t);
  expect(!t.ended, "a job that has ended is not run again", &t);
  expect(job.held.fence > t.fence, "fences grow", &t);
  const auto now = clock_.steady_ms();
  if (t.due_known && !job.verdict) expect(now >= t.due, "nothing runs early", &t);
  if (t.cancelled) {
    expect(job.verdict.has_value(), "a cancelled job is claimed with a verdict only", &t);
  }
  for (const auto& w : workers_) {
    for (const auto& h : w.jobs) {
      if (h.job != &t) continue;
      expect(h.ending || h.safe_until <= now, "no job runs twice under a valid lease", &t);
    }
  }
}

void world::claimed(sim_worker& by, const claim_request& asked, const claim_facts& facts,
                    std::vector<claimed_job> jobs) {
  expect(jobs.size() <= asked.max, "a claim gives no more than was asked for");
  const bool still_paused = facts.paused && facts.pauses == pauses_;
  expect(jobs.empty() || !still_paused, "nothing is claimed from a paused queue");
  std::int32_t before = 0;
  bool passed_over = false;
  bool first_is_there = false;
  const truth* first = facts.first.empty() ? nullptr : &jobs_.at(facts.first);
  for (auto& job : jobs) {
    const auto at = jobs_.find(job.held.id);
    expect(at != jobs_.end(), "only known jobs are claimed: " + job.held.id);
    truth& t = at->second;
    check_claim(job, t);
    expect(job.options.priority == t.options.priority && job.options.group == t.options.group,
           "options are kept", &t);
    expect(job.verdict || job.options.priority >= before || may_be_reordered(t.queue),
           "lower numbers come first", &t);
    if (!job.verdict) before = job.options.priority;
    first_is_there = first_is_there || &t == first;
    passed_over = passed_over || (first != nullptr && !t.touched && !job.verdict &&
                                  t.options.priority > first->options.priority);
    std::erase_if(by.jobs, [&](const held_job& h) { return h.job == &t; });
    t.touched = true;
    t.fence = job.held.fence;
    t.due_known = true;
    t.due = t.due_wall = 0;
    const bool suspect = !job.verdict && is_suspect(stalls_of(t));
    by.jobs.push_back({job.held, &t, facts.at + asked.lease_ms, false, suspect, 0, job.verdict});
    ++starts_;
  }
  if (first != nullptr && !first->cancel_asked)
    expect(first_is_there || !passed_over, "the first in order is not passed over", first);
  if (jobs.empty()) return;
  check_alone(asked.queue);
  check_limits();
}

outcome world::draw_outcome(const held_job& h) {
  if (h.verdict) {
    auto why = *h.verdict;
    why.retryable = false;
    return why.code == "cancelled" ? outcome::cancel() : outcome::fail(why);
  }
  if (ending_) return outcome::complete("{}");
  switch (draw(0, 9)) {
    case 0:
    case 1:
      return outcome::fail({"upstream", "it broke", true});
    case 2:
      return outcome::fail({"fatal", "it broke for good", false});
    case 3:
      return outcome::release();
    case 4:
      return outcome::delay_until(clock_.now_ms() + draw(0, 20'000));
    default:
      return outcome::complete("{\"ok\":true}");
  }
}

void world::finish_jobs() {
  auto& w = any_worker();
  std::vector<finish_request> requests;
  for (auto& h : w.jobs) {
    if (h.ending || (!ending_ && chance(40))) continue;
    h.ending = true;
    h.jumps = jumps_;
    finish_request r;
    r.held = h.held;
    r.how = draw_outcome(h);
    r.settle = [fence = h.held.fence](const job_view& ended, store::transaction& tx) {
      tx.stage([id = ended.id, fence](store::connection& c) { return write_effect(c, id, fence); });
    };
    requests.push_back(std::move(r));
  }
  if (requests.empty()) return;
  auto work = [](world& self, sim_worker& by,
                 std::vector<finish_request> all) -> asio::awaitable<void> {
    auto said = all;
    const auto replies = co_await self.queue_->finish(std::move(all));
    self.expect(replies.size() == said.size(), "a finish answers for every run");
    for (std::size_t n = 0; n < said.size(); ++n) self.finished(by, said[n], replies[n]);
  };
  go(work(*this, w, std::move(requests)));
}

void world::learn_due(truth& t, const held_job& run, const finish_reply& reply) {
  if (run.jumps != jumps_) return;  // which time the queue went by is not known
  t.due_known = true;
  t.due_wall = reply.run_at_ms;
  t.due = reply.run_at_ms == 0 ? 0 : clock_.steady_ms() + reply.run_at_ms - clock_.now_ms();
}

void world::finished(sim_worker& by, const finish_request& said, const result<finish_reply>& got) {
  const auto mine = std::find_if(by.jobs.begin(), by.jobs.end(), [&](const held_job& h) {
    return h.held.id == said.held.id && h.held.fence == said.held.fence;
  });
  truth& t = jobs_.at(said.held.id);
  if (got) {
    expect(said.held.fence == t.fence, "a late end is refused", &t);
    expect(mine == by.jobs.end() || mine->ending, "the model is sound", &t);
    if (is_ended(got->state)) {
      expect(!t.ended, "a job ends once", &t);
      t.ended = true;
      expect(effects_of(t.id) == 1, "an end and its effect are one commit", &t);
    } else {
      t.due_known = false;
      if (mine != by.jobs.end()) learn_due(t, *mine, *got);
    }
  }
  if (mine == by.jobs.end()) return;
  const bool again =
      !got && got.error().code != errc::lease_lost && got.error().code != errc::not_found;
  if (again) {
    mine->ending = false;
  } else {
    by.jobs.erase(mine);
  }
}

void world::report_on_jobs() {
  auto& w = any_worker();
  for (auto& h : w.jobs) {
    const bool newest = h.held.fence == h.job->fence;
    const auto told = queue_->progress(h.held, {static_cast<std::int32_t>(draw(0, 100)), "at it"});
    if (told) expect(newest && !h.job->ended, "late progress is refused", h.job);
    if (chance(30)) {
      const auto logged = queue_->log(h.held, "a line");
      if (logged) expect(newest && !h.job->ended, "a late log line is refused", h.job);
    }
    const bool valid = newest && !h.ending && h.safe_until > clock_.steady_ms();
    if (valid) expect(told.has_value(), "a valid lease may report", h.job);
  }
}

void world::write_domain_rows() {
  auto& w = any_worker();
  if (w.jobs.empty()) return;
  const auto& h =
      w.jobs[static_cast<std::size_t>(draw(0, static_cast<std::int64_t>(w.jobs.size()) - 1))];
  store::transaction tx;
  queue_->stage_fence_check(tx, h.held);
  tx.stage([](store::connection&) -> result<void> { return {}; });
  db_->commit(std::move(tx), [this, job = h.job, fence = h.held.fence](result<void> ok) {
    if (!ok) return;
    expect(job->fence == fence && !job->ended, "a late domain write is refused", job);
  });
}

void world::renew_leases() {
  auto& w = any_worker();
  if (!w.renews && chance(80)) return;
  w.renews = chance(85);
  std::vector<lease> held;
  for (const auto& h : w.jobs) held.push_back(h.held);
  if (held.empty()) return;
  const auto lease_ms = draw(1, 30) * 1'000;
  const auto gone = queue_->renew(held, lease_ms);
  for (auto& h : w.jobs) {
    const bool lost = std::find(gone.begin(), gone.end(), h.held.id) != gone.end();
    const bool valid = !h.ending && h.safe_until > clock_.steady_ms();
    if (valid) expect(!lost, "a valid lease is renewed", h.job);
    if (!lost) h.safe_until = clock_.steady_ms() + lease_ms;
  }
}

void world::cancel_job() {
  truth* t = any_job();
  if (t == nullptr || !t->acknowledged || t->adds > 0) return;
  store::transaction tx;
  t->touched = t->cancel_asked = true;
  if (auto staged = queue_->stage_cancel(tx, t->queue, t->id, nullptr); !staged) return;
  db_->commit(std::move(tx), [t](result<void> ok) {
    if (ok && !t->ended) t->cancelled = true;
  });
}

void world::recover() {
  auto work = [](world& w, std::string of) -> asio::awaitable<void> {
    co_await w.queue_->recover_stalled(std::move(of));
  };
  go(work(*this, queue_names[static_cast<std::size_t>(draw(0, 1))]));
}

}  // namespace son1k::simulation
