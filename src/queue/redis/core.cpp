#include "queue/redis/core.hpp"

#include <chrono>

#include "base/log.hpp"

namespace son1k::queue::redis {
namespace {

// Rows that nobody has answered for so long are sent again.
constexpr std::int64_t unanswered_ms = 5'000;

}  // namespace

core::core(net::redis_client& client, store::database& db, redis_queue_settings settings,
           const clock_port& clock)
    : db_(db),
      clock_(clock),
      settings_(std::move(settings)),
      link_(std::make_shared<link>(client, settings_, clock)),
      notebook_(std::make_shared<notebook>(link_)),
      gate_(std::make_shared<add_gate>(link_)),
      outbox_(std::make_shared<outbox>(db, link_)),
      telling_(std::make_shared<telling>(link_)),
      bell_(
          link_,
          [this] {
            std::lock_guard lock(mutex_);
            std::vector<std::string> queues;
            for (const auto& [name, line] : waiters_)
              if (!line.empty() && !stopped_) queues.push_back(name);
            return queues;
          },
          [this](const std::string& queue) { return ring(queue); }) {
  door_->inside = this;
  link_->before_calls([notes = std::weak_ptr(notebook_), gate = std::weak_ptr(gate_),
                       seen = outlook_](std::string_view script) {
    // Claims have nothing to do with what runs say, and ends take along what theirs have said.
    const bool of_others = script != "claim" && script != "both" && script != "finish";
    if (const auto there = notes.lock(); there && of_others) there->flush();
    if (const auto there = gate.lock()) there->flush();
    if (!script.empty() && !link::only_reads(script)) seen->forget();
  });
  if (auto sent = outbox_->relay(link_->now_ms()); !sent)
    log::warn("queue.outbox_not_sent", {{"why", sent.error().what()}});
  if (!settings_.process.empty()) look_after();
  if (settings_.upkeep_ms > 0) upkeep_ = std::thread([this] { upkeep(); });
}

core::~core() {
  {
    std::lock_guard lock(door_->mutex);
    door_->inside = nullptr;
  }
  stop();
}

store::transaction::outcome_hook core::when_committed(std::shared_ptr<door> at,
                                                      std::function<void(core&)> work) {
  return [at = std::move(at), work = std::move(work)](bool committed) {
    if (!committed) return;
    std::lock_guard lock(at->mutex);
    if (at->inside != nullptr) work(*at->inside);
  };
}

// What this process's forerunner of the same name left running waits again.
void core::look_after() {
  const auto names = link_->wait(net::redis_command("SMEMBERS").add(link_->base() + "s1k:queues"));
  if (!names) return;
  for (const auto& name : names->items()) {
    words args;
    args.add(name.bytes()).add(settings_.process).add(settings_.stalls_max);
    const auto got = link_->wait("recover", args);
    if (got) (void)recovered(std::string(name.bytes()), *got);
  }
}

// What was registered in a Redis that has been emptied since is registered again when it is used.
void core::notice_emptied() {
  const auto key = link_->base() + std::string(epoch_key);
  const auto got = link_->wait(net::redis_command("GET").add(key));
  if (!got || got->is_nil()) return;
  std::lock_guard lock(mutex_);
  if (got->bytes() == epoch_) return;
  epoch_ = got->bytes();
  known_.clear();
}

void core::upkeep() {
  bool was_there = true;
  for (int round = 0;; ++round) {
    std::vector<std::string> queues;
    {
      std::unique_lock lock(mutex_);
      stopping_.wait_for(lock, std::chrono::milliseconds(settings_.upkeep_ms),
                         [this] { return stopped_; });
      if (stopped_) return;
      queues.assign(claimed_.begin(), claimed_.end());
    }
    for (const auto& queue : queues) {
      words args;
      args.add(queue).add("").add(settings_.stalls_max);
      const auto got = link_->wait("recover", args);
      if (got && recovered(queue, *got).value() > 0) wake_all();
    }
    notice_emptied();
    outbox_->forget_answered();
    // What was committed while Redis was away goes as soon as it is back.
    const bool there = link_->connected();
    const auto before_ms = link_->now_ms() - (was_there ? unanswered_ms : 0);
    if (there && (!was_there || round % 5 == 4)) (void)outbox_->relay(before_ms);
    was_there = there;
  }
}

void core::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  end_waits_if([](const claim_request&) { return true; });
  stopping_.notify_all();
  gate_->flush();
  telling_->stop();
  bell_.stop();
  if (upkeep_.joinable()) {
    upkeep_.join();
    outbox_->forget_answered();
  }
}

}  // namespace son1k::queue::redis

namespace son1k::queue {

std::unique_ptr<queue_port> make_redis_queue(net::redis_client& redis, store::database& db,
                                             redis_queue_settings settings,
                                             const clock_port& clock) {
  return std::make_unique<redis::core>(redis, db, std::move(settings), clock);
}

}  // namespace son1k::queue
