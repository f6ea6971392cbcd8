#include "api/generation.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "accounts/quota/ledger.hpp"
#include "api/envelope.hpp"
#include "api/generation_files.hpp"
#include "api/generation_plan.hpp"
#include "api/generation_records.hpp"
#include "api/idempotency.hpp"
#include "api/parameters.hpp"
#include "base/utf8.hpp"
#include "base/uuid.hpp"
#include "music/brief/brief.hpp"
#include "queue/options_codec.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

constexpr std::size_t body_bytes_max = 65'536;
constexpr std::size_t search_points_max = 200;

// Shared by the handlers of this resource; lives as long as the router.
struct context {
  services with;
  std::shared_ptr<pace> learnt;
};
using context_ptr = std::shared_ptr<const context>;

json::value parsed_or_null(const std::string& text) {
  boost::system::error_code ec;
  auto v = json::parse(text, ec);
  return ec ? json::value() : v;
}

// What a client sees of a piece. `live` is the job of a piece that has not ended.
json::object view_of(const generation_record& row, const queue::job_glance* live) {
  json::object out;
  out["generationId"] = row.id;
  const bool waiting = live != nullptr && live->state != queue::job_state::active;
  out["status"] = row.status == "processing" && waiting ? "pending" : row.status;
  out["progress"] = row.status == "completed" ? 100 : live != nullptr ? live->progress.percent : 0;
  if (live != nullptr && !live->progress.message.empty()) {
    out["message"] = live->progress.message;
  }
  out["prompt"] = row.prompt;
  out["createdAt"] = iso_time(row.created_at_ms).chars;
  if (row.started_at_ms != 0) out["startedAt"] = iso_time(row.started_at_ms).chars;
  if (row.finished_at_ms != 0) out["finishedAt"] = iso_time(row.finished_at_ms).chars;
  if (!row.error_code.empty()) {
    out["error"] = {{"code", row.error_code}, {"message", row.error_message}};
  }
  if (row.status == "completed") {
    const std::string base = "/api/generation/" + row.id;
    out["audioUrl"] = base + "/audio";
    out["midiUrl"] = base + "/midi";
    out["peaksUrl"] = base + "/peaks";
    auto facts = parsed_or_null(row.result);
    if (facts.is_object()) facts.get_object().erase("files");
    out["metadata"] = std::move(facts);
  }
  return out;
}

result<void> check_id(const http_request& request) {
  if (is_uuid(request.param("id"))) return {};
  return error(errc::not_found, "id",
               text("there is no piece with this id", "no hay ninguna pieza con este id"));
}

awaitable<http_response> create(context_ptr self, http_request& request) {
  const auto& with = self->with;
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto key = read_key(request);
  if (!key) co_return refuse(key.error(), request);
  if (*key) {
    auto earlier = co_await earlier_reply(with, **key);
    if (!earlier) co_return refuse(earlier.error(), request);
    if (*earlier) co_return std::move(**earlier);
  }
  auto id = uuid_v7();
  auto wanted = read_generation_request(request.body, id);
  if (!wanted) co_return refuse(wanted.error(), request);
  const auto& plan = with.tiers.of(caller_of(request).tier);
  if (auto ok = fit_to_plan(plan, *wanted); !ok) co_return refuse(ok.error(), request);
  auto left = co_await check_quota(with, caller_of(request).user, plan);
  if (!left) co_return refuse(left.error(), request);
  store::transaction tx;
  auto staged =
      stage_generation_job(with, tx, caller_of(request).user, *wanted, std::move(id), plan);
  if (!staged) co_return refuse(staged.error(), request);
  std::string estimate = "null";
  const auto position = staged->position < 0 ? "null" : std::to_string(staged->position);
  const double seconds = wanted->piece.duration_seconds.value_or(60);
  const auto before = std::max<std::int64_t>(staged->position, 0);
  if (const auto e = self->learnt->estimate(seconds, before, with.local_slots)) {
    estimate = fmt::format("{:.1f}", *e);
  }
  auto data = fmt::format(R"({{"generationId":"{0}","status":"pending",)"
                          R"("message":"the piece is queued","estimatedTime":{1},"position":{2},)"
                          R"("statusUrl":"/api/generation/{0}/status"}})",
                          staged->id, estimate, position);
  auto out = co_await commit_and_reply(with, std::move(tx), std::move(*key), 202, std::move(data),
                                       request);
  co_return out;
}

