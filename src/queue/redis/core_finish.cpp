// How runs end. The domain's writes are committed first, together with a row that says how the run
// ended; then Redis is told. Whatever dies in between, the row is found and the end told again.
#include <algorithm>
#include <random>

#include "base/utf8.hpp"
#include "queue/error_bytes.hpp"
#include "queue/redis/core.hpp"
#include "queue/redis/finish_words.hpp"
#include "store/async.hpp"

namespace son1k::queue::redis {

using boost::asio::awaitable;

struct core::ending {
  std::size_t request = 0;
  run before;
  job_view after;
  transition to;
  bool settled = false;
  std::string row;          // of the outbox
  std::vector<note> notes;  // that go with it

  end_flags flags(const finish_request& r) const {
    return {to.cancelled, to.exhausted, r.how.kind == outcome::what::released && !to.ended, settled,
            before.ordinary};
  }
};

namespace {

error too_large(const char* field) {
  return {errc::payload_too_large,
          field,
          {"must be at most 1048576 bytes", "debe tener como mucho 1048576 bytes"}};
}

bool of_disk(errc c) {
  return c == errc::unavailable || c == errc::storage_full || c == errc::storage_corrupt;
}

}  // namespace

core::ending core::decide_one(const finish_request& request, std::size_t n, const run& r,
                              bool cancelled) {
  const job_view& v = r.job.view;
  const job_facts facts{job_state::active, v.options.priority, v.attempts_made,
                        v.stalls,          v.starts,           cancelled};
  trigger_facts because{link_->now_ms(), request.how.run_at_ms, request.how.error.retryable, 0.0};
  if (v.options.backoff.jitter > 0) {
    std::lock_guard lock(mutex_);
    because.random = std::generate_canonical<double, 32>(random_);
  }
  ending e;
  e.request = n;
  e.before = r;
  e.to = *next(facts, trigger_of(request.how.kind), because, v.options);
  e.after = v;
  e.after.state = e.to.to;
  e.after.attempts_made = e.to.attempts_made;
  e.after.stalls = e.to.stalls;
  e.after.run_at_ms = e.to.run_at_ms;
  e.after.progress = r.progress;
  e.after.error.reset();
  if (e.to.cancelled) {
    e.after.error = outcome::cancel().error;
  } else if (request.how.kind == outcome::what::failed) {
    e.after.error = request.how.error;
    cut_text(e.after.error->message, error_bytes_max);
  }
  if (e.after.state == job_state::completed) e.after.result = request.how.result;
  if (e.to.ended) e.after.finished_at_ms = link_->now_ms();
  return e;
}

// How each run ends. Redis is asked only for what is not known here, or if that has proved wrong.
awaitable<result<core::endings>> core::decide(requests_ptr requests, std::vector<std::size_t> which,
                                              asked_ptr asked_before,
                                              std::vector<result<finish_reply>>& replies) {
  endings all;
  words ask;
  std::vector<std::size_t> asked;
  words queries;
  for (const auto n : which) {
    const auto& request = (*requests)[n];
    if (request.how.result.size() > data_bytes_max) {
      replies[n] = too_large("result");
      continue;
    }
    auto known = runs_.find(request.held);
    if (known && !asked_before) {
      all.push_back(decide_one(request, n, *known, known->cancelled));
      continue;
    }
    asked.push_back(n);
    queries.add(request.held.queue).add(request.held.id).add(request.held.fence);
  }
  if (asked.empty()) co_return all;
  ask.add(true).add(asked.size());
  for (const auto& word : queries.all()) ask.add(std::string_view(word));
  auto got = co_await link_->run("check", std::move(ask));
  if (!got) co_return got.error();
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto& request = (*requests)[asked[i]];
    const auto& one = (*got)[i];
    if (one[0].number_or(0) != 1) {
      replies[asked[i]] = lost_lease();
      runs_.erase(request.held.queue, request.held.id, request.held.fence);
      continue;
    }
    run r;
    r.job = read_job(request.held.queue, request.held.id, one[2]);
    r.job.view.error.reset();
    r.progress = r.job.view.progress;
    const bool cancelled =
        one[1].number_or(0) == 1 || (asked_before && asked_before->contains(asked[i]));
    all.push_back(decide_one(request, asked[i], r, cancelled));
  }
  co_return all;
}

