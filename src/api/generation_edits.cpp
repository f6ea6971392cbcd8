#include "api/generation_edits.hpp"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <chrono>

#include "api/edit_tags.hpp"
#include "api/envelope.hpp"
#include "api/generation.hpp"
#include "api/generation_plan.hpp"
#include "api/generation_view.hpp"
#include "api/idempotency.hpp"
#include "api/left_files.hpp"
#include "api/parameters.hpp"
#include "api/piece_edits.hpp"
#include "queue/policy.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using services_ptr = std::shared_ptr<const services>;

constexpr std::size_t body_bytes_max = 16'384;

accounts::reservation charge_of(const services& with, const std::string& owner,
                                const std::string& id, const accounts::tier& plan) {
  accounts::reservation out;
  out.account = owner;
  out.generation = id;
  out.limits = {plan.day, plan.month};
  out.now_ms = with.clock.now_ms();
  out.refusals = with.refusals;
  return out;
}

// One try of a piece: what is charged, and the reply that is kept under the request's key.
struct another_try {
  accounts::reservation charge;
  std::optional<idempotency_key> key;
  std::string reply;

  void stage(const services& with, store::transaction& tx) const {
    if (key) stage_reply(with, tx, *key, 202, reply);
    stage_piece_again(tx, charge);
  }
};

// The piece's job is still known: it waits again.
awaitable<result<void>> run_again(services_ptr with, std::shared_ptr<const another_try> one) {
  queue::job_edit how;
  how.kind = queue::job_edit::what::retry;
  how.settle = [with, one](const queue::job_view&, store::transaction& tx) {
    one->stage(*with, tx);
  };
  std::vector<std::string> ids{one->charge.generation};
  auto done =
      co_await with->queue.edit(std::string(generation_queue), std::move(ids), std::move(how));
  if (!done) co_return done.error();
  co_return done->front();
}

// Cancelled before it ran, or so long ago that the job is forgotten: it gets a new one.
awaitable<result<void>> add_again(services_ptr with, std::shared_ptr<const another_try> one) {
  const auto& id = one->charge.generation;
  auto work = [owner = one->charge.account, id](store::connection& db) {
    return job_of_piece(db, owner, id);
  };
  auto job = co_await store::async_read(with->database, std::move(work));
  if (!job) co_return job.error();
  store::transaction tx;
  one->stage(*with, tx);
  auto added = with->queue.stage(tx, std::move(*job));
  if (!added) co_return added.error();
  if (added->duplicate) {
    co_return error(
        errc::conflict, "id",
        text("the piece is being changed; try again", "la pieza está cambiando; reintente"));
  }
  auto done = co_await store::async_commit(with->database, std::move(tx));
  co_return done;
}

// The job once it has ended, or as it is after a second: the end of a run stands in its piece's row
// a moment before the queue tells it, and whoever saw it there may ask at once.
awaitable<result<queue::job_view>> ended_job(services_ptr with, std::string id) {
  constexpr int looks_max = 40;
  constexpr std::chrono::milliseconds between{25};
  boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
  for (int look = 1;; ++look) {
    auto job = co_await with->queue.get(std::string(generation_queue), id);
    if (!job || queue::is_ended(job->state) || look == looks_max) co_return job;
    pause.expires_after(between);
    boost::system::error_code ended;
    co_await pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ended));
  }
}

awaitable<result<void>> try_again(services_ptr with, std::shared_ptr<const another_try> one) {
  auto job = co_await ended_job(with, one->charge.generation);
  if (!job && job.error().code != errc::not_found) co_return job.error();
  if (!job) {
    auto added = co_await add_again(with, one);
    co_return added;
  }
  if (!queue::is_ended(job->state)) {
    co_return error(errc::conflict, "id",
                    text("the run that was cancelled has not ended yet; try again soon",
                         "la ejecución cancelada no ha terminado aún; reintente pronto"));
  }
  auto again = co_await run_again(with, one);
  co_return again;
}

