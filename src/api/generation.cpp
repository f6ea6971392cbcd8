#include "api/generation.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "accounts/quota/ledger.hpp"
#include "api/envelope.hpp"
#include "api/generation_edits.hpp"
#include "api/generation_extend.hpp"
#include "api/generation_files.hpp"
#include "api/generation_history.hpp"
#include "api/generation_plan.hpp"
#include "api/generation_records.hpp"
#include "api/generation_stems.hpp"
#include "api/generation_view.hpp"
#include "api/idempotency.hpp"
#include "api/parameters.hpp"
#include "api/shares.hpp"
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

// Shared by the handlers of this resource; lives as long as the router.
struct context {
  services with;
  std::shared_ptr<pace> learnt;
};
using context_ptr = std::shared_ptr<const context>;

awaitable<http_response> create(context_ptr self, http_request& request) {
  const auto& with = self->with;
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto keyed = co_await read_keyed(with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
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
  auto data = accepted_reply(with, *self->learnt, *staged, *wanted);
  auto out = co_await commit_and_reply(with, std::move(tx), std::move(keyed.key), 202,
                                       std::move(data), request);
  co_return out;
}

awaitable<http_response> show(context_ptr self, http_request& request) {
  if (auto ok = check_piece_id(request); !ok) co_return refuse(ok.error(), request);
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  std::string id(request.param("id"));
  auto found = co_await find_piece(self->with, caller_of(request).user, std::move(id));
  if (!found) co_return refuse(found.error(), request);
  auto view = view_of(found->row, found->live ? &*found->live : nullptr);
  if (!request.route.ends_with("/status")) {
    view["request"] = parsed_or_null(found->row.request);
  }
  auto out = reply(200, json::value(std::move(view)));
  out.headers.add("ETag", etag_of(found->row));
  co_return out;
}

awaitable<http_response> cancel(context_ptr self, http_request& request) {
  if (auto ok = check_piece_id(request); !ok) co_return refuse(ok.error(), request);
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto& with = self->with;
  const std::string id(request.param("id"));
  auto found = co_await find_piece(self->with, caller_of(request).user, id);
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
  row.tags = request.tags;
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

std::string accepted_reply(const services& with, const pace& learnt,
                           const submitted_generation& made, const generation_request& request) {
  std::string estimate = "null";
  const auto position = made.position < 0 ? "null" : std::to_string(made.position);
  const double seconds = request.piece.duration_seconds.value_or(60);
  const auto before = std::max<std::int64_t>(made.position, 0);
  if (const auto e = learnt.estimate(seconds, before, with.local_slots)) {
    estimate = fmt::format("{:.1f}", *e);
  }
  return fmt::format(R"({{"generationId":"{0}","status":"pending",)"
                     R"("message":"the piece is queued","estimatedTime":{1},"position":{2},)"
                     R"("statusUrl":"/api/generation/{0}/status"}})",
                     made.id, estimate, position);
}

void bind_generation(endpoint_table& routes, const services& with, std::shared_ptr<pace> learnt) {
  auto self = std::make_shared<const context>(context{with, std::move(learnt)});
  const auto bound = bound_to(self);
  const auto json_body = json_body_of(body_bytes_max);
  routes.add_all({
      {http_method::post, "/api/generation/create", bound(create), makes_own, json_body},
      {http_method::post, "/api/generation/brief", net::sync_handler(brief), reads_own, json_body},
      {http_method::get, "/api/generation/:id", bound(show), watches_own},
      {http_method::get, "/api/generation/:id/status", bound(show), watches_own},
      {http_method::post, "/api/generation/:id/cancel", bound(cancel), makes_own},
  });
  bind_generation_extend(routes, with, self->learnt);
  bind_generation_history(routes, with);
  bind_generation_files(routes, with);
  bind_generation_stems(routes, with);
  bind_generation_edits(routes, with);
  bind_shares(routes, with);
}

}  // namespace son1k::api