// The row, and its job while it has one that can be seen.
struct found_piece {
  generation_record row;
  std::optional<queue::job_glance> live;
};

awaitable<result<found_piece>> find(context_ptr self, std::string owner, std::string id) {
  const auto& with = self->with;
  found_piece out;
  // A piece may end between the two looks; its row then tells more than it did, so look again.
  for (int looks = 0; looks < 2; ++looks) {
    auto work = [owner, id](store::connection& db) { return find_generation(db, owner, id); };
    auto row = co_await store::async_read(with.database, std::move(work));
    if (!row) co_return row.error();
    out.row = std::move(*row);
    if (out.row.ended()) break;
    auto job = co_await with.queue.glance(std::string(generation_queue), id);
    if (!job && job.error().code == errc::unavailable) break;  // the row says what is known
    if (!job) continue;
    out.live = std::move(*job);
    break;
  }
  co_return out;
}

awaitable<http_response> show(context_ptr self, http_request& request) {
  if (auto ok = check_id(request); !ok) co_return refuse(ok.error(), request);
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  std::string id(request.param("id"));
  auto found = co_await find(self, caller_of(request).user, std::move(id));
  if (!found) co_return refuse(found.error(), request);
  auto view = view_of(found->row, found->live ? &*found->live : nullptr);
  if (!request.route.ends_with("/status")) {
    view["request"] = parsed_or_null(found->row.request);
  }
  co_return reply(200, json::value(std::move(view)));
}

awaitable<http_response> cancel(context_ptr self, http_request& request) {
  if (auto ok = check_id(request); !ok) co_return refuse(ok.error(), request);
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto& with = self->with;
  const std::string id(request.param("id"));
  auto found = co_await find(self, caller_of(request).user, id);
  if (!found) co_return refuse(found.error(), request);
  store::transaction tx;
  stage_generation_cancel(tx, caller_of(request).user, id, with.clock.now_ms());
  // The job may be gone already while its row is not; then the row alone is cancelled.
  auto staged = with.queue.stage_cancel(tx, std::string(generation_queue), id, with.settle);
  if (!staged && staged.error().code != errc::not_found) {
    co_return refuse(staged.error(), request);
  }
  auto committed = co_await store::async_commit(with.database, std::move(tx));
  if (!committed) co_return refuse(committed.error(), request);
  co_return reply(200, json::value{{"generationId", id}, {"status", "cancelled"}});
}

// limit, offset, cursor, status, q; anything else is refused by name.
result<history_query> read_history_query(const http_request& request, std::string owner) {
  history_query out;
  out.owner = std::move(owner);
  const auto whole = [](const std::string& v, std::int64_t min, std::int64_t max) {
    std::int64_t n = -1;
    const auto end = v.data() + v.size();
    const auto read = std::from_chars(v.data(), end, n);
    return read.ec == std::errc() && read.ptr == end && n >= min && n <= max
               ? std::optional<std::int64_t>(n)
               : std::nullopt;
  };
  for (const auto& [name, v] : request.query_pairs()) {
    if (name == "limit") {
      const auto n = whole(v, 1, 100);
      if (!n) {
        return error(
            errc::validation, "limit",
            text("must be a whole number from 1 to 100", "debe ser un número entero de 1 a 100"));
      }
      out.limit = static_cast<int>(*n);
    } else if (name == "offset") {
      const auto n = whole(v, 0, 1'000'000);
      if (!n) {
        return error(errc::validation, "offset",
                     text("must be a whole number from 0 to 1000000",
                          "debe ser un número entero de 0 a 1000000"));
      }
      out.offset = *n;
    } else if (name == "cursor") {
      if (!is_uuid(v)) {
        return error(errc::validation, "cursor",
                     text("must be the cursor of an earlier page",
                          "debe ser el cursor de una página anterior"));
      }
      out.before = v;
    } else if (name == "status") {
      static constexpr std::array<std::string_view, 5> known{"pending", "processing", "completed",
                                                             "failed", "cancelled"};
      if (std::find(known.begin(), known.end(), v) == known.end()) {
        const auto list = fmt::format("{}", fmt::join(known, ", "));
        return error(errc::validation, "status",
                     text("must be one of: " + list, "debe ser uno de: " + list));
      }
      out.status = v;
    } else if (name == "q") {
      const auto points = count_code_points(v);
      if (!points || *points > search_points_max) {
        return error(errc::validation, "q",
                     text("must be text of up to 200 characters",
                          "debe ser un texto de hasta 200 caracteres"));
      }
      out.search = v;
    } else {
      return error(
          errc::validation, name,
          text("is not a parameter of this request", "no es un parámetro de esta petición"));
    }
  }
  return out;
}

