#include "api/jobs.hpp"

#include <array>
#include <boost/json.hpp>

#include "api/audit.hpp"
#include "api/envelope.hpp"
#include "api/idempotency.hpp"
#include "api/job_actions.hpp"
#include "api/job_render.hpp"
#include "api/job_request.hpp"
#include "api/parameters.hpp"
#include "base/json.hpp"
#include "queue/policy.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using context_ptr = std::shared_ptr<const services>;

constexpr std::int64_t preview_count_max = 1'000'000;
constexpr std::string_view bulk_queue = "system";
constexpr std::string_view bulk_kind = "maintenance";
constexpr std::array<std::string_view, 5> bulk_actions{"retry", "cancel", "promote", "remove",
                                                       "priority"};

struct accepted_job {
  std::string queue;
  std::string id;
  queue::job_state state;
  bool duplicate;
};

json::object render(const accepted_job& job) {
  return {{"jobId", job.id},
          {"queue", job.queue},
          {"state", queue::name_of(job.state)},
          {"duplicate", job.duplicate}};
}

// A job that was there before is in whatever state it has come to.
awaitable<void> look_up_duplicate(context_ptr with, accepted_job& job) {
  auto now = co_await with->queue.get(job.queue, job.id);
  if (now) job.state = now->state;
}

// Stages the jobs into one unit of work.
result<std::vector<accepted_job>> stage_jobs(const services& with, store::transaction& tx,
                                             std::vector<queue::job_spec> specs) {
  std::vector<accepted_job> out;
  out.reserve(specs.size());
  for (std::size_t n = 0; n < specs.size(); ++n) {
    auto& spec = specs[n];
    accepted_job one{spec.queue, {}, state_when_added(spec), false};
    auto added = with.queue.stage(tx, std::move(spec));
    if (!added) {
      auto fault = added.error();
      if (specs.size() > 1) fault.field = "jobs[" + std::to_string(n) + "]." + fault.field;
      return fault;
    }
    one.id = std::move(added->id);
    one.duplicate = added->duplicate;
    out.push_back(std::move(one));
  }
  return out;
}

// Adds what a body describes; `render_all` makes the reply of it.
using body_reader = result<std::vector<queue::job_spec>> (*)(const json::value&);
using jobs_renderer = json::value (*)(const std::vector<accepted_job>&);

