// The `queue` port over plain maps under one lock: the simplest thing that keeps the contract. It
// is the model that other backends are compared with, and what tests of the worker run on. What it
// holds lives in a place that may be shared: a new queue over a place goes on where one that died
// has left it. All changes commit through the given database. Thread-safe.
#pragma once
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "queue/lone_turns.hpp"
#include "queue/policy.hpp"
#include "queue/queue.hpp"
#include "support/queue/memory_fault.hpp"
#include "support/queue/memory_place.hpp"

namespace son1k::test {

// A job on its way in with its children, these first.
struct memory_tree {
  struct node {
    queue::job_spec spec;  // without children
    std::optional<queue::job_ref> parent;
    std::vector<std::pair<queue::job_ref, queue::child_failure>> children;
    std::uint64_t order = 0;
  };
  std::vector<node> nodes;
};

class memory_queue final : public queue::queue_port {
 public:
  memory_queue(store::database& db, const clock_port& clock,
               std::shared_ptr<memory_place> place = std::make_shared<memory_place>(),
               memory_fault fault = memory_fault::none);

  // Intake.
  result<queue::added_job> stage(store::transaction& tx, queue::job_spec spec) override;
  boost::asio::awaitable<result<std::vector<queue::added_job>>> add(
      std::vector<queue::job_spec> specs) override;
  result<void> stage_cancel(store::transaction& tx, const std::string& queue, const std::string& id,
                            const queue::settle_function& settle) override;

  // Runs.
  boost::asio::awaitable<result<std::vector<queue::claimed_job>>> claim(
      queue::claim_request request) override;
  void end_waits(const std::string& worker) override;
  std::vector<std::string> renew(std::span<const queue::lease> held,
                                 std::int64_t lease_ms) override;
  boost::asio::awaitable<std::vector<result<queue::finish_reply>>> finish(
      std::vector<queue::finish_request> requests) override;
  bool distant() const override { return distant_; }
  boost::asio::awaitable<queue::finish_and_claim_reply> finish_and_claim(
      std::vector<queue::finish_request> requests, queue::claim_request next) override;
  void stage_fence_check(store::transaction& tx, const queue::lease& held) override;
  result<void> progress(const queue::lease& held, queue::progress_value value) override;
  result<void> log(const queue::lease& held, std::string line) override;
  boost::asio::awaitable<result<void>> checkpoint(queue::lease held, std::string json) override;
  std::vector<std::string> cancel_requests(std::span<const queue::lease> held) override;
  boost::asio::awaitable<result<std::size_t>> recover_stalled(std::string queue) override;
  queue::worker_order beat(const queue::worker_facts& facts) override;
  void leave(const std::string& worker) override;

  // Control.
  boost::asio::awaitable<result<std::vector<result<void>>>> edit(std::string queue,
                                                                 std::vector<std::string> ids,
                                                                 queue::job_edit how) override;
  boost::asio::awaitable<result<std::size_t>> clean(queue::clean_request request) override;
  boost::asio::awaitable<result<void>> obliterate(std::string queue, bool force,
                                                  queue::settle_function settle) override;
  boost::asio::awaitable<result<void>> pause(std::string queue, bool paused) override;
  boost::asio::awaitable<result<void>> set_limits(std::string queue,
                                                  queue::queue_limits limits) override;
  boost::asio::awaitable<result<void>> set_group_limits(
      std::string queue, std::string group, std::optional<queue::group_limits> limits) override;
  result<void> order(const std::string& worker, queue::worker_order what) override;

  // Reader.
  boost::asio::awaitable<result<queue::job_view>> get(std::string queue, std::string id) override;
  boost::asio::awaitable<result<queue::job_glance>> glance(std::string queue,
                                                           std::string id) override;
  boost::asio::awaitable<result<queue::jobs_page>> list(queue::list_request request) override;
  boost::asio::awaitable<result<std::vector<queue::child_view>>> children(std::string queue,
                                                                          std::string id) override;
  result<std::vector<std::string>> queues() override;
  result<queue::queue_counts> counts(const std::string& queue) override;
  result<queue::queue_limits> limits(const std::string& queue) override;
  std::vector<queue::worker_facts> workers() override;
  queue::events_page events(std::uint64_t since, std::size_t limit) override;
  std::shared_ptr<void> subscribe(std::function<void(const queue::job_event&)> listener) override;
  std::shared_ptr<void> record_runs(
      std::function<void(std::span<const queue::run_record>)> listener) override;
  void stop() override;

  // For tests: waits until `holds` is true of what happened so far, for at most a minute.
  struct tally {
    int claims = 0, renewals = 0, finishes = 0, waits_ended = 0;
    int claims_with_ends = 0;
    std::size_t finish_batch_max = 0;
    std::map<queue::event_type, int> events;
  };
  bool wait_for(const std::function<bool(const tally&)>& holds);
  tally seen();
  // For tests: another worker starts the job, as if this one's lease had run out.
  void take_over(const std::string& queue, const std::string& id);
  void fail_finishes(int times);
  // Before a worker has it.
  void set_distant() { distant_ = true; }

