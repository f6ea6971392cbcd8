#include "queue/worker_finish.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/log.hpp"
#include "base/spawn.hpp"

namespace son1k::queue {
namespace asio = boost::asio;

namespace {

// One batch is being made durable while the next is on its way; more would only make them small.
constexpr std::size_t under_way_max = 2;
constexpr std::int64_t retry_ms_first = 50;
constexpr std::int64_t retry_ms_max = 2'000;

}  // namespace

finish_batcher::finish_batcher(queue_port& queue, asio::any_io_executor loop, done_handler done,
                               rider claims)
    : queue_(queue), loop_(std::move(loop)), done_(std::move(done)), claims_(std::move(claims)) {}

void finish_batcher::end(run_ptr run, outcome how) {
  gathered_.push_back({std::move(run), std::move(how)});
  ++pending_;
  flush_soon();
}

void finish_batcher::flush_soon() {
  if (flush_posted_ || under_way_ >= under_way_max) return;
  flush_posted_ = true;
  // Posted, not called: what ends in the same turn of the loop goes into the same batch.
  asio::post(loop_, [this] { flush(); });
}

void finish_batcher::flush() {
  flush_posted_ = false;
  if (gathered_.empty()) return;
  std::vector<ending> batch = std::move(gathered_);
  gathered_ = {};
  gathered_.reserve(batch.size());
  ++under_way_;
  auto ended = [this] {
    --under_way_;
    if (!gathered_.empty()) flush_soon();
    done_({}, true);
  };
  std::optional<claim_request> next;
  if (claims_.next) next = claims_.next();
  spawn(loop_, "worker.finish", write(std::move(batch), std::move(next)), std::move(ended));
}

asio::awaitable<std::vector<result<finish_reply>>> finish_batcher::send(
    std::vector<finish_request> requests, std::optional<claim_request> next) {
  if (!next) co_return co_await queue_.finish(std::move(requests));
  const std::size_t asked = next->max;
  auto both = co_await queue_.finish_and_claim(std::move(requests), std::move(*next));
  claims_.claimed(asked, std::move(both.claimed));
  co_return std::move(both.finished);
}

asio::awaitable<void> finish_batcher::write(std::vector<ending> batch,
                                            std::optional<claim_request> next) {
  std::int64_t pause_ms = retry_ms_first;
  for (;;) {
    std::vector<finish_request> requests;
    requests.reserve(batch.size());
    for (const ending& e : batch) requests.push_back(e.run->end_with(e.how));
    // What is sent again claims nothing.
    auto with = std::exchange(next, std::nullopt);
    const auto replies = co_await send(std::move(requests), std::move(with));
    settle(batch, replies);
    if (batch.empty()) co_return;
    asio::steady_timer timer(loop_, std::chrono::milliseconds(pause_ms));
    co_await timer.async_wait(asio::use_awaitable);
    pause_ms = std::min(pause_ms * 2, retry_ms_max);
  }
}

void finish_batcher::settle(std::vector<ending>& batch,
                            const std::vector<result<finish_reply>>& replies) {
  std::vector<run_ptr> acknowledged;
  std::vector<run_ptr> lost;
  std::vector<ending> again;
  acknowledged.reserve(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    run_ptr& run = batch[i].run;
    if (i < replies.size() && replies[i]) {
      acknowledged.push_back(std::move(run));
      continue;
    }
    const error why = i < replies.size() ? replies[i].error() : error(errc::internal, "no reply");
    const bool final = why.code == errc::lease_lost || why.code == errc::not_found ||
                       run->why_stopped() == stop_reason::lease_lost || giving_up_;
    if (again.empty()) {
      log::warn("worker.finish_failed", {{"queue", run->job().held.queue},
                                         {"job", run->job().held.id},
                                         {"code", name_of(why.code)},
                                         {"error", why.what()},
                                         {"again", !final}});
    }
    if (final) {
      lost.push_back(std::move(run));
    } else {
      again.push_back(std::move(batch[i]));
    }
  }
  batch = std::move(again);
  pending_ -= acknowledged.size() + lost.size();
  if (!acknowledged.empty()) done_(acknowledged, true);
  if (!lost.empty()) done_(lost, false);
}

}  // namespace son1k::queue
