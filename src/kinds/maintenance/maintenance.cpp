#include "kinds/maintenance/maintenance.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <map>

#include "base/json.hpp"
#include "queue/policy.hpp"
#include "store/async.hpp"

namespace son1k::kinds {
namespace asio = boost::asio;
namespace json = boost::json;
using queue::outcome;
namespace {

constexpr std::size_t slice_jobs = 1'000;
constexpr int passes_max = 10;  // over the living, which come and go meanwhile
constexpr std::int64_t counted_max = 1'000'000;

struct tally {
  std::int64_t changed = 0;
  std::int64_t passed_over = 0;
  std::int64_t refused = 0;
  std::int64_t seq = 0;  // of the past: where the next slice begins
};

std::string to_text(const tally& t) {
  return json::serialize(json::object{{"changed", t.changed},
                                      {"passedOver", t.passed_over},
                                      {"refused", t.refused},
                                      {"seq", t.seq}});
}

tally read_checkpoint(const std::string& text) {
  tally t;
  boost::system::error_code ec;
  const auto v = json::parse(text, ec);
  if (ec || !v.is_object()) return t;
  const auto number = [&](const char* name) {
    const auto* found = v.get_object().if_contains(name);
    return found != nullptr && found->is_int64() ? found->get_int64() : 0;
  };
  t.changed = number("changed");
  t.passed_over = number("passedOver");
  t.refused = number("refused");
  t.seq = number("seq");
  return t;
}

outcome failed(const error& e) {
  const bool retryable = e.code != errc::validation && e.code != errc::malformed;
  return outcome::fail({std::string(name_of(e.code)), e.what(), retryable});
}

outcome stopped() {
  return outcome::fail({"stopped", "the job was asked to stop; it resumes", true});
}

class maintenance final : public queue::job_kind {
 public:
  explicit maintenance(maintenance_parts parts) : parts_(std::move(parts)) {}
  std::string_view name() const override { return maintenance_name; }
  void settle(const queue::job_view&, store::transaction&) override {}
  bool settles() const override { return false; }

  asio::awaitable<outcome> run(queue::job_context& context) override {
    auto request = parse_maintenance(context.job().data, context.job().added_at_ms);
    if (!request) co_return failed(request.error());
    if (auto* bulk = std::get_if<bulk_request>(&*request)) {
      co_return co_await change_many(context, std::move(*bulk));
    }
    if (std::get<retention_request>(*request).of == retention_request::what::history) {
      co_return co_await trim_history(context);
    }
    co_return co_await trim_replies(context);
  }

 private:
  asio::awaitable<outcome> change_many(queue::job_context& context, bulk_request request) {
    auto so_far = read_checkpoint(context.job().checkpoint);
    auto total = co_await parts_.history.count(request.query, counted_max);
    if (!total) co_return failed(total.error());
    result<void> done;
    if (request.action == bulk_request::what::retry) {
      done = co_await replay(context, request.query, so_far, total->found);
    } else {
      done = co_await change_living(context, request, so_far, total->found);
    }
    if (!done) co_return failed(done.error());
    if (context.stop().stop_requested()) co_return stopped();
    so_far.seq = 0;
    co_return outcome::complete(to_text(so_far));
  }

  // What has gone needs no checkpoint: a next start finds what is left.
  asio::awaitable<outcome> trim_history(queue::job_context& context) {
    std::int64_t removed = 0;
    while (!context.stop().stop_requested()) {
      auto step = co_await parts_.history.trim();
      if (!step) co_return failed(step.error());
      removed += step->gone;
      if (step->gone == 0) co_return completed(removed);
      const auto percent = std::min<std::int64_t>(99, 100 * removed / (removed + step->left));
      context.progress(static_cast<int>(percent), std::to_string(removed) + " records removed");
    }
    co_return stopped();
  }

