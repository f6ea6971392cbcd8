#include "queue/history/lasting_history.hpp"

#include <charconv>
#include <limits>

#include "queue/history/cursor.hpp"
#include "queue/history/live_search.hpp"
#include "queue/history/terms.hpp"
#include "queue/policy.hpp"
#include "store/async.hpp"

namespace son1k::queue {
namespace asio = boost::asio;
namespace {

constexpr std::int64_t from_newest = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t live_looks_max = 10'000;
constexpr std::size_t past_looks_max = 10'000;  // rows that one request reads and compares
constexpr std::size_t count_slice = 5'000;
constexpr std::size_t count_looks_max = 200'000;

template <class Integer>
bool parse(const std::string& text, Integer& out) {
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, out);
  return read.ec == std::errc() && read.ptr == end;
}

// Where a search goes on: among the living, then in the past.
struct place {
  live_place live;
  std::int64_t before_seq = from_newest;
};

std::string cursor_of(const job_query& query, const place& at) {
  return make_cursor(query.text,
                     {at.live.over ? "past" : "live", at.live.queue, std::to_string(at.live.state),
                      at.live.after, std::to_string(at.live.skip), std::to_string(at.before_seq)});
}

result<place> place_of(const job_query& query, const std::string& cursor) {
  place out;
  out.live.over = !may_be_live(query);
  if (cursor.empty()) return out;
  auto fields = read_cursor(query.text, cursor, 6);
  if (!fields) return fields.error();
  const auto& f = *fields;
  out.live.over = f[0] == "past";
  out.live.queue = f[1];
  out.live.after = f[3];
  const bool sound =
      parse(f[2], out.live.state) && parse(f[4], out.live.skip) && parse(f[5], out.before_seq);
  if (!sound) return bad_cursor();
  return out;
}

bool asks_payload(const job_query& query) {
  for (const auto& term : query.terms) {
    if (term.field == query_field::data) return true;
  }
  return false;
}

error bad_limit() {
  return {errc::validation, "limit",
          text("must be a whole number from 1 to 100", "debe ser un número entero de 1 a 100")};
}

error nowhere() {
  return {errc::not_found, "id",
          text("there is no job with this id, neither in a queue nor in the history",
               "no hay ningún trabajo con este id, ni en una cola ni en el historial")};
}

// The matching rows before a place, from the from_newest.
struct row_search {
  job_query query;
  word_query words;
  std::int64_t before_seq = from_newest;
  std::size_t limit = 0;
  std::size_t look_max = 0;
  bool dead_only = false;
  bool whole = true;  // false: only how many
};
struct rows_found {
  std::vector<found_job> jobs;
  std::int64_t count = 0;
  std::size_t looked = 0;
  std::int64_t before_seq = 0;  // 0: there are no more
};

result<rows_found> search_rows(const history_tables& tables, store::connection& c,
                               const row_search& with) {
  rows_found out;
  const bool payload = asks_payload(with.query);
  auto visited = tables.visit_candidates(c, with.words, with.before_seq, [&](const store::row& r) {
    const auto seq = r.integer(0);
    if (static_cast<std::size_t>(out.count) == with.limit || out.looked == with.look_max) {
      out.before_seq = seq + 1;
      return false;
    }
    ++out.looked;
    auto job = read_row(r);
    if (with.dead_only && !job.dead_letter) return true;
    if (payload) read_data(r, job);
    if (!matches(with.query, job.job, {job.fingerprint, job.ready_at_ms})) return true;
    ++out.count;
    if (!with.whole) return true;
    read_wide(r, job);
    out.jobs.push_back(std::move(job));
    return true;
  });
  if (!visited) return visited.error();
  return out;
}

}  // namespace

lasting_history::lasting_history(store::database& db, const history_tables& tables,
                                 store::database& domain, queue_port& jobs, const clock_port& clock,
                                 history_settings with, settle_function settle)
    : db_(db),
      tables_(tables),
      domain_(domain),
      jobs_(jobs),
      clock_(clock),
      settle_(std::move(settle)),
      recorder_(db, tables, jobs, clock, with) {}

asio::awaitable<result<lasting_history::slice>> lasting_history::past_slice(job_query query,
                                                                            std::int64_t before_seq,
                                                                            std::size_t limit,
                                                                            std::size_t look_max,
                                                                            bool dead_only) {
  auto work = [this, with = row_search{query, words_of(query), before_seq, limit, look_max,
                                       dead_only, true}](store::connection& c) {
    return search_rows(tables_, c, with);
  };
  auto found = co_await store::async_read(db_, std::move(work));
  if (!found) co_return found.error();
  slice out;
  out.jobs = std::move(found->jobs);
  out.before_seq = found->before_seq;
  co_return out;
}

