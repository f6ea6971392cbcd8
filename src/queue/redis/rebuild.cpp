#include "queue/redis/rebuild.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/log.hpp"
#include "queue/policy.hpp"
#include "queue/redis/job_fields.hpp"
#include "queue/redis/outbox.hpp"
#include "store/async.hpp"

namespace son1k::queue::redis {

using boost::asio::awaitable;
using store::statement;

namespace {

// What a row is told whose job is gone and cannot be made again.
job_error vanished() {
  return {"job_lost", "its job has vanished from the queue and could not be made again", false};
}

// Beyond the newest start on record: one more may have begun and told nobody yet.
constexpr std::int64_t fence_step = 2;

struct lost_job {
  owed_job job;
  std::optional<job_view> ended;  // it has ended, and its row does not know: with this
};

// The first and the last id.
using range = std::pair<std::string_view, std::string_view>;

result<std::map<std::string, std::int64_t>> fences_of(store::connection& c,
                                                      const std::string& queue, range ids) {
  static const statement sql(
      "SELECT job, fence FROM queue_fence WHERE queue = $1 AND job >= $2 AND job <= $3");
  std::map<std::string, std::int64_t> found;
  auto ok = c.query(sql, {std::string_view(queue), ids.first, ids.second}, [&](const auto& r) {
    found.emplace(std::string(r.text(0)), r.integer(1));
    return true;
  });
  if (!ok) return ok.error();
  return found;
}

}  // namespace

struct rebuild::portion {
  std::shared_ptr<job_kind> kind;
  std::vector<lost_job> lost;   // in the order of the rows
  std::vector<owed_job> taken;  // these are added
  std::size_t settled = 0;
  std::size_t put_off = 0;

  result<void> take_rows(store::connection& c, const std::string& queue, std::int64_t now_ms);
  result<void> settle_row(store::connection& c, const owed_job& job,
                          const std::optional<job_view>& ended);
};

awaitable<result<std::string>> rebuild::next(const leader& office, std::shared_ptr<job_kind> kind,
                                             std::string after, rebuild_tally& tally) {
  auto read = [kind, after, most = slice_](store::connection& c) {
    return kind->owed(c, after, most);
  };
  auto rows = co_await store::async_read(db_, std::move(read));
  if (!rows) co_return rows.error();
  if (rows->empty()) co_return std::string();
  tally.looked += rows->size();
  const bool last = static_cast<std::int64_t>(rows->size()) < slice_;
  std::string beyond = last ? "" : rows->back().spec.id;
  auto now = std::make_shared<portion>();
  now->kind = std::move(kind);
  auto found = co_await find_lost(now, std::move(*rows));
  if (!found) co_return found.error();
  if (now->lost.empty()) co_return beyond;
  auto took = co_await take(office, now);
  if (!took) co_return took.error();
  tally.settled += now->settled;
  tally.put_off += now->put_off;
  auto pushed = co_await push(now);
  if (!pushed) co_return pushed.error();
  tally.added += now->taken.size();
  co_return beyond;
}

// The rows whose jobs are not there, or have ended.
awaitable<result<void>> rebuild::find_lost(portion_ptr of, std::vector<owed_job> rows) {
  words ask;
  ask.add(rows.size());
  for (const auto& row : rows) ask.add(row.spec.queue).add(row.spec.id);
  auto states = co_await link_->run("states", std::move(ask));
  if (!states) co_return states.error();
  std::vector<std::size_t> ended;
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const auto state = (*states)[n].bytes();
    if (!state.empty() && !is_ended(state_of(state))) continue;
    of->lost.push_back({std::move(rows[n]), std::nullopt});
    if (!state.empty()) ended.push_back(of->lost.size() - 1);
  }
  for (const auto n : ended) {
    auto& one = of->lost[n];
    words which;
    which.add(false).add(1).add(one.job.spec.queue).add(one.job.spec.id);
    auto seen = co_await link_->run("look", std::move(which));
    if (!seen) co_return seen.error();
    if ((*seen)[0].size() == 0) continue;
    one.ended = read_job(one.job.spec.queue, one.job.spec.id, (*seen)[0][1]).view;
    one.ended->state = state_of((*seen)[0][0].bytes());
  }
  co_return result<void>{};
}

