#include "queue/worker_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "queue/work_meter.hpp"
#include "store/async.hpp"

namespace son1k::queue {
namespace asio = boost::asio;

namespace {

error lost() {
  return {errc::lease_lost, "the job belongs to a newer start"};
}

// The run came to an end of its own; what it was asked meanwhile does not change that.
bool came_to_its_end(outcome::what kind) {
  return kind == outcome::what::completed || kind == outcome::what::delayed ||
         kind == outcome::what::waits;
}

}  // namespace

std::optional<outcome> decide_end(outcome said, stop_reason why, std::int64_t timeout_ms) {
  switch (why) {
    case stop_reason::none:
      return said;
    case stop_reason::lease_lost:
      return std::nullopt;
    case stop_reason::cancelled:
      return outcome::cancel();
    case stop_reason::timed_out:
      // Work that came to its end while the limit passed is kept.
      if (came_to_its_end(said.kind)) return said;
      return outcome::fail(
          {"timeout", fmt::format("the run passed its limit of {} ms", timeout_ms), true});
    case stop_reason::shutting_down:
      if (came_to_its_end(said.kind)) return said;
      return outcome::release();
  }
  return said;
}

job_run::job_run(run_world world, claimed_job job, job_kind* kind)
    : world_(world), job_(std::move(job)), kind_(kind) {}

bool job_run::closed() const {
  const std::lock_guard lock(reports_);
  return closed_;
}

void job_run::progress(int percent, std::string_view message) {
  const std::int32_t wanted = std::clamp(percent, 0, 100);
  bool stale = false;
  {
    const std::lock_guard lock(reports_);
    if (closed_ || wanted < newest_.percent) return;
    if (wanted == newest_.percent && message == newest_.message) return;
    newest_ = {wanted, std::string(message)};
    const result<void> taken = world_.queue.progress(job_.held, newest_);
    stale = !taken && taken.error().code == errc::lease_lost;
  }
  if (stale) ask_stop(stop_reason::lease_lost);
}

void job_run::log(std::string_view line) {
  bool stale = false;
  {
    const std::lock_guard lock(reports_);
    if (closed_) return;
    const result<void> taken = world_.queue.log(job_.held, std::string(line));
    stale = !taken && taken.error().code == errc::lease_lost;
  }
  if (stale) ask_stop(stop_reason::lease_lost);
}

asio::awaitable<result<void>> job_run::checkpoint(std::string json) {
  if (closed()) co_return lost();
  lease held = job_.held;
  result<void> kept = co_await world_.queue.checkpoint(std::move(held), std::move(json));
  if (!kept && kept.error().code == errc::lease_lost) ask_stop(stop_reason::lease_lost);
  co_return kept;
}

asio::awaitable<result<std::vector<child_view>>> job_run::children() {
  return world_.queue.children(job_.held.queue, job_.held.id);
}

asio::awaitable<result<std::vector<added_job>>> job_run::add_children(std::vector<job_spec> specs) {
  if (closed()) co_return error(errc::lease_lost, "the run is over");
  for (job_spec& spec : specs) spec.parent = job_ref{job_.held.queue, job_.held.id};
  co_return co_await world_.queue.add(std::move(specs));
}

asio::awaitable<result<void>> job_run::commit(store::transaction tx) {
  if (closed()) co_return lost();
  world_.queue.stage_fence_check(tx, job_.held);
  result<void> done = co_await store::async_commit(world_.db, std::move(tx));
  if (!done && done.error().code == errc::lease_lost) ask_stop(stop_reason::lease_lost);
  co_return done;
}

asio::awaitable<void> job_run::offload(std::function<void()> work) {
  auto metered = [this, work = std::move(work)] {
    const work_meter meter([this](const run_cost& cost) { add_cost(cost); });
    work();
  };
  return world_.compute.run(std::move(metered));
}

void job_run::add_cost(const run_cost& more) {
  const std::lock_guard lock(reports_);
  cost_.cpu_us += more.cpu_us;
  cost_.bytes_max = std::max(cost_.bytes_max, more.bytes_max);
}

asio::awaitable<void> job_run::sleep(std::int64_t ms) {
  if (ms <= 0 || stop_.stop_requested()) co_return;
  auto executor = co_await asio::this_coro::executor;
  auto timer = std::make_shared<asio::steady_timer>(executor, std::chrono::milliseconds(ms));
  auto wake = [executor, timer] { asio::post(executor, [timer] { timer->cancel(); }); };
  const std::stop_callback on_stop(stop_.get_token(), std::move(wake));
  boost::system::error_code ignored;
  co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void job_run::ask_stop(stop_reason why) {
  stop_reason none = stop_reason::none;
  if (!why_.compare_exchange_strong(none, why, std::memory_order_acq_rel) &&
      why == stop_reason::lease_lost) {
    why_.store(why, std::memory_order_release);
  }
  stop_.request_stop();
}

void job_run::close() {
  const std::lock_guard lock(reports_);
  closed_ = true;
}

finish_request job_run::end_with(outcome how) const {
  finish_request request;
  request.held = job_.held;
  request.how = std::move(how);
  {
    const std::lock_guard lock(reports_);
    request.cost = cost_;
  }
  if (kind_ != nullptr && kind_->settles()) {
    request.settle = [kind = kind_](const job_view& ended, store::transaction& tx) {
      kind->settle(ended, tx);
    };
  }
  return request;
}

}  // namespace son1k::queue