// Whether all of these still have their jobs, and nobody asked to cancel one that does not end so.
// Of a step, on the writer's thread.
result<void> core::still_so(std::vector<decided_end>& ends) {
  words ask;
  ask.add(false).add(ends.size());
  for (const auto& e : ends) ask.add(e.held.queue).add(e.held.id).add(e.held.fence);
  const auto got = link_->wait("check", ask);
  if (!got) return got.error();
  for (std::size_t n = 0; n < ends.size(); ++n) {
    if ((*got)[n][0].number_or(0) != 1) return lost_lease();
    if ((*got)[n][1].number_or(0) == 1 && !ends[n].cancelled) ends[n].overtaken = true;
  }
  return {};
}

// Commits what the domain writes at these ends; the requests that a cancel has overtaken, if any:
// then nothing was committed.
awaitable<result<std::vector<std::size_t>>> core::settle(requests_ptr requests,
                                                         std::shared_ptr<endings> some) {
  store::transaction tx, writes;
  auto ends = std::make_shared<std::vector<decided_end>>();
  for (auto& e : *some) {
    const auto& request = (*requests)[e.request];
    if (!e.to.ended || !request.settle) continue;
    e.settled = true;
    ends->push_back({request.held, e.request, e.to.cancelled});
    words end;
    end.add(1);
    add_end(end, request.held, e.after, e.flags(request), {});
    e.row = outbox_->stage_row(writes, "finish", end, request.held.queue, request.held.id);
    try {
      request.settle(e.after, writes);
    } catch (const std::exception& thrown) {
      co_return error(errc::internal, {std::string("settle threw: ") + thrown.what()});
    }
  }
  std::vector<std::size_t> overtaken;
  if (ends->empty()) co_return overtaken;
  tx.stage([this, ends](store::connection& c) -> result<void> {
    for (auto& e : *ends) {
      if (auto ok = outbox::take_turn(c, e.held.queue, e.held.id); !ok) return ok;
      if (auto ok = outbox::check_fence(c, e.held); !ok) return ok;
      auto asked = outbox_->cancel_of(c, e.held);
      if (!asked) return asked.error();
      e.overtaken = *asked && !e.cancelled;
    }
    if (auto ok = still_so(*ends); !ok) return ok;
    for (const auto& e : *ends)
      if (e.overtaken) return error(errc::conflict, "a cancel was committed meanwhile");
    return {};
  });
  for (const auto& step : writes.steps()) tx.stage(step);
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (done) co_return overtaken;
  for (auto& e : *some) e.settled = false;
  for (const auto& e : *ends)
    if (e.overtaken) overtaken.push_back(e.request);
  if (overtaken.empty()) co_return done.error();
  co_return overtaken;
}

void core::ended(const finish_request& request, const ending& e, const net::redis_value& reply,
                 std::vector<result<finish_reply>>& replies) {
  const auto& held = request.held;
  runs_.erase(held.queue, held.id, held.fence);
  if (!e.row.empty() && !reply.is_nil()) outbox_->end_done(e.row, reply, link_->now_ms());
  const bool goes_on = reply.is_array();
  if (!goes_on && reply.number_or(-1) != 0 && !e.settled) {
    replies[e.request] = lost_lease();
    return;
  }
  finish_reply out{e.to.to, 0};
  if (goes_on) out = {state_of(reply[0].bytes()), reply[1].number_or(0)};
  replies[e.request] = out;
  stored_job after = e.before.job;
  after.view = e.after;
  after.view.state = out.state;
  auto record = record_of(after, request.cost, link_->now_ms());
  record.worker = e.after.worker;
  record.started_at_ms = e.after.started_at_ms;
  record.ended = e.to.ended;
  record.cancelled = e.to.cancelled;
  std::vector<run_record> one;
  one.push_back(std::move(record));
  telling_->record(std::move(one));
}

