// What a run may do while it has its lease, and how it ends.
#include <algorithm>

#include "base/utf8.hpp"
#include "queue/error_bytes.hpp"
#include "store/async.hpp"
#include "support/queue/memory_queue.hpp"

namespace son1k::test {
namespace asio = boost::asio;
using namespace queue;

namespace {

constexpr std::size_t note_bytes_max = 1'024;
constexpr std::size_t log_bytes_max = 4'096;

error lost() {
  return {errc::lease_lost,
          {"the job belongs to a newer start or has ended",
           "el trabajo pertenece a un inicio más nuevo o ya terminó"}};
}

error too_large(const char* field) {
  return {errc::payload_too_large,
          field,
          {"must be at most 1048576 bytes", "debe tener como mucho 1048576 bytes"}};
}

void keep_newest(std::vector<std::string>& lines, std::int32_t most) {
  const auto keep = static_cast<std::size_t>(most);
  if (lines.size() > keep)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(keep));
}

}  // namespace

memory_queue::job* memory_queue::held_by(const lease& held) {
  job* j = find(held.queue, held.id);
  if (j == nullptr || j->view.state != job_state::active) return nullptr;
  const bool newest = j->view.starts == held.fence || broken(memory_fault::late_writes_taken);
  return newest ? j : nullptr;
}

void memory_queue::stage_fence_check(store::transaction& tx, const lease& held) {
  tx.stage([this, held](store::connection&) -> result<void> {
    const session inner(*this);
    if (held_by(held) == nullptr) return lost();
    return {};
  });
}

std::vector<std::string> memory_queue::renew(std::span<const lease> held, std::int64_t lease_ms) {
  const session inner(*this);
  std::vector<std::string> gone;
  for (const lease& l : held) {
    if (job* j = held_by(l)) {
      j->lease_until = clock_.steady_ms() + lease_ms;
    } else {
      gone.push_back(l.id);
    }
  }
  ++tally_.renewals;
  changed_.notify_all();
  return gone;
}

result<void> memory_queue::progress(const lease& held, progress_value value) {
  const session inner(*this);
  job* j = held_by(held);
  if (j == nullptr) return lost();
  if (value.message.size() > note_bytes_max) value.message.resize(note_bytes_max);
  value.percent = std::clamp(value.percent, 0, 100);
  if (!broken(memory_fault::progress_backwards))
    value.percent = std::max(value.percent, j->view.progress.percent);
  j->view.progress = std::move(value);
  tell(event_type::progress, *j);
  return {};
}

result<void> memory_queue::log(const lease& held, std::string line) {
  const session inner(*this);
  job* j = held_by(held);
  if (j == nullptr) return lost();
  if (line.size() > log_bytes_max) line.resize(log_bytes_max);
  std::replace(line.begin(), line.end(), '\n', ' ');
  j->run_logs.push_back(std::move(line));
  keep_newest(j->run_logs, j->view.options.keep_logs);
  return {};
}

asio::awaitable<result<void>> memory_queue::checkpoint(lease held, std::string json) {
  if (json.size() > data_bytes_max) co_return too_large("checkpoint");
  {
    const session inner(*this);
    const job* j = held_by(held);
    if (j == nullptr || j->ending) co_return lost();
  }
  store::transaction tx;
  stage_fence_check(tx, held);
  tx.on_outcome([this, held, json = std::move(json)](bool committed) mutable {
    const session inner(*this);
    job* j = held_by(held);
    if (committed && j != nullptr) j->checkpoint = std::move(json);
  });
  co_return co_await store::async_commit(db_, std::move(tx));
}

std::vector<std::string> memory_queue::cancel_requests(std::span<const lease> held) {
  const session inner(*this);
  std::vector<std::string> asked;
  for (const lease& l : held) {
    const job* j = held_by(l);
    if (j != nullptr && j->cancel_requested) asked.push_back(l.id);
  }
  return asked;
}

run_record memory_queue::record_of(const job& j, const run_cost& cost) const {
  run_record r;
  r.job = {j.view.queue, j.view.id};
  r.kind = j.view.kind;
  r.user = j.view.user;
  r.group = j.view.options.group;
  r.data = j.view.data;
  r.priority = j.view.options.priority;
  r.fence = j.view.starts;
  r.attempts_made = j.view.attempts_made;
  r.stalls = j.view.stalls;
  r.added_at_ms = j.view.added_at_ms;
  r.ready_at_ms = j.ready_at_ms;
  r.ended_at_ms = clock_.now_ms();
  r.state = j.view.state;
  r.result = j.view.result;
  r.error = j.view.error;
  r.cost = cost;
  return r;
}

