#include "kinds/webhook/webhook_kind.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "queue/policy.hpp"
#include "store/async.hpp"
#include "webhooks/signature.hpp"

namespace son1k::kinds {
namespace json = boost::json;
using boost::asio::awaitable;
using queue::outcome;
namespace {

constexpr std::string_view dropped_result = R"({"dropped":true})";
constexpr int gone = 410;  // the receiver wants no more
constexpr double retry_jitter = 0.2;

struct delivery_task {
  webhooks::delivery what;
  std::optional<webhooks::webhook> to;  // nothing: it is removed
};

result<delivery_task> read_task(store::connection& db, const std::string& id) {
  delivery_task out;
  auto what = webhooks::find_delivery(db, id);
  if (!what) return what.error();
  out.what = std::move(*what);
  auto to = webhooks::find_webhook(db, {}, out.what.webhook);
  if (to) {
    out.to = std::move(*to);
  } else if (to.error().code != errc::not_found) {
    return to.error();
  }
  return out;
}

result<net::post_message> message_of(const delivery_task& task, const net::reach& within,
                                     std::int64_t now_ms) {
  auto to = net::parse_post_address(task.to->url, within);
  if (!to) return to.error();
  const auto at = now_ms / 1'000;
  auto signature = webhooks::sign(task.to->secret, task.what.message, at, task.what.payload);
  if (!signature) return signature.error();
  if (!task.to->secret_before.empty() && now_ms < task.to->before_until_ms) {
    auto second = webhooks::sign(task.to->secret_before, task.what.message, at, task.what.payload);
    if (!second) return second.error();
    *signature += " " + *second;
  }
  net::post_message out;
  out.to = std::move(*to);
  out.body = task.what.payload;
  out.headers = {{"Content-Type", "application/json"},
                 {"User-Agent", "son1k-webhooks"},
                 {"webhook-id", task.what.message},
                 {"webhook-timestamp", std::to_string(at)},
                 {"webhook-signature", std::move(*signature)}};
  return out;
}

outcome outcome_of(const result<int>& answered) {
  if (!answered) {
    const auto fault = answered.error();
    const bool retry = fault.code != errc::forbidden && fault.code != errc::validation &&
                       fault.code != errc::internal;
    return outcome::fail({std::string(name_of(fault.code)), fault.message.en, retry});
  }
  const auto status = std::to_string(*answered);
  if (*answered >= 200 && *answered < 300)
    return outcome::complete(json::serialize(json::object{{"status", *answered}}));
  return outcome::fail({"refused", "the receiver answered " + status, *answered != gone});
}

class webhook_kind final : public queue::job_kind {
 public:
  webhook_kind(webhook_settings settings, store::database* db)
      : settings_(std::move(settings)),
        db_(db),
        posts_(settings_.within, std::chrono::milliseconds(settings_.timeout_ms)) {}

  std::string_view name() const override { return webhooks::delivery_kind; }

  awaitable<outcome> run(queue::job_context& context) override {
    auto work = [id = context.job().held.id](store::connection& db) { return read_task(db, id); };
    if (db_ == nullptr) co_return outcome::fail({"internal", "no database", true});
    auto task = co_await store::async_read(*db_, std::move(work));
    if (!task) {
      const auto fault = task.error();
      if (fault.code == errc::not_found) co_return outcome::complete(std::string(dropped_result));
      co_return outcome::fail({std::string(name_of(fault.code)), fault.what(), true});
    }
    const bool wanted = task->to && (task->what.forced || task->to->takes_events());
    if (task->what.state != "pending" || !wanted)
      co_return outcome::complete(std::string(dropped_result));
    const auto began = system_clock().steady_ms();
    auto message = message_of(*task, posts_.within(), system_clock().now_ms());
    result<int> answered = 0;
    if (message) {
      auto sent = co_await posts_.post(std::move(*message));
      answered = std::move(sent);
    } else {
      answered = message.error();
    }
    auto out = outcome_of(answered);
    auto noted = note_of(context, answered, out, system_clock().steady_ms() - began);
    auto committed = co_await context.commit(std::move(noted));
    if (!committed) {
      const auto fault = committed.error();
      co_return outcome::fail({std::string(name_of(fault.code)), fault.what(), true});
    }
    co_return out;
  }

  void settle(const queue::job_view& ended, store::transaction& tx) override {
    tx.stage([id = ended.id, state = ended.state, dropped = ended.result == dropped_result,
              stopped = ended.error && ended.error->code == name_of(errc::cancelled),
              most = settings_.failures_max, now = system_clock().now_ms(),
              announcement = uuid_v7()](store::connection& db) {
      if (!queue::is_ended(state)) return webhooks::reopen_delivery(db, id);
      const auto how = dropped || stopped                     ? webhooks::delivery_end::dropped
                       : state == queue::job_state::completed ? webhooks::delivery_end::delivered
                                                              : webhooks::delivery_end::failed;
      return webhooks::end_delivery(db, id, how, most, now, announcement);
    });
  }

  result<std::vector<queue::owed_job>> owed(store::connection& db, const std::string& after,
                                            std::int64_t most) override {
    auto rows = webhooks::owed_deliveries(db, after, most);
    if (!rows) return rows.error();
    std::vector<queue::owed_job> out;
    for (const auto& row : *rows) out.push_back({delivery_job(row, settings_), row.fence});
    return out;
  }

  result<std::vector<std::string>> take_over(store::connection& db,
                                             std::span<const queue::owed_job> jobs) override {
    std::vector<std::string> taken;
    for (const auto& job : jobs) {
      auto mine = webhooks::take_over_delivery(db, {job.spec.id, job.spec.user, job.fence});
      if (!mine) return mine.error();
      if (*mine) taken.push_back(job.spec.id);
    }
    return taken;
  }

 private:
  static store::transaction note_of(queue::job_context& context, const result<int>& answered,
                                    const outcome& out, std::int64_t took_ms) {
    webhooks::attempt note;
    note.id = context.job().held.id;
    note.fence = context.job().held.fence;
    note.status = answered ? *answered : 0;
    note.problem = out.error.message;
    note.took_ms = took_ms;
    note.at_ms = system_clock().now_ms();
    store::transaction tx(store::durability::process);
    webhooks::stage_attempt(tx, std::move(note));
    return tx;
  }

  const webhook_settings settings_;
  store::database* const db_;
  net::guarded_posts posts_;
};

}  // namespace

queue::job_spec delivery_job(const webhooks::due_delivery& what, const webhook_settings& how) {
  queue::job_spec out;
  out.queue = webhooks::deliveries_queue;
  out.kind = webhooks::delivery_kind;
  out.id = what.id;
  out.user = what.owner;
  out.data = json::serialize(json::object{{"deliveryId", what.id}});
  out.options.attempts = static_cast<std::int32_t>(how.attempts);
  out.options.backoff = {queue::backoff_kind::exponential, how.retry_ms, retry_jitter};
  out.options.keep_completed = {600'000, 1'000};
  out.options.group = what.owner;
  return out;
}

std::shared_ptr<queue::job_kind> make_webhook_kind(webhook_settings settings, store::database* db) {
  return std::make_shared<webhook_kind>(std::move(settings), db);
}

}  // namespace son1k::kinds