// One commit under the leader's fence: new fences for the jobs, ends for the rows that get none.
awaitable<result<void>> rebuild::take(const leader& office, portion_ptr of) {
  store::transaction tx;
  office.stage_fence(tx);
  tx.stage([of, now = link_->now_ms()](store::connection& c) -> result<void> {
    of->taken.clear();
    of->settled = of->put_off = 0;
    std::set<std::string> queues;
    for (const auto& one : of->lost) queues.insert(one.job.spec.queue);
    for (const auto& queue : queues)
      if (auto ok = of->take_rows(c, queue, now); !ok) return ok;
    return {};
  });
  auto done = co_await store::async_commit(db_, std::move(tx));
  co_return done;
}

result<void> rebuild::portion::take_rows(store::connection& c, const std::string& queue,
                                         std::int64_t now_ms) {
  std::vector<owed_job> wanted;
  std::map<std::string, const lost_job*> found;
  for (const auto& one : lost) {
    if (one.job.spec.queue != queue) continue;
    wanted.push_back(one.job);
    found.emplace(one.job.spec.id, &one);
  }
  for (const auto& job : wanted)
    if (auto ok = outbox::take_turn(c, queue, job.spec.id); !ok) return ok;
  const range ids{wanted.front().spec.id, wanted.back().spec.id};
  auto moving = outbox::jobs_between(c, queue, ids.first, ids.second);
  if (!moving) return moving.error();
  auto fences = fences_of(c, queue, ids);
  if (!fences) return fences.error();
  const auto before = wanted.size();
  std::erase_if(wanted, [&](const owed_job& job) { return moving->contains(job.spec.id); });
  for (auto& job : wanted) {
    const auto known = fences->find(job.spec.id);
    job.fence = std::max(job.fence, known == fences->end() ? 0 : known->second) + fence_step;
  }
  auto ours = kind->take_over(c, wanted);
  if (!ours) return ours.error();
  const std::set<std::string> still(ours->begin(), ours->end());
  put_off += before - still.size();
  for (const auto& job : wanted) {
    if (!still.contains(job.spec.id)) continue;
    const lease held{queue, job.spec.id, job.fence, 0};
    if (auto ok = outbox::raise_fence(c, held, now_ms); !ok) return ok;
    const auto& end = found.at(job.spec.id)->ended;
    if (!end && check(job.spec)) {
      taken.push_back(job);
    } else if (auto ok = settle_row(c, job, end); !ok) {
      return ok;
    }
  }
  return {};
}

result<void> rebuild::portion::settle_row(store::connection& c, const owed_job& job,
                                          const std::optional<job_view>& ended) {
  job_view view;
  if (ended) view = *ended;
  view.queue = job.spec.queue;
  view.id = job.spec.id;
  view.kind = job.spec.kind;
  view.user = job.spec.user;
  view.starts = job.fence;
  if (!ended) view.state = job_state::failed;
  if (view.state == job_state::failed && !view.error) view.error = vanished();
  log::warn("queue.row_settled", {{"queue", view.queue},
                                  {"id", view.id},
                                  {"state", name_of(view.state)},
                                  {"why", view.error ? view.error->message : "its job has ended"}});
  ++settled;
  if (!kind->settles()) return {};
  store::transaction writes;
  kind->settle(view, writes);
  for (const auto& step : writes.steps())
    if (auto ok = step(c); !ok) return ok;
  return {};
}

awaitable<result<void>> rebuild::push(portion_ptr of) {
  if (of->taken.empty()) co_return result<void>{};
  std::set<std::string> queues;
  words args, trees, fences;
  std::size_t jobs = 0;
  std::vector<std::size_t> shapes;
  for (const auto& job : of->taken) {
    queues.insert(job.spec.queue);
    jobs += add_tree(trees, job.spec, false, shapes);
    fences.add(job.spec.id).add(job.fence);
  }
  for (const auto& queue : queues) {
    net::redis_command name("SADD", link_->base() + "s1k:queues", queue);
    auto known = co_await link_->call(std::move(name));
    if (!known) co_return known.error();
  }
  args.add(jobs);
  for (const auto* part : {&trees, &fences})
    for (const auto& word : part->all()) args.add(std::string_view(word));
  auto got = co_await link_->run("add", std::move(args));
  if (!got) co_return got.error();
  co_return result<void>{};
}

}  // namespace son1k::queue::redis
