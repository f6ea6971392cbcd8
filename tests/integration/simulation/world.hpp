// The simulated world: one disk, one queue on it that dies and comes back, workers that are plain
// records, a clock that moves when it is told to, and the truth: what every job may and must do.
// Everything that happens is drawn from one seed; the same seed gives the same history. One thread.
#pragma once
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "integration/simulation/simulated_database.hpp"
#include "queue/embedded/embedded_queue.hpp"
#include "support/manual_clock.hpp"

namespace son1k::simulation {

inline constexpr std::array queue_names{"songs", "covers"};
// One of them has limits and groups, the other plain order.
inline constexpr const char* limited_queue = "covers";
inline constexpr std::int64_t queue_runs_max = 4;
inline constexpr std::int64_t group_runs_max = 2;

// What is known of a job from outside: from the calls and their answers.
struct truth {
  std::string queue, id;
  queue::job_options options;
  bool acknowledged = false;  // its add was
  int adds = 0;               // under way
  bool cancel_asked = false;
  bool cancelled = false;     // a cancel was acknowledged
  bool ended = false;         // an end was acknowledged, or found on the disk
  bool touched = false;       // claimed, or asked to cancel: its place is no longer known
  std::int64_t order = 0;     // of the acknowledgement of its add
  bool due_known = true;      // false: a retry was under way when something happened to the clock
  std::int64_t due = 0;       // steady ms; not to be claimed before, unless …
  std::int64_t due_wall = 0;  // … the process is a later one, which goes by this
  std::int64_t fence = 0;     // the newest start
};

struct held_job {
  queue::lease held;
  truth* job = nullptr;
  std::int64_t safe_until = 0;  // steady ms; at least so long the lease is valid
  bool ending = false;          // its finish is under way
  bool suspect = false;         // runs alone
  int jumps = 0;                // of the wall clock, before that
  std::optional<queue::job_error> verdict;
};

struct sim_worker {
  std::string name;
  std::vector<held_job> jobs;
  bool renews = true;
  int claims = 0;  // under way
};

// What was so when a claim was made.
struct claim_facts {
  std::int64_t at = 0;      // steady ms
  bool paused = false;      // its queue was, by an acknowledged pause
  std::int64_t pauses = 0;  // and resumes acknowledged until then
  std::string first;        // the job that must come first of all, where that is known for sure
};

// Thrown where the queue broke a rule; what() says which.
struct broken_rule : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class world {
 public:
  explicit world(std::uint64_t seed);
  ~world();
  // Lives through `steps` random events, then lets all work end, and looks whether it all adds up.
  void live(int steps);

  std::uint64_t starts() const { return starts_; }
  std::uint64_t deaths() const { return static_cast<std::uint64_t>(life_); }
  std::uint64_t effects() const { return effects_; }

 private:
  using op = void (world::*)();
  std::int64_t draw(std::int64_t low, std::int64_t high);
  bool chance(int percent) { return draw(1, 100) <= percent; }
  void expect(bool holds, const std::string& rule, const truth* job = nullptr);

  void open();
  void close();
  void poll();
  void go(boost::asio::awaitable<void> work);  // what escapes it escapes poll()
  void die(bool power);
  void learn_from_disk();
  int effects_of(const std::string& id);

  void do_step();
  void commits_happen();
  void add_jobs();
  void claim_jobs();
  void finish_jobs();
  void report_on_jobs();
  void write_domain_rows();
  void renew_leases();
  void cancel_job();
  void pause_queue();
  void set_paused(const std::string& name, bool on);
  void look();
  void recover();
  void time_passes();
  void wall_clock_jumps();
  void worker_dies();
  void process_dies();
  void power_fails();
  void disk_fills();

  queue::job_spec new_job();
  sim_worker& any_worker();
  truth* any_job();
  void claimed(sim_worker& by, const queue::claim_request& asked, const claim_facts& facts,
               std::vector<queue::claimed_job> jobs);
  void check_claim(const queue::claimed_job& job, truth& t);
  void check_alone(const std::string& queue);
  void check_limits();
  std::string surely_first(const std::string& queue);
  int stalls_of(const truth& t);
  template <class Of>
  std::int64_t surely_running(Of of) const {
    std::int64_t n = 0;
    for (const auto& w : workers_)
      for (const auto& h : w.jobs)
        if (!h.ending && !h.verdict && h.safe_until > clock_.steady_ms() && of(h)) ++n;
    return n;
  }
  bool may_be_reordered(const std::string& queue) const;
  void learn_due(truth& t, const held_job& run, const queue::finish_reply& reply);
  void finished(sim_worker& by, const queue::finish_request& said,
                const result<queue::finish_reply>& got);
  queue::outcome draw_outcome(const held_job& job);

  void wind_down();
  void add_up();

  std::mt19937_64 random_;
  disk disk_;
  test::manual_clock clock_;
  const std::int64_t born_ = clock_.steady_ms();
  std::unique_ptr<boost::asio::io_context> loop_;
  std::unique_ptr<simulated_database> db_;
  std::function<void()> upkeep_;
  std::unique_ptr<queue::queue_port> queue_;
  std::map<std::string, truth> jobs_;
  std::vector<sim_worker> workers_;
  std::map<std::string, bool> paused_;  // acknowledged
  std::int64_t pauses_ = 0;
  int life_ = 0;
  int jumps_ = 0;
  std::int64_t next_id_ = 1;
  std::int64_t next_order_ = 1;
  std::uint64_t starts_ = 0;
  std::uint64_t effects_ = 0;
  bool disk_full_ = false;
  bool ending_ = false;
};

}  // namespace son1k::simulation
