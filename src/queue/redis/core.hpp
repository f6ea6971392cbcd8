// The queue on Redis as one object; redis_queue.hpp is its face. Parts: core_add (intake and
// cancels), core_stage, core_claim, core_wait, core_finish (runs), core_run (what runs say),
// core_control, core_read, telling (events and records). Thread-safe.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "queue/lone_turns.hpp"
#include "queue/redis/add_gate.hpp"
#include "queue/redis/bell.hpp"
#include "queue/redis/link.hpp"
#include "queue/redis/notebook.hpp"
#include "queue/redis/outbox.hpp"
#include "queue/redis/outlook.hpp"
#include "queue/redis/run_table.hpp"
#include "queue/redis/telling.hpp"

namespace son1k::queue::redis {

class staged_adds;

class core final : public queue_port {
 public:
  core(net::redis_client& client, store::database& db, redis_queue_settings settings,
       const clock_port& clock);
  ~core() override;

  result<added_job> stage(store::transaction& tx, job_spec spec) override;
  boost::asio::awaitable<result<std::vector<added_job>>> add(std::vector<job_spec> specs) override;
  result<void> stage_cancel(store::transaction& tx, const std::string& queue, const std::string& id,
                            const settle_function& settle) override;

  boost::asio::awaitable<result<std::vector<claimed_job>>> claim(claim_request request) override;
  void end_waits(const std::string& worker) override;
  bool distant() const override { return true; }
  std::vector<std::string> renew(std::span<const lease> held, std::int64_t lease_ms) override;
  boost::asio::awaitable<std::vector<result<finish_reply>>> finish(
      std::vector<finish_request> requests) override;
  boost::asio::awaitable<finish_and_claim_reply> finish_and_claim(
      std::vector<finish_request> requests, claim_request next) override;
  void stage_fence_check(store::transaction& tx, const lease& held) override;
  result<void> progress(const lease& held, progress_value value) override;
  result<void> log(const lease& held, std::string line) override;
  boost::asio::awaitable<result<void>> checkpoint(lease held, std::string json) override;
  std::vector<std::string> cancel_requests(std::span<const lease> held) override;
  boost::asio::awaitable<result<std::size_t>> recover_stalled(std::string queue) override;
  worker_order beat(const worker_facts& facts) override;
  void leave(const std::string& worker) override;

  boost::asio::awaitable<result<std::vector<result<void>>>> edit(std::string queue,
                                                                 std::vector<std::string> ids,
                                                                 job_edit how) override;
  boost::asio::awaitable<result<std::size_t>> clean(clean_request request) override;
  boost::asio::awaitable<result<void>> obliterate(std::string queue, bool force,
                                                  settle_function settle) override;
  boost::asio::awaitable<result<void>> pause(std::string queue, bool paused) override;
  boost::asio::awaitable<result<void>> set_limits(std::string queue, queue_limits limits) override;
  boost::asio::awaitable<result<void>> set_group_limits(
      std::string queue, std::string group, std::optional<group_limits> limits) override;
  result<void> order(const std::string& worker, worker_order what) override;

  boost::asio::awaitable<result<job_view>> get(std::string queue, std::string id) override;
  boost::asio::awaitable<result<job_glance>> glance(std::string queue, std::string id) override;
  boost::asio::awaitable<result<jobs_page>> list(list_request request) override;
  boost::asio::awaitable<result<std::vector<child_view>>> children(std::string queue,
                                                                   std::string id) override;
  result<std::vector<std::string>> queues() override;
  result<queue_counts> counts(const std::string& queue) override;
  result<queue_limits> limits(const std::string& queue) override;
  std::vector<worker_facts> workers() override;
  events_page events(std::uint64_t since, std::size_t limit) override;
  std::shared_ptr<void> subscribe(std::function<void(const job_event&)> listener) override;
  std::shared_ptr<void> record_runs(
      std::function<void(std::span<const run_record>)> listener) override;
  void stop() override;

 private:
  struct ending;
  using requests_ptr = std::shared_ptr<std::vector<finish_request>>;
  using endings = std::vector<ending>;

  // Intake.
  // `once`: the words are used once, so that nobody can know the ids that are made here.
  result<added_trees> tree_words(std::vector<job_spec>& specs, bool once);
  result<void> known(const std::string& queue);
  result<void> known_tree(const job_spec& spec);
  result<void> unstopped() const;
  result<added_job> foresee(const job_spec& root);
  std::int64_t usual_position(const std::string& queue, std::int64_t priority);
  result<added_job> stage_plain(store::transaction& tx, const job_spec& spec);
  std::shared_ptr<const std::string> lane_key(const std::string& queue);
  void push(staged_adds& some);
  void count_adds(const std::vector<job_spec>& specs);

  // Claims.
  struct may_start {
    bool ordinary = true;
    int suspects = 0;  // as the script claim takes it
    bool alone = false;
  };
  may_start ask_turn(const std::string& queue);
  void claim_ended(const std::string& queue, const may_start& was, bool suspect, std::int64_t left);
  boost::asio::awaitable<result<std::vector<claimed_job>>> take(claim_request request);
  boost::asio::awaitable<result<std::vector<claimed_job>>> take_once(claim_request request,
                                                                     bool& found_out);
  words claim_words(const claim_request& request, const may_start& may) const;
  boost::asio::awaitable<result<std::vector<claimed_job>>> take_claimed(claim_request request,
                                                                        may_start may,
                                                                        link::reply got);
  bool suspects_wait(const std::string& queue);
  boost::asio::awaitable<std::vector<claimed_job>> follow_up(std::vector<claimed_job> jobs);
  void give_back(const std::vector<claimed_job>& jobs);
  void meet(const std::string& queue);
  boost::asio::awaitable<result<std::vector<claimed_job>>> without_ended(
      std::vector<claimed_job> jobs);

