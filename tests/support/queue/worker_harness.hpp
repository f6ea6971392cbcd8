// What tests of the worker share: a kind made of a closure, a gate that runs wait at, a clock that
// the test moves, and a worker over the memory queue.
#pragma once
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>

#include "queue/worker.hpp"
#include "store/async.hpp"
#include "support/queue/memory_database.hpp"
#include "support/queue/memory_queue.hpp"

namespace son1k::test {

// A value that tests wait on; a minute at most.
template <class T>
class watched {
 public:
  template <class Change>
  void change(Change how) {
    {
      const std::lock_guard lock(mutex_);
      how(value_);
    }
    changed_.notify_all();
  }
  template <class Holds>
  bool wait(Holds holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return holds(value_); });
  }
  T get() {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  T value_{};
};

// Coroutines wait in pass() until somebody opens it. Thread-safe.
class gate {
 public:
  boost::asio::awaitable<void> pass() {
    auto executor = co_await boost::asio::this_coro::executor;
    auto timer = std::make_shared<boost::asio::steady_timer>(
        executor, boost::asio::steady_timer::time_point::max());
    {
      const std::lock_guard lock(mutex_);
      if (open_) co_return;
      waiting_.push_back(
          [executor, timer] { boost::asio::post(executor, [timer] { timer->cancel(); }); });
    }
    boost::system::error_code ignored;
    co_await timer->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    for (const auto& wake : waiting_) wake();
    waiting_.clear();
  }

 private:
  std::mutex mutex_;
  bool open_ = false;
  std::vector<std::function<void()>> waiting_;
};

// Moves when the test says so, and knows how often it was asked.
class asked_clock final : public clock_port {
 public:
  std::int64_t now_ms() const override { return now_; }
  std::int64_t steady_ms() const override {
    reads_.change([](int& n) { ++n; });
    return now_;
  }
  void advance(std::int64_t ms) { now_ += ms; }
  // Waits until somebody has asked for the steady time so many times more.
  bool wait_reads(int more) {
    const int before = reads_.get();
    return reads_.wait([&](int n) { return n >= before + more; });
  }

 private:
  std::atomic<std::int64_t> now_{1'000'000};
  mutable watched<int> reads_;
};

class closure_kind final : public queue::job_kind {
 public:
  using body = std::function<boost::asio::awaitable<queue::outcome>(queue::job_context&)>;
  closure_kind(std::string name, body run) : name_(std::move(name)), body_(std::move(run)) {}

  std::string_view name() const override { return name_; }
  boost::asio::awaitable<queue::outcome> run(queue::job_context& context) override {
    return body_(context);
  }
  void settle(const queue::job_view& ended, store::transaction&) override {
    settled.change([&](auto& all) { all.push_back(ended); });
  }

  watched<std::vector<queue::job_view>> settled;

 private:
  std::string name_;
  body body_;
};

class worker_bench {
 public:
  explicit worker_bench(const clock_port& clock = system_clock())
      : queue(db, clock), clock_(clock) {
    settings.name = "tester";
    settings.queues = {"q"};
    settings.limiter.reset();
    settings.cancel_poll_ms = 2;
    settings.compute_threads = 1;
  }
  ~worker_bench() {
    worker.reset();
    queue.stop();
  }

  std::shared_ptr<closure_kind> kind(const std::string& name, closure_kind::body run) {
    kinds.push_back(std::make_shared<closure_kind>(name, std::move(run)));
    return std::static_pointer_cast<closure_kind>(kinds.back());
  }
  void start() {
    worker = std::make_unique<queue::worker>(queue, db, kinds, settings, clock_);
    if (auto ok = worker->start(); !ok) throw std::runtime_error(ok.error().what());
  }
  std::string add(const std::string& kind, queue::job_options options = {},
                  const std::string& data = "{}") {
    queue::job_spec spec;
    spec.queue = "q";
    spec.kind = kind;
    spec.data = data;
    spec.options = options;
    store::transaction tx;
    const std::string id = queue.stage(tx, spec).value().id;
    store::commit_and_wait(db, std::move(tx)).value();
    return id;
  }
  void cancel(const std::string& id) {
    store::transaction tx;
    queue.stage_cancel(tx, "q", id, nullptr).value();
    store::commit_and_wait(db, std::move(tx)).value();
  }
  queue::job_view view(const std::string& id) {
    boost::asio::io_context loop;
    std::optional<result<queue::job_view>> got;
    auto read = [](memory_queue& from, std::string job,
                   std::optional<result<queue::job_view>>& to) -> boost::asio::awaitable<void> {
      std::string name = "q";
      to = co_await from.get(std::move(name), std::move(job));
    };
    boost::asio::co_spawn(loop, read(queue, id, got), [](std::exception_ptr) {});
    loop.run();
    return got->value();
  }
  bool wait_event(queue::event_type type, int count = 1) {
    return queue.wait_for([&](const memory_queue::tally& t) {
      const auto found = t.events.find(type);
      return found != t.events.end() && found->second >= count;
    });
  }

  memory_database db;
  memory_queue queue;
  std::vector<std::shared_ptr<queue::job_kind>> kinds;
  queue::worker_settings settings;
  std::unique_ptr<queue::worker> worker;

 private:
  const clock_port& clock_;
};

inline boost::asio::awaitable<queue::outcome> complete() {
  co_return queue::outcome::complete("{}");
}

inline queue::job_options quick_retries(int attempts) {
  queue::job_options options;
  options.attempts = attempts;
  options.backoff = {queue::backoff_kind::fixed, 1, 0.0};
  return options;
}

}  // namespace son1k::test
