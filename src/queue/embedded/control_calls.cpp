#include "queue/embedded/control_calls.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "queue/embedded/core.hpp"
#include "store/async.hpp"

namespace son1k::queue::embedded {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

// Rounds of an obliteration: each finds what the one before had to leave to others.
constexpr std::size_t rounds_max = 1'000;
constexpr std::size_t chosen_max = 1'000'000;

// The domain's code: what escapes it must not leave jobs marked.
result<void> settle_all(const edit_batch& batch, store::transaction& tx) {
  if (!batch.how.settle) return {};
  try {
    for (const auto& job : batch.jobs)
      if (job.view) batch.how.settle(*job.view, tx);
  } catch (const std::exception& e) {
    return error(errc::internal, {std::string("settle threw: ") + e.what()});
  }
  return {};
}

// Completes the views of jobs that memory does not hold whole.
awaitable<result<void>> read_unread(core_ptr heart, std::shared_ptr<edit_batch> batch) {
  const auto unread = [](const edit_batch::job& job) { return job.view && job.unread; };
  if (std::none_of(batch->jobs.begin(), batch->jobs.end(), unread)) co_return result<void>();
  auto read = [batch, unread](store::connection& c) -> result<void> {
    for (auto& job : batch->jobs) {
      if (!unread(job)) continue;
      auto row = read_argument(c, job.seq);
      if (!row) return row.error();
      job.view->data = std::move(row->data);
      job.view->user = std::move(row->user);
    }
    return {};
  };
  auto done = co_await store::async_read(heart->db(), std::move(read));
  co_return done;
}

awaitable<result<void>> commit_edit(core_ptr heart, std::shared_ptr<edit_batch> batch) {
  store::transaction tx;
  auto ok = co_await read_unread(heart, batch);
  if (ok) ok = settle_all(*batch, tx);
  if (!ok) {
    heart->edited(*batch, false);
    co_return ok;
  }
  heart->stage(tx, batch);
  ok = co_await store::async_commit(heart->db(), std::move(tx));
  co_return ok;
}

// Lets others on this loop have their turn.
awaitable<void> pass() {
  auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
}

// Others use the disk and the writer meanwhile: what is removed in slices takes a share of them.
constexpr int rests_per_slice = 3;
constexpr std::chrono::milliseconds rest_max{20};

awaitable<void> rest_after(std::chrono::steady_clock::duration slice) {
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  timer.expires_after(
      std::min<std::chrono::steady_clock::duration>(slice * rests_per_slice, rest_max));
  co_await timer.async_wait(asio::use_awaitable);
}

awaitable<result<std::size_t>> remove_all(core_ptr heart, std::shared_ptr<removal_walk> walk) {
  std::size_t removed = 0;
  while (!walk->done) {
    auto batch = heart->take_removable(*walk);
    if (batch->jobs.empty()) {
      co_await pass();
      continue;
    }
    const auto begun = std::chrono::steady_clock::now();
    auto ok = co_await commit_edit(heart, batch);
    if (!ok) co_return ok.error();
    removed += batch->jobs.size();
    if (!walk->done) co_await rest_after(std::chrono::steady_clock::now() - begun);
  }
  co_return removed;
}

result<void> check_clean(const clean_request& request) {
  if (request.min_age_ms < 0)
    return error(errc::validation, "min_age", {"must not be negative", "no debe ser negativo"});
  for (const auto s : request.states) {
    if (s != job_state::active && s != job_state::waiting_children) continue;
    const std::string name(name_of(s));
    return error(errc::validation, "states",
                 {"jobs that are " + name + " cannot be cleaned",
                  "los trabajos en estado " + name + " no se pueden limpiar"});
  }
  return {};
}

result<std::vector<job_view>> read_views(store::connection& c,
                                         const std::vector<std::int64_t>& seqs) {
  std::vector<job_view> out;
  out.reserve(seqs.size());
  for (const auto seq : seqs) {
    auto view = read_view(c, seq);
    // It may have gone since.
    if (!view && view.error().code == errc::not_found) continue;
    if (!view) return view.error();
    out.push_back(std::move(*view));
  }
  return out;
}

awaitable<result<listed_page>> delayed_page(core_ptr heart, std::string queue,
                                            std::optional<list_cursor> after, std::size_t limit) {
  auto walk = std::make_shared<delayed_walk>();
  while (!heart->walk_delayed(queue, after, limit, *walk)) co_await pass();
  listed_page page;
  for (const auto& one : walk->first) page.seqs.push_back(one.seq);
  if (!walk->first.empty()) page.last = walk->first.back();
  page.more = walk->more;
  co_return page;
}

}  // namespace

