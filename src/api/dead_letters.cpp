#include "api/dead_letters.hpp"

#include <boost/json.hpp>

#include "api/envelope.hpp"
#include "api/parameters.hpp"
#include "base/json.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

constexpr std::size_t body_bytes_max = 16'384;
// What one request does itself; more becomes a job.
constexpr std::size_t at_once_max = queue::letters_max;
constexpr std::string_view system_queue = "system";

using context_ptr = std::shared_ptr<const services>;

struct page_request {
  std::string cursor;
  std::size_t limit = 50;
};

result<page_request> read_page(const http_request& request) {
  page_request out;
  parameters in(request);
  out.cursor = in.text("cursor").value_or("");
  const auto most = static_cast<std::int64_t>(queue::search_jobs_max);
  if (const auto limit = in.integer("limit", 1, most)) out.limit = static_cast<std::size_t>(*limit);
  if (auto ok = in.finish(); !ok) return ok.error();
  return out;
}

json::object to_json(const queue::dead_group& g) {
  return {{"fingerprint", g.fingerprint},
          {"queue", g.queue},
          {"kind", g.kind},
          {"jobs", g.letters},
          {"firstAt", iso_time(g.first_at_ms).chars},
          {"lastAt", iso_time(g.last_at_ms).chars},
          {"error", {{"code", g.sample.code}, {"message", g.sample.message}}}};
}

json::object to_json(const queue::found_job& letter) {
  const auto& job = letter.job;
  boost::system::error_code ec;
  auto data = json::parse(job.data, ec);
  json::object out{{"jobId", job.id},
                   {"queue", job.queue},
                   {"kind", job.kind},
                   {"attempts", job.attempts_made},
                   {"worker", job.worker},
                   {"createdAt", iso_time(job.added_at_ms).chars},
                   {"failedAt", iso_time(job.finished_at_ms).chars}};
  if (!job.user.empty()) out["user"] = job.user;
  if (job.error) out["error"] = {{"code", job.error->code}, {"message", job.error->message}};
  out["data"] = ec ? json::value() : std::move(data);
  return out;
}

json::object to_json(const queue::letters_done& done) {
  return {{"retried", done.retried},
          {"addedAgain", done.added},
          {"passedOver", done.passed_over},
          {"refused", done.refused}};
}

json::value next_of(const std::string& cursor) {
  return cursor.empty() ? json::value() : json::value(cursor);
}

awaitable<http_response> groups(context_ptr with, http_request& request) {
  auto wanted = read_page(request);
  if (!wanted) co_return refuse(wanted.error(), request);
  const auto limit = wanted->limit;
  auto page = co_await with->letters->groups(std::move(wanted->cursor), limit);
  if (!page) co_return refuse(page.error(), request);
  json::array items;
  for (const auto& g : page->groups) items.push_back(to_json(g));
  co_return reply_page(std::move(items), {{"limit", limit}, {"nextCursor", next_of(page->next)}});
}

awaitable<http_response> show(context_ptr with, http_request& request) {
  auto wanted = read_page(request);
  if (!wanted) co_return refuse(wanted.error(), request);
  const std::string fingerprint(request.param("fingerprint"));
  auto group = co_await with->letters->group(fingerprint);
  if (!group) co_return refuse(group.error(), request);
  const auto limit = wanted->limit;
  auto page = co_await with->letters->letters(fingerprint, std::move(wanted->cursor), limit);
  if (!page) co_return refuse(page.error(), request);
  json::array items;
  for (const auto& letter : page->jobs) items.push_back(to_json(letter));
  json::object out{{"group", to_json(*group)}, {"jobs", std::move(items)}};
  co_return reply_page(std::move(out), {{"limit", limit}, {"nextCursor", next_of(page->next)}});
}