  // Waiting for them.
  struct waiter;
  using waiter_ptr = std::shared_ptr<waiter>;
  enum class wait_step { look, answered, rest, leave };
  wait_step next_step(waiter& w, bool first);
  boost::asio::awaitable<result<std::vector<claimed_job>>> take_answer(waiter_ptr self);
  boost::asio::awaitable<bool> wait_turn(waiter_ptr self, std::int64_t left_ms);
  bool leave_line(const waiter_ptr& self, bool has_jobs);
  waiter_ptr first_waiter(const std::string& queue) const;
  bool wake(const std::string& queue, bool behind_add = false);  // whether somebody waited
  bool ring(const std::string& queue);                           // the bell's
  void wake_all();
  void end_waits_if(const std::function<bool(const claim_request&)>& concerned);

  // Ends.
  using asked_ptr = std::shared_ptr<std::set<std::size_t>>;
  struct rider {  // a claim that goes with ends
    may_start may;
    words args;
    bool taken = false;
    link::reply reply = net::redis_value();
  };
  using ride_ptr = std::shared_ptr<rider>;
  struct decided_end {
    lease held;
    std::size_t request = 0;
    bool cancelled = false;
    bool overtaken = false;
  };
  boost::asio::awaitable<result<endings>> decide(requests_ptr requests,
                                                 std::vector<std::size_t> which,
                                                 asked_ptr asked_before,
                                                 std::vector<result<finish_reply>>& replies);
  ending decide_one(const finish_request& request, std::size_t n, const run& r, bool cancelled);
  result<void> still_so(std::vector<decided_end>& ends);
  boost::asio::awaitable<result<std::vector<std::size_t>>> settle(requests_ptr requests,
                                                                  std::shared_ptr<endings> some);
  boost::asio::awaitable<bool> finish_part(requests_ptr requests, std::vector<std::size_t> which,
                                           asked_ptr asked, ride_ptr ride,
                                           std::vector<result<finish_reply>>& replies);
  std::vector<std::size_t> take_replies(const std::vector<finish_request>& requests, endings& all,
                                        const link::reply& got, bool rode,
                                        std::vector<result<finish_reply>>& replies);
  boost::asio::awaitable<std::vector<result<finish_reply>>> finish_riding(
      std::vector<finish_request> requests, ride_ptr ride);
  void ended(const finish_request& request, const ending& e, const net::redis_value& reply,
             std::vector<result<finish_reply>>& replies);

  boost::asio::awaitable<result<void>> remove_slice(std::string queue,
                                                    std::vector<std::string> ids_and_states,
                                                    bool loud, settle_function settle,
                                                    std::size_t& removed);
  result<std::size_t> recovered(const std::string& queue, const net::redis_value& reply);

  // Hooks of commits may come after the queue has gone: they find nobody inside then.
  struct door {
    std::mutex mutex;
    core* inside = nullptr;
  };
  static store::transaction::outcome_hook when_committed(std::shared_ptr<door> at,
                                                         std::function<void(core&)> work);

  void upkeep();
  void look_after();
  void notice_emptied();

  store::database& db_;
  const clock_port& clock_;
  const redis_queue_settings settings_;
  const std::shared_ptr<link> link_;
  const std::shared_ptr<notebook> notebook_;
  const std::shared_ptr<add_gate> gate_;
  const std::shared_ptr<outlook> outlook_ = std::make_shared<outlook>();
  const std::shared_ptr<outbox> outbox_;
  const std::shared_ptr<telling> telling_;
  run_table runs_;
  const std::shared_ptr<door> door_ = std::make_shared<door>();

  std::mutex mutex_;
  std::set<std::string> known_;    // queues that are registered
  std::string epoch_;              // of the Redis that they are registered in
  std::set<std::string> claimed_;  // queues that this process claims from
  std::set<std::string> met_;      // of these, those that Redis knows of
  std::map<std::string, std::shared_ptr<const std::string>> lane_keys_;  // of staged jobs
  std::map<std::string, std::deque<waiter_ptr>> waiters_;
  std::set<std::string> emptied_;   // by the last claim; nobody has called since
  std::set<std::string> doubtful_;  // somebody has called, but most likely for what was claimed
  lone_turns lone_turns_;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> suspects_;  // how many, seen when
  int claiming_ = 0;                                                       // claims under way
  bool alone_ = false;  // one of them may start a suspect
  std::mt19937_64 random_{std::random_device{}()};
  bool stopped_ = false;
  bell bell_;
  std::condition_variable stopping_;
  std::thread upkeep_;
};

result<void> check_names(const job_spec& spec);
words with_count(added_trees trees);
error no_parent();
error unknown_job();
error lost_lease();
error next_of_scheduler();

}  // namespace son1k::queue::redis