awaitable<http_response> retry(services_ptr with, http_request& request) {
  if (auto ok = check_piece_id(request); !ok) co_return refuse(ok.error(), request);
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto keyed = co_await read_keyed(*with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
  const std::string owner = caller_of(request).user;
  const std::string id(request.param("id"));
  auto row = co_await find_piece_row(*with, owner, id);
  if (!row) co_return refuse(row.error(), request);
  const auto& plan = with->tiers.of(caller_of(request).tier);
  auto left = co_await check_quota(*with, owner, plan);
  if (!left) co_return refuse(left.error(), request);
  another_try wanted{charge_of(*with, owner, id, plan), std::move(keyed.key), {}};
  wanted.reply = fmt::format(R"({{"generationId":"{0}","status":"pending",)"
                             R"("message":"the piece is queued again",)"
                             R"("statusUrl":"/api/generation/{0}/status"}})",
                             id);
  const auto one = std::make_shared<const another_try>(std::move(wanted));
  auto done = result<void>();
  if (row->status == "failed" || row->status == "cancelled") {
    done = co_await try_again(with, one);
  } else {
    // The commit says so, in its own words.
    store::transaction tx;
    one->stage(*with, tx);
    done = co_await store::async_commit(with->database, std::move(tx));
    if (done) done = error(errc::conflict, "id", text("the piece is being changed; try again"));
  }
  if (done) co_return reply_serialized(202, one->reply);
  auto refused = refuse_keyed(*with, one->key, done.error(), request);
  co_return co_await std::move(refused);
}

result<piece_edit> read_edit(const http_request& request) {
  if (auto ok = no_parameters(request); !ok) return ok.error();
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader fields(*body);
  piece_edit out;
  out.title = fields.utf8("title", {1, 200, false});
  if (body->is_object() && body->get_object().contains("tags")) out.tags = read_tags(fields);
  out.favourite = fields.boolean("isFavourite");
  if (auto ok = fields.finish(); !ok) return ok.error();
  if (!out.title && !out.tags && !out.favourite) {
    return error(
        errc::validation, "body",
        text("must have title, tags or isFavourite", "debe tener title, tags o isFavourite"));
  }
  return out;
}

awaitable<http_response> edit(services_ptr with, http_request& request) {
  if (auto ok = check_piece_id(request); !ok) co_return refuse(ok.error(), request);
  auto to = read_edit(request);
  if (!to) co_return refuse(to.error(), request);
  auto version = expected_version(request);
  if (!version) co_return refuse_edit(version.error(), request);
  const std::string owner = caller_of(request).user;
  const std::string id(request.param("id"));
  store::transaction tx;
  stage_piece_edit(tx, owner, id, *version, std::move(*to));
  auto done = co_await store::async_commit(with->database, std::move(tx));
  if (!done) co_return refuse_edit(done.error(), request);
  auto found = co_await find_piece(*with, owner, id);
  if (!found) co_return refuse(found.error(), request);
  auto out = reply(200, json::value(view_of(found->row, found->live ? &*found->live : nullptr)));
  out.headers.add("ETag", etag_of(found->row));
  co_return out;
}

// Neither the files nor what the queue remembers of the job is needed any more. What fails here is
// found again by the next sweep, or by the queue's own retention.
awaitable<void> forget_traces(services_ptr with, std::string id) {
  queue::job_edit how;
  how.kind = queue::job_edit::what::remove;
  std::vector<std::string> ids{std::move(id)};
  auto removed =
      co_await with->queue.edit(std::string(generation_queue), std::move(ids), std::move(how));
  static_cast<void>(removed);
  with->offload([with] { sweep_deleted(with->database, with->clock, with->artifacts); });
}

awaitable<http_response> remove(services_ptr with, http_request& request) {
  if (auto ok = check_piece_id(request); !ok) co_return refuse(ok.error(), request);
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const std::string owner = caller_of(request).user;
  const std::string id(request.param("id"));
  auto row = co_await find_piece_row(*with, owner, id);
  if (!row) co_return refuse(row.error(), request);
  store::transaction tx;
  stage_piece_delete(tx, owner, id, with->clock.now_ms());
  // Not only of a piece that has not ended: one that was cancelled may still run.
  auto staged = with->queue.stage_cancel(tx, std::string(generation_queue), id, with->settle);
  if (!staged && staged.error().code != errc::not_found) {
    co_return refuse(staged.error(), request);
  }
  auto done = co_await store::async_commit(with->database, std::move(tx));
  if (!done) co_return refuse(done.error(), request);
  co_await forget_traces(with, id);
  co_return reply(200, json::value{{"generationId", id}, {"deleted", true}});
}

}  // namespace

void bind_generation_edits(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  const auto json_body = json_body_of(body_bytes_max);
  routes.add_all({
      {http_method::post, "/api/generation/:id/retry", bound(retry), makes_own},
      {http_method::put, "/api/generation/:id", bound(edit), makes_own, json_body},
      {http_method::remove, "/api/generation/:id", bound(remove), makes_own},
  });
}

}  // namespace son1k::api