// Hands a replay of many over to the kind "maintenance".
awaitable<http_response> replay_as_job(context_ptr with, http_request& request, std::string query,
                                       std::int64_t matches, bool exact) {
  queue::job_spec spec;
  spec.queue = system_queue;
  spec.kind = "maintenance";
  spec.data =
      json::serialize(json::object{{"task", "bulk"}, {"action", "retry"}, {"query", query}});
  std::vector<queue::job_spec> specs;
  specs.push_back(std::move(spec));
  auto added = co_await with->queue.add(std::move(specs));
  if (!added) co_return refuse(added.error(), request);
  json::object out{{"jobId", added->front().id},
                   {"queue", system_queue},
                   {"matches", matches},
                   {"exact", exact}};
  co_return reply(202, std::move(out));
}

// An empty body, or {"queue","id"} for one job.
result<queue::letters_wanted> read_letter(const http_request& request) {
  queue::letters_wanted out;
  out.fingerprint = request.param("fingerprint");
  if (auto ok = no_parameters(request); !ok) return ok.error();
  if (request.body.empty()) return out;
  auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader reader(*body);
  const auto queue = reader.utf8("queue", {1, 200, false});
  const auto id = reader.utf8("id", {1, 500, false});
  if (queue) reader.require("id");
  if (id) reader.require("queue");
  if (auto ok = reader.finish(); !ok) return ok.error();
  out.queue = queue.value_or("");
  out.id = id.value_or("");
  return out;
}

awaitable<http_response> replay_group(context_ptr with, http_request& request) {
  auto which = read_letter(request);
  if (!which) co_return refuse(which.error(), request);
  auto group = co_await with->letters->group(which->fingerprint);
  if (!group) co_return refuse(group.error(), request);
  if (which->id.empty() && group->letters > static_cast<std::int64_t>(at_once_max)) {
    std::string query = "fingerprint:" + which->fingerprint;
    co_return co_await replay_as_job(with, request, std::move(query), group->letters, true);
  }
  auto done = co_await with->letters->replay(std::move(*which), at_once_max);
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, to_json(*done));
}

awaitable<http_response> replay_query(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto body = parse_json(request.body);
  if (!body) co_return refuse(body.error(), request);
  object_reader reader(*body);
  reader.require("query");
  const auto written = reader.utf8("query", {1, queue::query_bytes_max, false});
  if (auto ok = reader.finish(); !ok) co_return refuse(ok.error(), request);
  auto query = queue::parse_query(*written, with->clock.now_ms());
  if (!query) co_return refuse(query.error(), request);
  constexpr std::int64_t counted_max = 100'000;
  auto matches = co_await with->history->count(*query, counted_max);
  if (!matches) co_return refuse(matches.error(), request);
  if (matches->found == 0 && matches->exact) {
    const error none(errc::not_found, "query",
                     text("matches no job; nothing was changed",
                          "no coincide con ningún trabajo; no se cambió nada"));
    co_return refuse(none, request);
  }
  co_return co_await replay_as_job(with, request, *written, matches->found, matches->exact);
}

awaitable<http_response> purge(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  queue::letters_wanted which;
  which.fingerprint = request.param("fingerprint");
  auto group = co_await with->letters->group(which.fingerprint);
  if (!group) co_return refuse(group.error(), request);
  std::int64_t purged = 0;
  do {
    auto done = co_await with->letters->purge(which, at_once_max);
    if (!done) co_return refuse(done.error(), request);
    purged += done->purged;
    which.before_seq = done->next_seq;
  } while (which.before_seq != 0 && purged < group->letters);
  co_return reply(200, json::object{{"purged", purged}});
}

}  // namespace

void bind_dead_letters(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  const auto json_body = json_body_of(body_bytes_max);
  routes.add_all({
      {http_method::get, "/api/dead-letters", bound(groups), reads_consoles},
      {http_method::post, "/api/dead-letters/replay", bound(replay_query), operates, json_body},
      {http_method::get, "/api/dead-letters/:fingerprint", bound(show), reads_consoles},
      {http_method::post, "/api/dead-letters/:fingerprint/replay", bound(replay_group), operates,
       json_body},
      {http_method::remove, "/api/dead-letters/:fingerprint", bound(purge), operates},
  });
}

}  // namespace son1k::api