  asio::awaitable<outcome> trim_replies(queue::job_context& context) {
    std::int64_t removed = 0;
    while (!context.stop().stop_requested()) {
      const auto gone = std::make_shared<std::int64_t>(0);
      store::transaction tx(store::durability::process);
      tx.stage([gone, forget = parts_.forget_replies](store::connection& db) -> result<void> {
        auto done = forget(db, slice_jobs);
        if (!done) return done.error();
        *gone = *done;
        return {};
      });
      auto committed = co_await store::async_commit(parts_.database, std::move(tx));
      if (!committed) co_return failed(committed.error());
      removed += *gone;
      if (*gone < static_cast<std::int64_t>(slice_jobs)) co_return completed(removed);
    }
    co_return stopped();
  }

  static outcome completed(std::int64_t removed) {
    return outcome::complete(json::serialize(json::object{{"removed", removed}}));
  }

  static void report(queue::job_context& context, const tally& t, std::int64_t total) {
    const auto seen = t.changed + t.passed_over + t.refused;
    const auto percent = std::min<std::int64_t>(99, 100 * seen / std::max<std::int64_t>(total, 1));
    context.progress(static_cast<int>(percent), std::to_string(seen) + " jobs");
  }

  asio::awaitable<result<void>> replay(queue::job_context& context, queue::job_query query,
                                       tally& t, std::int64_t total) {
    while (!context.stop().stop_requested()) {
      queue::letters_wanted which;
      which.query = query;
      which.before_seq = t.seq;
      auto slice = co_await parts_.letters.replay(std::move(which), slice_jobs);
      if (!slice) co_return slice.error();
      t.changed += slice->retried + slice->added;
      t.passed_over += slice->passed_over;
      t.refused += slice->refused;
      t.seq = slice->next_seq;
      if (t.seq == 0) break;
      report(context, t, total);
      auto kept = co_await context.checkpoint(to_text(t));
      if (!kept) co_return kept.error();
    }
    co_return result<void>();
  }

  asio::awaitable<result<void>> change_living(queue::job_context& context, bulk_request request,
                                              tally& t, std::int64_t total) {
    for (int pass = 0; pass < passes_max; ++pass) {
      std::string cursor;
      const auto before = t.changed;
      do {
        std::map<std::string, std::vector<queue::job_view>> slice;
        auto next = co_await gather(request.query, cursor, context.job().held.id,
                                    request.action != bulk_request::what::remove, slice);
        if (!next) co_return next.error();
        cursor = std::move(*next);
        for (auto& [name, jobs] : slice) {
          auto ok = co_await change(name, std::move(jobs), request, t);
          if (!ok) co_return ok.error();
        }
        report(context, t, total);
        auto kept = co_await context.checkpoint(to_text(t));
        if (!kept) co_return kept.error();
      } while (!cursor.empty() && !context.stop().stop_requested());
      // A changed priority does not take a job out of the filter; running jobs stay until they end.
      const bool stays = request.action == bulk_request::what::priority;
      if (stays || t.changed == before || context.stop().stop_requested()) break;
    }
    co_return result<void>();
  }

  // The next matching jobs by queue, without the one that asks; the cursor after them.
  asio::awaitable<result<std::string>> gather(
      queue::job_query query, std::string cursor, std::string self, bool living_only,
      std::map<std::string, std::vector<queue::job_view>>& slice) {
    for (std::size_t taken = 0; taken < slice_jobs;) {
      auto page = co_await parts_.history.search(query, cursor, queue::search_jobs_max);
      if (!page) co_return page.error();
      for (auto& found : page->jobs) {
        // The living come first. Of the past, only what the queue may still keep can be removed.
        if (!found.live && living_only) co_return std::string();
        if (found.job.id == self) continue;
        ++taken;
        slice[found.job.queue].push_back(std::move(found.job));
      }
      cursor = std::move(page->next);
      if (cursor.empty()) break;
    }
    co_return cursor;
  }