awaitable<http_response> history(context_ptr self, http_request& request) {
  const auto& with = self->with;
  auto query = read_history_query(request, caller_of(request).user);
  if (!query) co_return refuse(query.error(), request);
  struct page {
    std::vector<generation_record> rows;
    std::int64_t total = 0;
  };
  auto work = [query = *query](store::connection& db) -> result<page> {
    page out;
    auto rows = list_generations(db, query);
    if (!rows) return rows.error();
    auto total = count_generations(db, query);
    if (!total) return total.error();
    out.rows = std::move(*rows);
    out.total = *total;
    return out;
  };
  auto found = co_await store::async_read(with.database, std::move(work));
  if (!found) co_return refuse(found.error(), request);
  json::array items;
  for (const auto& row : found->rows) {
    std::optional<queue::job_glance> live;
    if (!row.ended()) {
      auto job = co_await with.queue.glance(std::string(generation_queue), row.id);
      if (job) live = std::move(*job);
    }
    items.push_back(view_of(row, live ? &*live : nullptr));
  }
  json::object pagination{
      {"limit", query->limit}, {"offset", query->offset}, {"total", found->total}};
  const bool full = found->rows.size() == static_cast<std::size_t>(query->limit);
  pagination["nextCursor"] = full ? json::value(found->rows.back().id) : json::value();
  co_return reply_page(std::move(items), pagination);
}

http_response brief(http_request& request) {
  if (auto ok = no_parameters(request); !ok) return refuse(ok.error(), request);
  auto wanted = read_generation_request(request.body, request.request_id);
  if (!wanted) return refuse(wanted.error(), request);
  auto understood = music::understand(wanted->piece);
  if (!understood) return refuse(understood.error(), request);
  return reply(200, json::value(music::to_json(*understood)));
}

}  // namespace

result<submitted_generation> stage_generation_job(const services& with, store::transaction& tx,
                                                  const std::string& owner,
                                                  const generation_request& request, std::string id,
                                                  const accounts::tier& plan) {
  auto data = to_job_data(request, id, owner);
  generation_record row;
  row.id = id;
  row.owner = owner;
  row.prompt = request.piece.prompt;
  row.request = data;
  row.created_at_ms = with.clock.now_ms();
  auto options = request.job;
  if (options.priority == 0) options.priority = plan.priority;
  row.job_priority = options.priority;
  row.job_group = options.group;
  row.job_options = queue::encode_options(options);
  accounts::reservation charge;
  charge.account = row.owner;
  charge.generation = row.id;
  charge.limits = {plan.day, plan.month};
  charge.now_ms = row.created_at_ms;
  charge.refusals = with.refusals;
  accounts::stage_reserve(tx, std::move(charge));
  stage_generation(tx, std::move(row));
  queue::job_spec job;
  job.queue = generation_queue;
  job.kind = "generation";
  job.id = id;
  job.id_is_new = true;
  job.user = owner;
  job.data = std::move(data);
  job.options = std::move(options);
  auto added = with.queue.stage(tx, std::move(job));
  if (!added) return added.error();
  return submitted_generation{std::move(id), added->position};
}

void bind_generation(endpoint_table& routes, const services& with, std::shared_ptr<pace> learnt) {
  auto self = std::make_shared<const context>(context{with, std::move(learnt)});
  const auto bound = bound_to(self);
  const auto json_body = json_body_of(body_bytes_max);
  routes.add_all({
      {http_method::post, "/api/generation/create", bound(create), makes_own, json_body},
      {http_method::post, "/api/generation/brief", net::sync_handler(brief), reads_own, json_body},
      {http_method::get, "/api/generation/history", bound(history), reads_own},
      {http_method::get, "/api/generation/:id", bound(show), watches_own},
      {http_method::get, "/api/generation/:id/status", bound(show), watches_own},
      {http_method::post, "/api/generation/:id/cancel", bound(cancel), makes_own},
  });
  bind_generation_files(routes, with);
}

}  // namespace son1k::api
