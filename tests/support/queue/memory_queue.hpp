// The `queue` port over plain maps under one lock: the simplest thing that keeps the contract, for
// tests. Nothing survives the object. Terminal states and their settle() commit through the given
// database. Thread-safe.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "queue/policy.hpp"
#include "queue/queue.hpp"
#include "queue/unbuilt.hpp"

namespace son1k::test {

class memory_queue final : public queue::unbuilt {
 public:
  memory_queue(store::database& db, const clock_port& clock) : db_(db), clock_(clock) {}

  result<queue::added_job> stage(store::transaction& tx, queue::job_spec spec) override;
  boost::asio::awaitable<result<std::vector<queue::added_job>>> add(
      std::vector<queue::job_spec> specs) override;
  boost::asio::awaitable<result<std::vector<queue::claimed_job>>> claim(
      queue::claim_request request) override;
  void end_waits(const std::string& worker) override;
  std::vector<std::string> renew(std::span<const queue::lease> held,
                                 std::int64_t lease_ms) override;
  boost::asio::awaitable<std::vector<result<queue::finish_reply>>> finish(
      std::vector<queue::finish_request> requests) override;
  void stage_fence_check(store::transaction& tx, const queue::lease& held) override;
  result<void> progress(const queue::lease& held, queue::progress_value value) override;
  result<void> log(const queue::lease& held, std::string line) override;
  boost::asio::awaitable<result<void>> checkpoint(queue::lease held, std::string json) override;
  result<void> stage_cancel(store::transaction& tx, const std::string& queue,
                            const std::string& id) override;
  std::vector<std::string> cancel_requests(std::span<const queue::lease> held) override;
  boost::asio::awaitable<result<std::size_t>> recover_stalled(std::string queue) override;
  boost::asio::awaitable<result<queue::job_view>> get(std::string queue, std::string id) override;
  boost::asio::awaitable<result<queue::job_glance>> glance(std::string queue,
                                                           std::string id) override;
  result<queue::queue_counts> counts(const std::string& queue) override;
  boost::asio::awaitable<result<void>> pause(std::string queue, bool paused) override;
  queue::events_page events(std::uint64_t since, std::size_t limit) override;
  std::shared_ptr<void> subscribe(std::function<void(const queue::job_event&)> listener) override;
  void stop() override;

  // For tests: waits until `holds` is true of what happened so far, for at most ten seconds.
  struct tally {
    int claims = 0, renewals = 0, finishes = 0, waits_ended = 0;
    std::size_t finish_batch_max = 0;
    std::map<queue::event_type, int> events;
  };
  bool wait_for(const std::function<bool(const tally&)>& holds);
  tally seen();
  // For tests: another worker starts the job, as if this one's lease had run out.
  void take_over(const std::string& queue, const std::string& id);
  void fail_finishes(int times);

 private:
  struct record {
    queue::job_view view;
    std::string checkpoint;
    std::uint64_t order = 0;
    std::int64_t lease_until_ms = 0;
    bool cancel_requested = false;
  };
  struct lane {
    std::map<std::string, record> jobs;
    // Ready jobs by priority, then order of arrival.
    std::set<std::tuple<std::int32_t, std::uint64_t, std::string>> ready;
    std::multimap<std::int64_t, std::string> delayed;
    bool paused = false;
  };
  struct waiter {
    std::string worker;
    std::string queue;
    boost::asio::any_io_executor executor;
    std::shared_ptr<boost::asio::steady_timer> timer;
    bool ended = false;
  };
  using waiter_ptr = std::shared_ptr<waiter>;

  record* held_by(const queue::lease& held);
  void place(lane& to, record& job, std::int64_t run_at_ms);
  void unplace(lane& from, record& job);
  void promote(lane& in);
  void insert(queue::job_spec spec, std::uint64_t order);
  void cancel(const std::string& queue, const std::string& id);
  std::vector<queue::claimed_job> take(const queue::claim_request& request);
  std::optional<queue::job_view> ended_view(const queue::finish_request& request);
  result<queue::finish_reply> apply(const queue::finish_request& request);
  void trim(lane& in, queue::job_state state, const queue::retention& keep);
  void tell(queue::event_type type, const record& job, std::string detail = {});
  void wake(const std::string& queue);

  store::database& db_;
  const clock_port& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, lane> lanes_;
  std::set<std::pair<std::string, std::string>> staged_;
  std::vector<waiter_ptr> waiters_;
  std::vector<queue::job_event> events_;
  std::uint64_t next_order_ = 1;
  std::uint64_t next_event_ = 1;
  std::map<int, std::function<void(const queue::job_event&)>> listeners_;
  int next_listener_ = 0;
  tally tally_;
  int finishes_to_fail_ = 0;
  bool stopped_ = false;
};

}  // namespace son1k::test