  asio::awaitable<result<void>> change(std::string name, std::vector<queue::job_view> jobs,
                                       bulk_request request, tally& t) {
    if (request.action == bulk_request::what::cancel) co_return co_await cancel(name, jobs, t);
    queue::job_edit how;
    using what = bulk_request::what;
    how.kind = request.action == what::promote  ? queue::job_edit::what::promote
               : request.action == what::remove ? queue::job_edit::what::remove
                                                : queue::job_edit::what::priority;
    how.priority = request.priority;
    how.settle = parts_.settle;
    std::vector<std::string> ids;
    for (const auto& job : jobs) ids.push_back(job.id);
    auto edited = co_await parts_.jobs.edit(name, std::move(ids), std::move(how));
    if (!edited) co_return edited.error();
    for (const auto& one : *edited) ++(one ? t.changed : t.passed_over);
    co_return result<void>();
  }

  asio::awaitable<result<void>> cancel(std::string name, std::vector<queue::job_view> jobs,
                                       tally& t) {
    store::transaction tx;
    tally staged;
    for (auto& job : jobs) {
      auto ok = parts_.jobs.stage_cancel(tx, name, job.id, parts_.settle);
      const bool runs = job.state == queue::job_state::active;
      ++(ok && !runs ? staged.changed : staged.passed_over);
    }
    auto committed = co_await store::async_commit(parts_.database, std::move(tx));
    if (!committed) co_return committed.error();
    t.changed += staged.changed;
    t.passed_over += staged.passed_over;
    co_return result<void>();
  }

  const maintenance_parts parts_;
};

}  // namespace

result<maintenance_request> parse_maintenance(std::string_view data, std::int64_t now_ms) {
  static constexpr std::array<std::string_view, 3> tasks{"history_retention",
                                                         "idempotency_retention", "bulk"};
  static constexpr std::array<std::string_view, 5> actions{"retry", "cancel", "promote", "remove",
                                                           "priority"};
  auto v = parse_json(data);
  if (!v) return v.error();
  object_reader reader(*v);
  reader.require("task");
  if (const auto task = reader.choice("task", tasks); task && tasks[*task] != "bulk") {
    if (auto ok = reader.finish(); !ok) return ok.error();
    return retention_request{static_cast<retention_request::what>(*task)};
  }
  reader.require("action");
  const auto action = reader.choice("action", actions);
  reader.require("query");
  const auto written = reader.utf8("query", {1, queue::query_bytes_max, false});
  const auto priority = reader.integer("priority", 0, queue::priority_max);
  if (action && actions[*action] == "priority") reader.require("priority");
  if (auto ok = reader.finish(); !ok) return ok.error();
  auto query = queue::parse_query(*written, now_ms);
  if (!query) return query.error();
  bulk_request out;
  out.action = static_cast<bulk_request::what>(*action);
  out.priority = static_cast<std::int32_t>(priority.value_or(0));
  out.query = std::move(*query);
  return out;
}

std::vector<queue::schedule_spec> maintenance_schedules() {
  // Beside the full hour, when other work tends to begin.
  static constexpr std::array<std::array<const char*, 3>, 2> rows{{
      {"history-retention", "7 * * * *", R"({"task":"history_retention"})"},
      {"idempotency-retention", "17 * * * *", R"({"task":"idempotency_retention"})"},
  }};
  std::vector<queue::schedule_spec> out;
  for (const auto& [id, cron, data] : rows) {
    queue::schedule_spec one;
    one.id = id;
    one.queue = maintenance_queue;
    one.kind = maintenance_name;
    one.data = data;
    one.cron = cron;
    one.missed = queue::missed_rule::once;
    one.overlap = queue::overlap_rule::skip;
    out.push_back(std::move(one));
  }
  return out;
}

std::shared_ptr<queue::job_kind> make_maintenance_kind(maintenance_parts parts) {
  return std::make_shared<maintenance>(std::move(parts));
}

}  // namespace son1k::kinds