asio::awaitable<result<std::size_t>> memory_queue::recover_stalled(std::string queue) {
  const session inner(*this);
  std::size_t recovered = 0;
  promote(place_->lanes[queue]);
  std::map<std::int64_t, job*> stalled;  // in the order of their starts
  for (auto& [id, j] : place_->lanes[queue].jobs) {
    const bool out = j.view.state == job_state::active && j.lease_until <= clock_.steady_ms();
    if (out && !j.ending) stalled.emplace(j.started, &j);
  }
  for (const auto& [started, found] : stalled) {
    job& j = *found;
    ++j.view.stalls;
    if (broken(memory_fault::stall_spends_try)) ++j.view.attempts_made;
    ++recovered;
    make_ready(j, true);  // its stalls have grown: perhaps among the suspects
    run_record record = record_of(j, {});
    record.ended = false;
    record.stalled = true;
    record.worker = j.view.worker;
    record.started_at_ms = j.view.started_at_ms;
    records_.push_back(std::move(record));
    tell(event_type::stalled, j);
    tell(event_type::waiting, j, "active");
  }
  for (const auto& [name, in] : place_->lanes) wake(name);
  co_return recovered;
}

// How the run ends, and the job as it will be then.
result<memory_queue::ending> memory_queue::decide(const finish_request& request, std::size_t n) {
  if (request.how.result.size() > data_bytes_max) return too_large("result");
  job* j = held_by(request.held);
  if (j == nullptr || j->ending) return lost();
  const job_facts facts{j->view.state,  j->view.options.priority, j->view.attempts_made,
                        j->view.stalls, j->view.starts,           j->cancel_requested};
  const trigger_facts because{clock_.now_ms(), request.how.run_at_ms, request.how.error.retryable,
                              0.0};
  ending how;
  how.request = n;
  how.to = *next(facts, trigger_of(request.how.kind), because, j->view.options);
  how.after = j->view;
  job_view& v = how.after;
  v.state = how.to.to;
  v.attempts_made = how.to.attempts_made;
  v.stalls = how.to.stalls;
  v.run_at_ms = how.to.run_at_ms;
  v.logs.insert(v.logs.end(), j->run_logs.begin(), j->run_logs.end());
  keep_newest(v.logs, v.options.keep_logs);
  v.error.reset();
  if (how.to.cancelled) {
    v.error = outcome::cancel().error;
  } else if (request.how.kind == outcome::what::failed) {
    v.error = request.how.error;
    cut_text(v.error->message, error_bytes_max);
  }
  if (v.state == job_state::completed) v.result = request.how.result;
  if (how.to.ended) v.finished_at_ms = clock_.now_ms();
  j->ending = true;
  return how;
}

void memory_queue::run_ended(job& j, const ending& how) {
  lane& in = lane_of(j);
  j.turn = place_->next_turn++;
  const bool completed = j.view.state == job_state::completed;
  if (how.to.cancelled) tell(event_type::cancelled, j, "active");
  if (completed) tell(event_type::completed, j, j.view.result);
  if (!completed && !how.to.cancelled) tell(event_type::failed, j, j.view.error->message);
  if (how.to.exhausted)
    tell(event_type::retries_exhausted, j, std::to_string(j.view.attempts_made));
  bool drained = true;
  for (const auto& [id, other] : in.jobs) {
    const auto s = other.view.state;
    drained =
        drained && s != job_state::waiting && s != job_state::prioritized && s != job_state::active;
  }
  if (drained) tell(event_type::drained, j);
  tell_parent(j, false);
  if (j.view.options.dedup.ttl_ms == 0) release_owner(j);
  if (broken(memory_fault::retention_off)) return;
  const retention keep = completed ? j.view.options.keep_completed : j.view.options.keep_failed;
  if (keeps_nothing(keep)) {
    in.jobs.erase(j.view.id);
  } else {
    trim(in, j.view.state, keep);
  }
}

void memory_queue::goes_on(job& j, const finish_request& request, const ending& how) {
  switch (how.to.to) {
    case job_state::waiting_children:
      j.view.state = job_state::waiting_children;
      tell(event_type::waiting_children, j);
      look_at_children(j);
      return;
    case job_state::delayed:
      make_delayed(j, how.to.run_at_ms);
      tell(event_type::delayed, j, std::to_string(j.view.run_at_ms));
      return;
    default:
      make_ready(j, request.how.kind == outcome::what::released);
      tell(event_type::waiting, j, "active");
  }
}

finish_reply memory_queue::apply(const finish_request& request, const ending& how) {
  job* j = find(request.held.queue, request.held.id);
  if (j == nullptr) return {how.to.to, 0};
  j->ending = false;
  const std::int64_t started = j->view.started_at_ms;
  const std::int32_t left = children_left(*j);
  j->view = how.after;
  j->view.children_left = left;
  j->run_logs.clear();
  run_record record = record_of(*j, request.cost);
  record.worker = j->view.worker;
  record.started_at_ms = started;
  record.ended = how.to.ended;
  record.cancelled = how.to.cancelled;
  finish_reply reply{how.to.to, 0};
  if (how.to.ended) {
    run_ended(*j, how);
  } else {
    goes_on(*j, request, how);
    reply = {j->view.state, j->view.run_at_ms};
    record.state = j->view.state;
  }
  records_.push_back(std::move(record));
  return reply;
}