// Ends the requests of `which`. False: the domain refused, which may concern only some of them.
// `asked`: once Redis must be asked for all of them, with those that are known to be cancelled.
awaitable<bool> core::finish_part(requests_ptr requests, std::vector<std::size_t> which,
                                  asked_ptr asked, ride_ptr riding,
                                  std::vector<result<finish_reply>>& replies) {
  auto decided = co_await decide(requests, which, asked, replies);
  if (!decided) {
    for (const auto n : which) replies[n] = decided.error();
    co_return true;
  }
  if (decided->empty()) co_return true;
  auto all = std::make_shared<endings>(std::move(*decided));
  auto stored = co_await settle(requests, all);
  if (!stored) {
    for (const auto& e : *all) replies[e.request] = stored.error();
    co_return of_disk(stored.error().code);
  }
  if (!stored->empty()) {
    auto next = std::make_shared<std::set<std::size_t>>(stored->begin(), stored->end());
    if (asked) next->insert(asked->begin(), asked->end());
    bool together = co_await finish_part(requests, std::move(which), next, riding, replies);
    co_return together;
  }
  words args;
  args.add(all->size());
  std::string said;
  for (auto& e : *all) {
    const auto& request = (*requests)[e.request];
    e.notes = notebook_->take(request.held);
    add_end(args, request.held, e.after, e.flags(request), e.notes, &said);
  }
  const bool rides = riding && !riding->taken;
  if (rides) {
    riding->taken = true;
    for (const auto& word : riding->args.all()) args.add(std::string_view(word));
  }
  auto got = co_await link_->run(rides ? "both" : "finish", std::move(args));
  if (rides) riding->reply = got ? link::reply((*got)[1]) : got;
  const auto again = take_replies(*requests, *all, got, rides, replies);
  if (again.empty()) co_return true;
  auto all_cancelled = std::make_shared<std::set<std::size_t>>(again.begin(), again.end());
  co_await finish_part(requests, again, all_cancelled, nullptr, replies);
  co_return true;
}

// The requests that Redis refused because somebody asked to cancel their jobs.
std::vector<std::size_t> core::take_replies(const std::vector<finish_request>& requests,
                                            endings& all, const link::reply& got, bool rode,
                                            std::vector<result<finish_reply>>& replies) {
  std::vector<std::size_t> again;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto& e = all[i];
    if (!got) {
      // An end that is on record stands: the outbox tells Redis again.
      if (e.settled) {
        ended(requests[e.request], e, net::redis_value(), replies);
      } else {
        notebook_->put_back(requests[e.request].held, std::move(e.notes));
        replies[e.request] = got.error();
      }
      continue;
    }
    const auto& reply = rode ? (*got)[0][i] : (*got)[i];
    if (reply.number_or(0) == -2) {
      notebook_->put_back(requests[e.request].held, std::move(e.notes));
      again.push_back(e.request);
    } else {
      ended(requests[e.request], e, reply, replies);
    }
  }
  return again;
}

awaitable<std::vector<result<finish_reply>>> core::finish_riding(
    std::vector<finish_request> requests, ride_ptr riding) {
  std::vector<result<finish_reply>> replies(requests.size(), finish_reply{});
  if (requests.empty()) co_return replies;
  auto shared = std::make_shared<std::vector<finish_request>>(std::move(requests));
  std::vector<std::size_t> all(shared->size());
  for (std::size_t n = 0; n < all.size(); ++n) all[n] = n;
  const bool together = co_await finish_part(shared, all, nullptr, riding, replies);
  if (!together && all.size() > 1) {
    for (const auto n : all) {
      std::vector<std::size_t> one(1, n);
      co_await finish_part(shared, std::move(one), nullptr, nullptr, replies);
    }
  }
  co_return replies;
}

awaitable<std::vector<result<finish_reply>>> core::finish(std::vector<finish_request> requests) {
  auto replies = co_await finish_riding(std::move(requests), nullptr);
  wake_all();
  co_return replies;
}

// One round trip: the claim rides on the ends.
awaitable<finish_and_claim_reply> core::finish_and_claim(std::vector<finish_request> requests,
                                                         claim_request then) {
  then.wait_ms = 0;
  const bool running = unstopped().has_value();
  ride_ptr on;
  if (running && !requests.empty()) {
    on = std::make_shared<rider>();
    on->may = ask_turn(then.queue);
    on->args = claim_words(then, on->may);
  }
  auto finished = co_await finish_riding(std::move(requests), on);
  finish_and_claim_reply reply{std::move(finished), std::vector<claimed_job>{}};
  if (on && on->taken) {
    auto jobs = co_await take_claimed(then, on->may, on->reply);
    reply.claimed = std::move(jobs);
  } else if (on) {
    claim_ended(then.queue, on->may, false, -1);
  }
  const bool nothing = reply.claimed && reply.claimed->empty();
  const bool held_back = on && on->taken && on->may.ordinary && !suspects_wait(then.queue);
  if (nothing && held_back) co_return reply;
  if (nothing) {  // what had just ended may have been in the way
    auto jobs = co_await claim(std::move(then));
    reply.claimed = std::move(jobs);
  }
  wake_all();
  co_return reply;
}

}  // namespace son1k::queue::redis
