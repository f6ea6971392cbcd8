// Claims: what this process may start now, and what Redis hands out. Waiting is in core_wait.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/uuid.hpp"
#include "queue/redis/core.hpp"
#include "queue/redis/finish_words.hpp"
#include "queue/redis/next_run.hpp"
#include "store/async.hpp"

namespace son1k::queue::redis {

using boost::asio::awaitable;

namespace {

// Suspects of a queue that nobody claims from for so long hold up no other work.
constexpr std::int64_t suspects_left_ms = 10'000;

// One job of the reply of the script "claim"; what is left of earlier runs does not show.
run read_run(const claim_request& request, const net::redis_value& one, std::int64_t now_ms) {
  run r;
  auto& v = r.job.view;
  if (one.size() > 3) {
    r.job = read_fresh_job(request.queue, one);
    r.ordinary = true;
  } else {
    const auto& fields = one[2];
    r.job = read_job(request.queue, std::string(one[0].bytes()), fields);
    r.ordinary = !fields.at("xa").is_nil() && v.options.group.empty() && !v.parent &&
                 !r.job.verdict && v.options.dedup.id.empty() && !v.error && v.stalls == 0;
  }
  v.state = job_state::active;
  v.worker = request.worker;
  v.starts = one[1].number_or(0);
  v.started_at_ms = now_ms;
  v.finished_at_ms = 0;
  v.progress = {};
  v.error.reset();
  v.result.clear();
  if (!r.job.verdict && v.data.size() > data_bytes_max) {  // clients of BullMQ know no bound
    r.ordinary = false;
    r.job.verdict = job_error{
        "payload_too_large",
        fmt::format("its data has {} bytes, at most {} are taken", v.data.size(), data_bytes_max),
        false};
  }
  return r;
}

error other_fleet(const std::string& queue, std::string_view version, bullmq_fleet ours) {
  const char* set = ours == bullmq_fleet::v5 ? "5" : "6";
  return {errc::conflict,
          "bullmq_version",
          {fmt::format("the queue \"{}\" is used by {}, and SON1K_BULLMQ_VERSION is {}: they keep "
                       "paused jobs in different places, and some would be lost",
                       queue, version, set),
           fmt::format("la cola \"{}\" la usa {}, y SON1K_BULLMQ_VERSION es {}: guardan los "
                       "trabajos en pausa en sitios distintos, y algunos se perderían",
                       queue, version, set)}};
}

claimed_job claimed(const stored_job& job) {
  claimed_job c;
  const auto& v = job.view;
  c.held = {v.queue, v.id, v.starts, 0};
  c.kind = v.kind;
  c.data = v.data;
  c.checkpoint = job.checkpoint;
  c.attempts_made = v.attempts_made;
  c.options = v.options;
  c.added_at_ms = v.added_at_ms;
  c.ready_at_ms = job.ready_at_ms;
  c.user = v.user;
  c.verdict = job.verdict;
  return c;
}

}  // namespace

core::may_start core::ask_turn(const std::string& queue) {
  std::lock_guard lock(mutex_);
  claimed_.insert(queue);
  may_start may;
  const auto now = clock_.steady_ms();
  bool wait = false;
  for (const auto& [name, seen] : suspects_) {
    const auto at = waiters_.find(name);
    const bool waited_for = at != waiters_.end() && !at->second.empty();
    const bool here = name == queue || waited_for || now - seen.second < suspects_left_ms;
    wait = wait || (seen.first > 0 && here);
  }
  const bool idle = claiming_ == 0 && runs_.idle();
  lone_turns_.look(now, wait, idle);
  may.ordinary = !alone_ && !runs_.suspect_runs() && lone_turns_.ordinary_may_start();
  if (idle && wait && !alone_) {
    if (lone_turns_.suspects_may_start(true)) {
      may.suspects = 2;
    } else if (lone_turns_.suspects_may_start(false)) {
      may.suspects = 1;
    }
  }
  may.alone = may.suspects > 0;
  alone_ = alone_ || may.alone;
  ++claiming_;
  return may;
}

void core::claim_ended(const std::string& queue, const may_start& was, bool suspect,
                       std::int64_t left) {
  std::lock_guard lock(mutex_);
  --claiming_;
  if (was.alone) alone_ = false;
  if (suspect) lone_turns_.used();
  if (left < 0) return;
  if (left == 0) {
    suspects_.erase(queue);
  } else {
    suspects_[queue] = {left, clock_.steady_ms()};
  }
}

awaitable<result<std::vector<claimed_job>>> core::take(claim_request request) {
  bool found_out = false;
  auto jobs = co_await take_once(request, found_out);
  // The reply told of suspects, and perhaps it is their turn.
  if (!jobs || !jobs->empty() || !found_out) co_return jobs;
  auto again = co_await take_once(request, found_out);
  co_return again;
}

words core::claim_words(const claim_request& request, const may_start& may) const {
  words args;
  args.add(request.queue).add(std::max<std::size_t>(request.max, 1)).add(request.worker);
  args.add(request.lease_ms).add("son1k:" + uuid_v7().substr(24)).add(settings_.process);
  args.add(may.ordinary).add(may.suspects);
  return args;
}

awaitable<result<std::vector<claimed_job>>> core::take_once(claim_request request,
                                                            bool& found_out) {
  const auto may = ask_turn(request.queue);
  auto args = claim_words(request, may);
  auto got = co_await link_->run("claim", std::move(args));
  found_out = got && may.suspects == 0 && (*got)[0].number_or(0) > 0;
  auto jobs = co_await take_claimed(std::move(request), may, std::move(got));
  co_return jobs;
}

// What the script "claim" replied.
awaitable<result<std::vector<claimed_job>>> core::take_claimed(claim_request request, may_start may,
                                                               link::reply got) {
  if (!got) {
    claim_ended(request.queue, may, false, -1);
    co_return got.error();
  }
  if ((*got)[0].number_or(0) < 0) {
    claim_ended(request.queue, may, false, -1);
    co_return other_fleet(request.queue, (*got)[1].bytes(), settings_.fleet);
  }
  std::vector<claimed_job> jobs;
  bool suspect = false;
  for (const auto& one : (*got)[2].items()) {
    auto r = read_run(request, one, link_->now_ms());
    suspect = suspect || (!r.job.verdict && is_suspect(r.job.view.stalls));
    jobs.push_back(claimed(r.job));
    runs_.put(std::move(r));
  }
  const auto suspects = (*got)[0].number_or(0);
  claim_ended(request.queue, may, suspect && !settings_.shared, suspects);
  if (may.ordinary && suspects == 0 && jobs.size() < request.max) {
    std::lock_guard lock(mutex_);
    emptied_.insert(request.queue);
  }
  auto whole = co_await without_ended(std::move(jobs));
  if (whole) {
    auto followed = co_await follow_up(std::move(*whole));
    whole = std::move(followed);
  }
  co_return whole;
}

// A job scheduler of BullMQ lives by its runs: whoever starts one makes the next first. A run whose
// next one could not be made waits again.
awaitable<std::vector<claimed_job>> core::follow_up(std::vector<claimed_job> jobs) {
  std::vector<claimed_job> good, bad;
  for (auto& job : jobs) {
    if (!job.held.id.starts_with("repeat:")) {
      good.push_back(std::move(job));
      continue;
    }
    words look;
    look.add(job.held.queue).add(job.held.id).add("look");
    auto told = co_await link_->run("next_run", std::move(look));
    if (told) {
      auto add = next_run(job.held.queue, job.held.id, *told, link_->now_ms());
      if (!add) {
        log::error("queue.scheduler_stopped", {{"queue", job.held.queue},
                                               {"scheduler", (*told)[0].bytes()},
                                               {"why", add.error().what()}});
      } else if (*add) {
        auto added = co_await link_->run("next_run", std::move(**add));
        told = std::move(added);
      }
    }
    (told ? good : bad).push_back(std::move(job));
  }
  if (!bad.empty()) give_back(bad);
  co_return good;
}

void core::give_back(const std::vector<claimed_job>& jobs) {
  words back;
  back.add(jobs.size());
  for (const auto& job : jobs) {
    const auto r = runs_.find(job.held);
    add_release(back, job.held, r ? r->job.view : job_view());
    runs_.erase(job.held.queue, job.held.id, job.held.fence);
  }
  link_->send("finish", back);
}

bool core::suspects_wait(const std::string& queue) {
  std::lock_guard lock(mutex_);
  return suspects_.contains(queue);
}

// Of jobs that had stalled, those whose end is already on record are ended now; the others have
// their fences raised, so that a writer of an earlier run is refused from here on.
awaitable<result<std::vector<claimed_job>>> core::without_ended(std::vector<claimed_job> jobs) {
  const auto stalled = [this](const claimed_job& job) {
    const auto r = runs_.find(job.held);
    return !job.verdict && r && r->job.view.stalls > 0;
  };
  if (std::none_of(jobs.begin(), jobs.end(), stalled)) co_return jobs;
  struct found {
    std::vector<lease> looked_at;
    std::vector<std::pair<lease, outbox_entry>> ends;
  };
  auto seen = std::make_shared<found>();
  for (const auto& job : jobs)
    if (stalled(job)) seen->looked_at.push_back(job.held);
  store::transaction tx(store::durability::process);
  tx.stage([seen, now = link_->now_ms()](store::connection& c) -> result<void> {
    seen->ends.clear();
    for (const auto& held : seen->looked_at) {
      if (auto ok = outbox::take_turn(c, held.queue, held.id); !ok) return ok;
      auto end = outbox::end_of(c, held);
      if (!end) return end.error();
      if (*end) {
        seen->ends.emplace_back(held, std::move(**end));
        continue;
      }
      if (auto ok = outbox::raise_fence(c, held, now); !ok) return ok;
    }
    return {};
  });
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done) {
    give_back(jobs);
    co_return done.error();
  }
  for (const auto& [held, entry] : seen->ends) {
    auto args = with_fence(entry.args, held.fence);
    auto ended = co_await link_->run("finish", std::move(args));
    if (!ended) co_return ended.error();
    outbox_->done(entry.id);
    runs_.erase(held.queue, held.id, held.fence);
    std::erase_if(jobs, [&](const claimed_job& job) { return job.held.id == held.id; });
  }
  co_return jobs;
}

}  // namespace son1k::queue::redis