// Ends the requests of `which` in one commit. False: it failed in a way that may concern only some
// of them.
asio::awaitable<bool> memory_queue::finish_part(
    std::shared_ptr<std::vector<finish_request>> requests, std::vector<std::size_t> which,
    std::vector<result<finish_reply>>& replies) {
  auto endings = std::make_shared<std::vector<ending>>();
  {
    const session inner(*this);
    for (const std::size_t n : which) {
      auto how = decide((*requests)[n], n);
      if (how) {
        endings->push_back(std::move(*how));
      } else {
        replies[n] = how.error();
      }
    }
  }
  if (endings->empty()) co_return true;
  store::transaction tx;
  const auto overtaken = std::make_shared<bool>(false);
  tx.stage([this, requests, endings, overtaken](store::connection&) -> result<void> {
    const session inner(*this);
    for (const ending& e : *endings) {
      const job* j = held_by((*requests)[e.request].held);
      *overtaken |= j != nullptr && j->cancel_requested && e.to.ended && !e.to.cancelled;
    }
    if (*overtaken) return error(errc::conflict, "a cancel was committed meanwhile");
    return {};
  });
  result<void> done;
  try {
    for (const ending& e : *endings) {
      const auto& settle = (*requests)[e.request].settle;
      if (e.to.ended && settle) settle(e.after, tx);
    }
  } catch (const std::exception& e) {
    done = error(errc::internal, std::string("settle threw: ") + e.what());
  }
  auto out = std::make_shared<std::vector<std::pair<std::size_t, finish_reply>>>();
  auto outcome_of_all = [this, requests, endings, out](bool committed) {
    const session inner(*this);
    for (const ending& e : *endings) {
      const finish_request& request = (*requests)[e.request];
      if (committed) {
        out->emplace_back(e.request, apply(request, e));
      } else if (job* j = find(request.held.queue, request.held.id)) {
        j->ending = false;
      }
    }
  };
  if (!done) {
    outcome_of_all(broken(memory_fault::settle_ignored));
  } else {
    if (broken(memory_fault::settle_ignored)) {
      outcome_of_all(true);
    } else {
      tx.on_outcome(outcome_of_all);
    }
    done = co_await store::async_commit(db_, std::move(tx));
  }
  if (*overtaken) co_return co_await finish_part(requests, std::move(which), replies);
  for (const ending& e : *endings) {
    if (!done) replies[e.request] = done.error();
  }
  for (const auto& [n, reply] : *out) replies[n] = reply;
  const auto of_disk = [](errc c) {
    return c == errc::unavailable || c == errc::storage_full || c == errc::storage_corrupt;
  };
  co_return done || of_disk(done.error().code);
}

asio::awaitable<std::vector<result<finish_reply>>> memory_queue::finish(
    std::vector<finish_request> requests) {
  std::vector<result<finish_reply>> replies(requests.size(), finish_reply{});
  {
    const session inner(*this);
    ++tally_.finishes;
    tally_.finish_batch_max = std::max(tally_.finish_batch_max, requests.size());
    if (finishes_to_fail_ > 0) {
      --finishes_to_fail_;
      for (auto& reply : replies) reply = error(errc::storage_full, "the disk is full");
      co_return replies;
    }
  }
  auto shared = std::make_shared<std::vector<finish_request>>(std::move(requests));
  std::vector<std::size_t> all(shared->size());
  for (std::size_t n = 0; n < all.size(); ++n) all[n] = n;
  const bool together = co_await finish_part(shared, all, replies);
  if (together || all.size() == 1) co_return replies;
  for (const std::size_t n : all) {
    std::vector<std::size_t> one(1, n);
    co_await finish_part(shared, std::move(one), replies);
  }
  co_return replies;
}

asio::awaitable<finish_and_claim_reply> memory_queue::finish_and_claim(
    std::vector<finish_request> requests, claim_request then) {
  then.wait_ms = 0;
  {
    const session inner(*this);
    ++tally_.claims_with_ends;
  }
  finish_and_claim_reply reply{{}, std::vector<claimed_job>{}};
  reply.finished = co_await finish(std::move(requests));
  reply.claimed = co_await claim(std::move(then));
  co_return reply;
}

void memory_queue::trim(lane& in, job_state state, const retention& keep) {
  const keep_rule rule = keep_of(keep, clock_.now_ms());
  std::vector<std::tuple<std::int64_t, std::int64_t, std::string>> ended;
  for (const auto& [id, j] : in.jobs) {
    if (j.view.state == state) ended.emplace_back(j.view.finished_at_ms, j.turn, id);
  }
  std::sort(ended.rbegin(), ended.rend());
  for (std::size_t i = 0; i < ended.size(); ++i) {
    const bool kept =
        static_cast<std::int64_t>(i) < rule.count && std::get<0>(ended[i]) >= rule.oldest_ms;
    if (!kept) in.jobs.erase(std::get<2>(ended[i]));
  }
}

}  // namespace son1k::test