 private:
  using job = memory_job;
  using lane = memory_lane;
  struct waiter {
    std::string worker;
    std::string queue;
    boost::asio::any_io_executor executor;
    std::shared_ptr<boost::asio::steady_timer> timer;
    bool ended = false;
    std::atomic<bool> left{false};  // the line: it has its jobs, or waits no longer
  };
  using waiter_ptr = std::shared_ptr<waiter>;
  struct registered {
    queue::worker_facts facts;
    queue::worker_order order;
    std::int64_t seen = 0;  // steady ms
  };
  struct batch {  // jobs on their way in
    std::vector<memory_tree> trees;
    std::vector<queue::added_job> replies;
  };
  struct ending {  // a run on its way out
    std::size_t request = 0;
    queue::transition to;
    queue::job_view after;
  };

  // Holds the lock; what was told meanwhile is handed to the listeners once it is let go.
  class session {
   public:
    explicit session(memory_queue& q) : q_(q), lock_(q.mutex_) {}
    ~session() {
      lock_.unlock();
      q_.deliver();
    }
    session(const session&) = delete;

   private:
    memory_queue& q_;
    std::unique_lock<std::mutex> lock_;
  };

  // All below with the lock held.
  job* find(const std::string& queue, const std::string& id);
  job* held_by(const queue::lease& held);
  lane& lane_of(const job& j) { return place_->lanes[j.view.queue]; }
  void process_died();
  void book_starts();

  void prepare(batch& into, queue::job_spec spec);
  bool known_already(const memory_tree& tree, queue::added_job& reply, bool for_good);
  std::optional<std::string> owner_of(const queue::job_spec& spec);
  void refused_by_owner(const queue::job_spec& spec, const std::string& owner);
  void admit(batch& in, std::size_t n);
  void insert(const memory_tree::node& node);
  void adopt(const memory_tree::node& node);
  using job_set = std::set<std::pair<std::string, std::string>>;  // by queue and id
  // What a cancel means now for a job and its children.
  void part_cancelled(const job& j, job_set& active, std::vector<queue::job_view>& removed);
  void cancel(const std::string& queue, const std::string& id, const job_set& ran);

  void make_ready(job& j, bool old_place);
  void make_delayed(job& j, std::int64_t run_at_ms);
  void take_out(job& j);  // of the ready or the delayed
  void promote(lane& in);
  void remove(job& j, const queue::job_error& why);
  void trim(lane& in, queue::job_state state, const queue::retention& keep);

  bool claimable(const std::string& queue);
  bool older_waits(const waiter& than);
  std::vector<queue::claimed_job> take(const queue::claim_request& request);
  job* pick(lane& in);
  job* pick_by_turn(lane& in);
  bool group_blocked(lane& in, const std::string& name, const std::string& group);
  void take_rates(const std::string& queue);  // of the limits that have just changed
  queue::rate_limiter* limiter(const std::string& queue, const std::string& group);
  void count_start(const job& j, std::int64_t steady);
  std::size_t active_in(const lane& in, const std::string* group) const;
  std::size_t active_in_all() const;
  bool suspect_runs() const;
  bool suspects_attended() const;
  queue::claimed_job start(job& j, const queue::claim_request& request);

  result<ending> decide(const queue::finish_request& request, std::size_t n);
  queue::finish_reply apply(const queue::finish_request& request, const ending& how);
  void run_ended(job& j, const ending& how);
  void goes_on(job& j, const queue::finish_request& request, const ending& how);
  void tell_parent(const job& child, bool removed);
  void child_ended(memory_child& entry, job& parent, const job& child, bool removed);
  void look_at_children(job& parent);
  static std::int32_t children_left(const job& j);
  void release_owner(const job& j);
  queue::run_record record_of(const job& j, const queue::run_cost& cost) const;

  result<void> edit_one(job& j, const queue::job_edit& how);
  void apply_edit(job& j, const queue::job_edit& how);

  queue::job_view view_of(const job& j) const;
  void tell(queue::event_type type, const job& j, std::string detail = {});
  void tell(queue::event_type type, const std::string& queue, std::string detail = {});
  void wake(const std::string& queue);
  bool broken(memory_fault f) const { return fault_ == f; }
  // Without it.
  void deliver();
  boost::asio::awaitable<bool> finish_part(
      std::shared_ptr<std::vector<queue::finish_request>> requests, std::vector<std::size_t> which,
      std::vector<result<queue::finish_reply>>& replies);
  result<std::shared_ptr<batch>> prepare_all(std::vector<queue::job_spec> specs);
  void stage_batch(store::transaction& tx, const std::shared_ptr<batch>& in);

  store::database& db_;
  const clock_port& clock_;
  const std::shared_ptr<memory_place> place_;
  const memory_fault fault_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<waiter_ptr> waiters_;
  // Of claims that have begun to wait, in the order in which they did; also while they take jobs.
  std::vector<std::weak_ptr<waiter>> line_;
  std::map<std::pair<std::string, std::string>, queue::rate_limiter> rates_;
  std::map<std::string, registered> workers_;
  queue::lone_turns lone_turns_;
  std::deque<queue::job_event> events_;
  std::uint64_t first_event_ = 1;
  // What is still to be handed out, and to whom.
  std::deque<queue::job_event> undelivered_;
  std::vector<queue::run_record> records_;
  std::map<int, std::function<void(const queue::job_event&)>> listeners_;
  std::map<int, std::function<void(std::span<const queue::run_record>)>> recorders_;
  std::recursive_mutex delivery_;
  int next_listener_ = 0;
  tally tally_;
  int finishes_to_fail_ = 0;
  bool stopped_ = false;
  bool distant_ = false;
};

}  // namespace son1k::test