awaitable<http_response> add_of(context_ptr with, body_reader read, jobs_renderer render_all,
                                http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto keyed = co_await read_keyed(*with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
  auto body = parse_jobs_body(request.body);
  if (!body) co_return refuse(body.error(), request);
  auto specs = read(*body);
  if (!specs) co_return refuse(specs.error(), request);
  store::transaction tx;
  auto staged = stage_jobs(*with, tx, std::move(*specs));
  if (!staged) co_return refuse(staged.error(), request);
  for (auto& one : *staged) {
    if (one.duplicate) co_await look_up_duplicate(with, one);
  }
  auto data = json::serialize(render_all(*staged));
  auto out = co_await commit_and_reply(*with, std::move(tx), std::move(keyed.key), 202,
                                       std::move(data), request);
  co_return out;
}

awaitable<http_response> add(context_ptr with, http_request& request) {
  const auto read = [](const json::value& body) -> result<std::vector<queue::job_spec>> {
    auto one = read_job(body);
    if (!one) return one.error();
    std::vector<queue::job_spec> out;
    out.push_back(std::move(*one));
    return out;
  };
  const auto render_one = [](const std::vector<accepted_job>& jobs) {
    return json::value(render(jobs.front()));
  };
  return add_of(std::move(with), read, render_one, request);
}

awaitable<http_response> add_many(context_ptr with, http_request& request) {
  const auto render_all = [](const std::vector<accepted_job>& jobs) {
    json::array rows;
    for (const auto& one : jobs) rows.emplace_back(render(one));
    return json::value{{"jobs", std::move(rows)}};
  };
  return add_of(std::move(with), read_jobs, render_all, request);
}

error no_history() {
  return {errc::unavailable, "history",
          text("the history of jobs is not open", "el historial de trabajos no está abierto")};
}

// "queue:x" of a value that may hold spaces or quotes.
std::string term(std::string_view field, const std::string& value) {
  std::string out(field);
  out += ":\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\" ";
}

awaitable<http_response> search(context_ptr with, http_request& request) {
  parameters in(request);
  std::string words;
  if (const auto state = in.text("state")) words += term("state", *state);
  if (const auto queue = in.text("queue")) words += term("queue", *queue);
  words += in.text("q").value_or("");
  auto cursor = in.text("cursor").value_or("");
  const auto limit = in.integer("limit", 1, queue::search_jobs_max).value_or(20);
  if (auto ok = in.finish(); !ok) co_return refuse(ok.error(), request);
  auto query = queue::parse_query(words, with->clock.now_ms());
  if (!query) co_return refuse(query.error(), request);
  if (with->history == nullptr) co_return refuse(no_history(), request);
  auto found = co_await with->history->search(std::move(*query), std::move(cursor),
                                              static_cast<std::size_t>(limit));
  if (!found) co_return refuse(found.error(), request);
  json::array rows;
  for (const auto& one : found->jobs) rows.emplace_back(render_row(one));
  json::object pagination{{"limit", limit}};
  pagination["nextCursor"] = found->next.empty() ? json::value() : json::value(found->next);
  co_return reply_page(std::move(rows), pagination);
}

// From the queue where it is still known there, with its runs from the history; else from the
// history alone.
awaitable<result<json::object>> story_of(context_ptr with, std::string queue, std::string id) {
  auto live = co_await locate_job(*with, queue, id);
  if (!live && live.error().code != errc::not_found) co_return live.error();
  std::vector<queue::past_run> runs;
  std::optional<queue::found_job> past;
  if (with->history != nullptr) {
    auto story = co_await with->history->show(live ? live->queue : queue, id);
    if (story) {
      runs = std::move(story->runs);
      past = std::move(story->job);
    } else if (story.error().code != errc::not_found) {
      co_return story.error();
    }
  }
  if (!live && !past) co_return live.error();
  const auto& job = live ? *live : past->job;
  auto out = render_whole(job);
  out["live"] = live ? !queue::is_ended(job.state) : false;
  if (past && !past->fingerprint.empty()) out["fingerprint"] = past->fingerprint;
  if (past && past->dead_letter) out["deadLetter"] = true;
  out["timeline"] = render_timeline(job, runs);
  if (live) {
    auto children = co_await with->queue.children(job.queue, job.id);
    if (children && !children->empty()) out["children"] = render_children(*children);
  }
  co_return out;
}

awaitable<http_response> show(context_ptr with, http_request& request) {
  parameters in(request);
  std::string queue = in.text("queue").value_or("");
  if (auto ok = in.finish(); !ok) co_return refuse(ok.error(), request);
  std::string id(request.param("id"));
  auto found = co_await story_of(with, std::move(queue), std::move(id));
  if (!found) co_return refuse(found.error(), request);
  co_return reply(200, json::value(std::move(*found)));
}

struct bulk_request {
  std::string action;
  std::string query;
  bool preview = false;
  std::optional<std::int64_t> priority;
};

result<bulk_request> read_bulk(const http_request& request) {
  auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader in(*body);
  in.require("action");
  in.require("query");
  bulk_request out;
  const auto action = in.choice("action", bulk_actions);
  out.query = in.utf8("query", {1, queue::query_bytes_max, false}).value_or("");
  out.preview = in.boolean("preview").value_or(false);
  out.priority = in.integer("priority", 0, queue::priority_max);
  if (action && (bulk_actions[*action] == "priority") != out.priority.has_value()) {
    in.fail("priority", {"stands with the action priority, and only there",
                         "va con la acción priority, y solo con ella"});
  }
  if (auto ok = in.finish(); !ok) return ok.error();
  out.action = bulk_actions[*action];
  return out;
}

// The job that does it works in slices, can be followed and cancelled, and goes on after a restart.
queue::job_spec bulk_job(const bulk_request& wanted) {
  queue::job_spec out;
  out.queue = bulk_queue;
  out.kind = bulk_kind;
  json::object data{{"task", "bulk"}, {"action", wanted.action}, {"query", wanted.query}};
  if (wanted.priority) data["priority"] = *wanted.priority;
  out.data = json::serialize(data);
  return out;
}

awaitable<http_response> bulk(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto wanted = read_bulk(request);
  if (!wanted) co_return refuse(wanted.error(), request);
  auto query = queue::parse_query(wanted->query, with->clock.now_ms());
  if (!query) co_return refuse(query.error(), request);
  if (with->history == nullptr) co_return refuse(no_history(), request);
  auto counted = co_await with->history->count(std::move(*query), preview_count_max);
  if (!counted) co_return refuse(counted.error(), request);
  json::object out{{"action", wanted->action},
                   {"query", wanted->query},
                   {"count", counted->found},
                   {"exact", counted->exact}};
  // What matches nothing needs no job.
  if (wanted->preview || (counted->found == 0 && counted->exact)) {
    co_return reply(200, json::value(std::move(out)));
  }
  store::transaction tx;
  auto added = with->queue.stage(tx, bulk_job(*wanted));
  if (!added) co_return refuse(added.error(), request);
  tx.stage_beside(recorded(*with, request), added->id);
  auto committed = co_await store::async_commit(with->database, std::move(tx));
  if (!committed) co_return refuse(committed.error(), request);
  out["jobId"] = added->id;
  out["queue"] = bulk_queue;
  co_return reply(202, json::value(std::move(out)));
}

}  // namespace

void bind_jobs(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  const auto small = json_body_of(16'384);
  const auto large = json_body_of(jobs_body_bytes_max);
  // A job is a record of itself, and there are thousands of them in a second.
  constexpr auto adds = not_recorded(operates);
  routes.add_all({
      {http_method::post, "/api/jobs", bound(add), adds, large},
      {http_method::post, "/api/jobs/many", bound(add_many), adds, large},
      {http_method::post, "/api/jobs/bulk", bound(bulk), recorded_within(operates), small},
      {http_method::get, "/api/jobs", bound(search), reads_consoles},
      {http_method::get, "/api/jobs/:id", bound(show), reads_consoles},
  });
  bind_job_actions(routes, with);
}

}  // namespace son1k::api
