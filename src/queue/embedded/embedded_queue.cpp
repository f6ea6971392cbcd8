#include "queue/embedded/embedded_queue.hpp"

#include "queue/embedded/control_calls.hpp"
#include "queue/embedded/core.hpp"
#include "queue/embedded/worker_board.hpp"
#include "store/async.hpp"

namespace son1k::queue {
namespace {

using boost::asio::awaitable;
using namespace embedded;

constexpr std::size_t batch_max = 10'000;
constexpr int overtaken_max = 5;

class embedded_queue final : public queue_port {
 public:
  embedded_queue(std::shared_ptr<core> c, const clock_port& clock)
      : core_(std::move(c)), workers_(clock) {}
  ~embedded_queue() override { core_->stop(); }

  result<added_job> stage(store::transaction& tx, job_spec spec) override {
    std::vector<job_spec> one;
    one.push_back(std::move(spec));
    auto batch = core_->prepare(std::move(one));
    if (!batch) return batch.error();
    core_->stage(tx, *batch);
    return (*batch)->replies.front();
  }

  awaitable<result<std::vector<added_job>>> add(std::vector<job_spec> specs) override {
    if (specs.size() > batch_max)
      co_return error(errc::payload_too_large, "jobs",
                      {"at most 10000 jobs in one call", "como mucho 10000 trabajos por llamada"});
    auto batch = core_->prepare(std::move(specs));
    if (!batch) co_return batch.error();
    store::transaction tx;
    core_->stage(tx, *batch);
    if (!tx.empty()) {
      auto ok = co_await store::async_commit(core_->db(), std::move(tx));
      if (!ok) co_return ok.error();
    }
    co_return std::move((*batch)->replies);
  }

  awaitable<result<std::vector<claimed_job>>> claim(claim_request request) override {
    if (!core_->usable()) co_return core_->usable().error();
    auto ticket = std::make_shared<claim_ticket>();
    ticket->request = std::move(request);
    co_await decided(ticket);
    if (!ticket->verdict) co_return ticket->verdict.error();
    if (!ticket->rows) {
      core_->hand_back(*ticket);
      co_return ticket->rows.error();
    }
    co_return core_->collect(*ticket);
  }

  std::vector<std::string> renew(std::span<const lease> held, std::int64_t lease_ms) override {
    return core_->renew(held, lease_ms);
  }
  void end_waits(const std::string& worker) override { core_->end_waits(worker); }
  void stage_fence_check(store::transaction& tx, const lease& held) override {
    core_->stage_fence_check(tx, held);
  }

  awaitable<std::vector<result<finish_reply>>> finish(
      std::vector<finish_request> requests) override {
    auto shared = std::make_shared<std::vector<finish_request>>(std::move(requests));
    std::vector<result<finish_reply>> replies(shared->size(), finish_reply{});
    std::vector<std::size_t> part(shared->size());
    for (std::size_t n = 0; n < part.size(); ++n) part[n] = n;
    if (part.empty()) co_return replies;
    const bool together = co_await finish_part(shared, part, replies);
    if (together || part.size() == 1) co_return replies;
    // One job's domain writes failed and took the others with them: each by itself, then.
    for (const auto n : part) {
      std::vector<std::size_t> one(1, n);
      co_await finish_part(shared, std::move(one), replies);
    }
    co_return replies;
  }

  awaitable<finish_and_claim_reply> finish_and_claim(std::vector<finish_request> requests,
                                                     claim_request next) override {
    auto finished = co_await finish(std::move(requests));
    next.wait_ms = 0;
    auto claimed = co_await claim(std::move(next));
    finish_and_claim_reply reply{std::move(finished), std::move(claimed)};
    co_return reply;
  }

  worker_order beat(const worker_facts& facts) override { return workers_.beat(facts); }
  void leave(const std::string& worker) override { workers_.leave(worker); }
  std::vector<worker_facts> workers() override { return workers_.workers(); }
  result<void> order(const std::string& worker, worker_order what) override {
    return workers_.order(worker, what);
  }

  result<void> progress(const lease& held, progress_value value) override {
    return core_->progress(held, std::move(value));
  }
  result<void> log(const lease& held, std::string line) override {
    return core_->log(held, std::move(line));
  }
  awaitable<result<void>> checkpoint(lease held, std::string json) override {
    store::transaction tx;
    auto ok = core_->stage_checkpoint(tx, held, std::move(json));
    if (ok) ok = co_await store::async_commit(core_->db(), std::move(tx));
    co_return ok;
  }

  result<void> stage_cancel(store::transaction& tx, const std::string& queue, const std::string& id,
                            const settle_function& settle) override {
    return core_->stage_cancel(tx, queue, id, settle);
  }
  std::vector<std::string> cancel_requests(std::span<const lease> held) override {
    return core_->cancel_requests(held);
  }

  awaitable<result<std::size_t>> recover_stalled(std::string queue) override {
    std::size_t recovered = 0;
    for (std::size_t n = core::sweep_slice; n == core::sweep_slice; recovered += n) {
      store::transaction tx(store::durability::process);
      n = core_->stage_recovery(tx, queue);
      if (n == 0) break;
      auto ok = co_await store::async_commit(core_->db(), std::move(tx));
      if (!ok) co_return ok.error();
    }
    core_->look_now();
    co_return recovered;
  }