awaitable<result<std::vector<result<void>>>> edit_jobs(core_ptr heart, std::string queue,
                                                       std::vector<std::string> ids, job_edit how) {
  if (!heart->usable()) co_return heart->usable().error();
  if (ids.size() > edit_jobs_max)
    co_return error(errc::payload_too_large, "ids",
                    {"at most 1000 jobs in one call", "como mucho 1000 trabajos por llamada"});
  if (how.kind == job_edit::what::priority && (how.priority < 0 || how.priority > priority_max))
    co_return error(errc::validation, "priority",
                    {"must be in 0..2097151", "debe estar en 0..2097151"});
  auto batch = heart->prepare_edit(queue, ids, how);
  if (!batch->jobs.empty()) {
    auto ok = co_await commit_edit(heart, batch);
    if (!ok) co_return ok.error();
  }
  co_return std::move(batch->replies);
}

awaitable<result<std::size_t>> clean_jobs(core_ptr heart, clean_request request) {
  if (!heart->usable()) co_return heart->usable().error();
  if (auto ok = check_clean(request); !ok) co_return ok.error();
  auto walk = std::make_shared<removal_walk>();
  walk->queue = request.queue;
  for (const auto s : request.states) walk->states |= 1U << static_cast<unsigned>(s);
  walk->newest_ms = heart->now_ms() - request.min_age_ms;
  walk->settle = std::move(request.settle);
  std::size_t removed = 0;
  walk->most = request.max;
  walk->done = request.max == 0;
  // Of a larger number the exact choice is not worth its memory.
  if (request.max <= chosen_max) {
    for (bool chosen = walk->done; !chosen;) {
      chosen = heart->choose_oldest(*walk);
      if (!chosen) co_await pass();
    }
  }
  auto n = co_await remove_all(heart, walk);
  if (!n) co_return n.error();
  removed = *n;
  if (removed > 0) heart->tell_cleaned(request.queue, removed);
  co_return removed;
}

awaitable<result<void>> obliterate_queue(core_ptr heart, std::string queue, bool force,
                                         settle_function settle) {
  auto there = heart->may_obliterate(queue, force);
  if (!there) co_return there.error();
  if (!*there) co_return result<void>();
  for (std::size_t round = 0; round < rounds_max; ++round) {
    auto walk = std::make_shared<removal_walk>();
    walk->queue = queue;
    walk->states = ~0U;
    walk->quiet = false;
    walk->settle = settle;
    auto n = co_await remove_all(heart, walk);
    if (!n) co_return n.error();
    if (!walk->missed) break;
    // Behind the commits that are under way.
    store::transaction after_them(store::durability::process);
    after_them.stage([](store::connection&) { return result<void>(); });
    auto ok = co_await store::async_commit(heart->db(), std::move(after_them));
    if (!ok) co_return ok;
  }
  store::transaction tx;
  heart->stage_obliteration(tx, queue);
  auto ok = co_await store::async_commit(heart->db(), std::move(tx));
  co_return ok;
}

awaitable<result<jobs_page>> list_jobs(core_ptr heart, list_request request) {
  if (request.limit == 0 || request.limit > list_jobs_max)
    co_return error(errc::validation, "limit", {"must be in 1..1000", "debe estar en 1..1000"});
  std::optional<list_cursor> after;
  if (!request.after.empty()) {
    auto cursor = read_cursor(request.after);
    if (!cursor) co_return cursor.error();
    after = *cursor;
  }
  result<listed_page> listed = listed_page();
  if (request.state == job_state::delayed)
    listed = co_await delayed_page(heart, request.queue, after, request.limit);
  else
    listed = heart->page_of(request.queue, request.state, after, request.limit);
  if (!listed) co_return listed.error();
  auto read = [seqs = listed->seqs](store::connection& c) { return read_views(c, seqs); };
  auto views = co_await store::async_read(heart->db(), std::move(read));
  if (!views) co_return views.error();
  jobs_page page;
  for (auto& view : *views) {
    heart->overlay(view);
    view.logs.clear();
    page.jobs.push_back(std::move(view));
  }
  if (listed->more) page.next = write_cursor(listed->last);
  co_return page;
}

awaitable<result<std::vector<child_view>>> children_of(core_ptr heart, std::string queue,
                                                       std::string id) {
  const auto seq = heart->row_of(queue, id);
  if (!seq) co_return seq.error();
  auto read = [row = *seq](store::connection& c) { return read_children(c, row); };
  auto rows = co_await store::async_read(heart->db(), std::move(read));
  if (!rows) co_return rows.error();
  heart->overlay_children(*rows);
  std::vector<child_view> out;
  out.reserve(rows->size());
  for (auto& row : *rows) out.push_back(std::move(row.view));
  co_return out;
}

}  // namespace son1k::queue::embedded
