#include "kinds/webhook/dispatcher.hpp"

#include <algorithm>
#include <chrono>

#include "base/log.hpp"
#include "base/thread_name.hpp"
#include "store/async.hpp"

namespace son1k::kinds {
namespace {

constexpr auto look_every = std::chrono::milliseconds(500);
constexpr auto pause_max = std::chrono::milliseconds(10'000);

}  // namespace

webhook_dispatcher::webhook_dispatcher(store::database& db, queue::job_intake& jobs,
                                       webhook_settings how)
    : db_(db), jobs_(jobs), how_(std::move(how)) {}

webhook_dispatcher::~webhook_dispatcher() {
  stop();
}

void webhook_dispatcher::start() {
  const std::scoped_lock hold(lock_);
  if (stopping_ || thread_.joinable()) return;
  thread_ = std::thread([this] { work(); });
}

void webhook_dispatcher::stop() {
  std::thread ended;
  {
    const std::scoped_lock hold(lock_);
    stopping_ = true;
    ended.swap(thread_);
  }
  woken_.notify_all();
  if (ended.joinable()) ended.join();
}

void webhook_dispatcher::work() {
  name_thread("webhooks");
  auto pause = look_every;
  bool complained = false;
  std::unique_lock hold(lock_);
  while (!stopping_) {
    hold.unlock();
    const auto added = pass();
    if (!added && !complained) log::warn("webhooks.not_queued", {{"error", added.error().what()}});
    complained = !added;
    hold.lock();
    if (added && *added == static_cast<std::size_t>(slice_max)) continue;
    pause = added ? look_every : std::min(pause * 2, pause_max);
    woken_.wait_for(hold, pause, [this] { return stopping_; });
  }
}

result<std::size_t> webhook_dispatcher::pass() {
  auto due = store::read_and_wait(
      db_, [](store::connection& db) { return webhooks::due_deliveries(db, slice_max); });
  if (!due) return due.error();
  std::size_t added = 0;
  for (const auto& one : *due) {
    auto mine = add(one);
    if (!mine) return mine.error();
    if (*mine) ++added;
  }
  return added;
}

// False: another process was first.
result<bool> webhook_dispatcher::add(const webhooks::due_delivery& what) {
  // Nothing is acknowledged to anybody: a power cut takes job and mark together.
  store::transaction tx(store::durability::process);
  webhooks::stage_queued(tx, what.id);
  auto spec = delivery_job(what, how_);
  spec.id_is_new = true;
  auto staged = jobs_.stage(tx, std::move(spec));
  if (!staged) return staged.error();
  auto done = store::commit_and_wait(db_, std::move(tx));
  if (done) return true;
  if (done.error().code == errc::conflict) return false;
  return done.error();
}

}  // namespace son1k::kinds