  awaitable<result<job_view>> get(std::string queue, std::string id) override {
    const auto seq = core_->row_of(queue, id);
    if (!seq) co_return seq.error();
    auto read = [row = *seq](store::connection& c) { return read_view(c, row); };
    auto view = co_await store::async_read(core_->db(), std::move(read));
    if (view) core_->overlay(*view);
    co_return view;
  }
  awaitable<result<job_glance>> glance(std::string queue, std::string id) override {
    co_return core_->glance(queue, id);
  }
  result<queue_counts> counts(const std::string& queue) override { return core_->counts(queue); }
  awaitable<result<void>> pause(std::string queue, bool paused) override {
    store::transaction tx;
    auto ok = core_->stage_pause(tx, queue, paused);
    if (ok && !tx.empty()) ok = co_await store::async_commit(core_->db(), std::move(tx));
    co_return ok;
  }

  awaitable<result<void>> set_limits(std::string queue, queue_limits limits) override {
    store::transaction tx;
    auto ok = core_->stage_limits(tx, queue, limits);
    if (ok) ok = co_await store::async_commit(core_->db(), std::move(tx));
    co_return ok;
  }
  awaitable<result<void>> set_group_limits(std::string queue, std::string group,
                                           std::optional<group_limits> limits) override {
    store::transaction tx;
    auto ok = core_->stage_group_limits(tx, queue, group, limits);
    if (ok) ok = co_await store::async_commit(core_->db(), std::move(tx));
    co_return ok;
  }
  result<queue_limits> limits(const std::string& queue) override { return core_->limits(queue); }
  awaitable<result<std::vector<result<void>>>> edit(std::string queue, std::vector<std::string> ids,
                                                    job_edit how) override {
    return edit_jobs(core_, std::move(queue), std::move(ids), std::move(how));
  }
  awaitable<result<std::size_t>> clean(clean_request request) override {
    return clean_jobs(core_, std::move(request));
  }
  awaitable<result<void>> obliterate(std::string queue, bool force,
                                     settle_function settle) override {
    return obliterate_queue(core_, std::move(queue), force, std::move(settle));
  }
  awaitable<result<jobs_page>> list(list_request request) override {
    return list_jobs(core_, std::move(request));
  }
  awaitable<result<std::vector<child_view>>> children(std::string queue, std::string id) override {
    return children_of(core_, std::move(queue), std::move(id));
  }
  result<std::vector<std::string>> queues() override { return core_->queues(); }
  std::shared_ptr<void> record_runs(
      std::function<void(std::span<const run_record>)> listener) override {
    return core_->feed().subscribe(std::move(listener));
  }

  events_page events(std::uint64_t since, std::size_t limit) override {
    return core_->events().page(since, limit);
  }
  std::shared_ptr<void> subscribe(std::function<void(const job_event&)> listener) override {
    return core_->events().subscribe(std::move(listener));
  }
  void stop() override { core_->stop(); }

 private:
  awaitable<void> decided(std::shared_ptr<claim_ticket> ticket) {
    auto start = [this, ticket](std::shared_ptr<waiting> waiter) {
      ticket->resume = [waiter] { resume_soon(waiter); };
      core_->claim(ticket);
    };
    co_await suspend_until_resumed(std::move(start));
    ticket->resume = nullptr;
  }

  // Ends the requests of `part` in one commit. False: it failed in a way that may concern only some
  // of them.
  awaitable<bool> finish_part(std::shared_ptr<std::vector<finish_request>> requests,
                              std::vector<std::size_t> part,
                              std::vector<result<finish_reply>>& replies) {
    auto batch = std::make_shared<finish_batch>();
    batch->requests = std::move(requests);
    batch->part = std::move(part);
    bool together = co_await finish_batch_once(batch, replies);
    // The cancel is known by now.
    for (int n = 1; batch->overtaken && n < overtaken_max; ++n)
      together = co_await finish_batch_once(batch, replies);
    co_return together;
  }

  awaitable<bool> finish_batch_once(std::shared_ptr<finish_batch> batch,
                                    std::vector<result<finish_reply>>& replies) {
    batch->overtaken = false;
    core_->decide(*batch);
    for (auto& [n, why] : batch->refused) replies[n] = std::move(why);
    if (batch->jobs.empty() && batch->erased.empty()) co_return true;
    store::transaction tx;
    if (auto staged = settle_all(*batch, tx); !staged) {
      for (const auto& f : batch->jobs) replies[f.request] = staged.error();
      core_->finished(*batch, false);
      co_return false;
    }
    core_->stage(tx, batch);
    auto ok = co_await store::async_commit(core_->db(), std::move(tx));
    for (const auto& f : batch->jobs) {
      if (ok)
        replies[f.request] = finish_reply{f.to.to, f.to.run_at_ms};
      else
        replies[f.request] = ok.error();
    }
    co_return ok || ok.error().code == errc::unavailable || ok.error().code == errc::storage_full ||
        ok.error().code == errc::storage_corrupt;
  }

  // The domain's code: what escapes it must not leave jobs marked as being ended.
  result<void> settle_all(const finish_batch& batch, store::transaction& tx) {
    try {
      for (const auto& f : batch.jobs) {
        auto& settle = (*batch.requests)[f.request].settle;
        if (f.to.ended && settle) settle(core_->view_of(batch, f), tx);
      }
    } catch (const std::exception& e) {
      return error(errc::internal, {std::string("settle threw: ") + e.what()});
    }
    return {};
  }

  std::shared_ptr<core> core_;
  worker_board workers_;
};

}  // namespace

std::unique_ptr<queue_port> make_embedded_queue(store::database& db, embedded_settings settings,
                                                const clock_port& clock) {
  auto heart = std::make_shared<core>(db, settings, clock);
  heart->start();
  return std::make_unique<embedded_queue>(std::move(heart), clock);
}

}  // namespace son1k::queue