asio::awaitable<result<search_page>> lasting_history::search(job_query query, std::string cursor,
                                                             std::size_t limit) {
  if (limit == 0 || limit > search_jobs_max) co_return bad_limit();
  auto at = place_of(query, cursor);
  if (!at) co_return at.error();
  search_page page;
  if (!at->live.over) {
    auto ok = co_await search_live(jobs_, query, at->live, limit, live_looks_max, page.jobs);
    if (!ok) co_return ok.error();
    if (!at->live.over) {
      page.next = cursor_of(query, *at);
      co_return page;
    }
  }
  if (!may_have_ended(query)) co_return page;
  if (page.jobs.size() >= limit) {
    page.next = cursor_of(query, *at);
    co_return page;
  }
  co_await recorder_.flush();
  const auto room = limit - page.jobs.size();
  auto past = co_await past_slice(query, at->before_seq, room, past_looks_max, false);
  if (!past) co_return past.error();
  for (auto& job : past->jobs) page.jobs.push_back(std::move(job));
  if (past->before_seq != 0) {
    at->before_seq = past->before_seq;
    page.next = cursor_of(query, *at);
  }
  co_return page;
}

asio::awaitable<result<job_count>> lasting_history::count(job_query query, std::int64_t count_max) {
  job_count out;
  if (may_be_live(query)) {
    live_place at;
    std::vector<found_job> found;
    const auto max = static_cast<std::size_t>(std::max<std::int64_t>(count_max, 0));
    auto ok = co_await search_live(jobs_, query, at, max, live_looks_max, found);
    if (!ok) co_return ok.error();
    out.found = static_cast<std::int64_t>(found.size());
    out.exact = at.over;
  }
  if (!may_have_ended(query)) co_return out;
  co_await recorder_.flush();
  row_search with{query, words_of(query), from_newest, 0, count_slice, false, false};
  for (std::size_t looked = 0; looked < count_looks_max;) {
    with.limit = static_cast<std::size_t>(std::max<std::int64_t>(count_max - out.found, 0));
    auto work = [this, with](store::connection& c) { return search_rows(tables_, c, with); };
    auto found = co_await store::async_read(db_, std::move(work));
    if (!found) co_return found.error();
    out.found += found->count;
    looked += found->looked;
    if (found->before_seq == 0) co_return out;
    with.before_seq = found->before_seq;
    if (out.found >= count_max) break;
  }
  out.exact = false;
  co_return out;
}

asio::awaitable<result<job_story>> lasting_history::show(std::string queue, std::string id) {
  std::vector<std::string> names{queue};
  if (queue.empty()) {
    auto all = jobs_.queues();
    if (!all) co_return all.error();
    names = std::move(*all);
  }
  job_story out;
  bool found = false;
  for (const auto& name : names) {
    auto job = co_await jobs_.get(name, id);
    if (!job && job.error().code != errc::not_found) co_return job.error();
    if (!job) continue;
    out.job.job = std::move(*job);
    out.job.live = !is_ended(out.job.job.state);
    queue = name;
    found = true;
    break;
  }
  tables_.clean(queue);
  tables_.clean(id);
  co_await recorder_.flush();
  struct record {
    std::optional<found_job> ended;
    std::vector<past_run> runs;
  };
  auto work = [queue, id](store::connection& c) -> result<record> {
    record kept;
    auto row = find_row(c, queue, id);
    if (!row) return row.error();
    kept.ended = std::move(*row);
    const auto& in = kept.ended ? kept.ended->job.queue : queue;
    auto runs = read_runs(c, in, id);
    if (!runs) return runs.error();
    kept.runs = std::move(*runs);
    return kept;
  };
  auto past = co_await store::async_read(db_, std::move(work));
  if (!past) co_return past.error();
  out.runs = std::move(past->runs);
  if (past->ended) {
    if (past->ended->job.started_at_ms != 0) out.runs.push_back(last_run_of(*past->ended));
    auto of_queue = std::move(out.job.job);
    out.job = std::move(*past->ended);
    if (found) {
      out.job.live = !is_ended(of_queue.state);
      out.job.job = std::move(of_queue);
    }
    found = true;
  }
  if (!found) co_return nowhere();
  co_return out;
}

}  // namespace son1k::queue
