// What a job does. A kind is registered once with the worker; run() is called for each start.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "queue/intake.hpp"
#include "store/database.hpp"

namespace son1k::queue {

// Why a run was asked to stop.
enum class stop_reason { none, cancelled, timed_out, lease_lost, shutting_down };

// A run's window on the world; lives as long as the run. Thread-safe: kinds may report from the
// compute pool.
class job_context {
 public:
  virtual ~job_context() = default;
  virtual const claimed_job& job() const = 0;
  virtual int attempt() const = 0;  // 1 for the first
  virtual std::stop_token stop() const = 0;
  virtual stop_reason why_stopped() const = 0;
  virtual void progress(int percent, std::string_view message) = 0;
  virtual void log(std::string_view line) = 0;
  // Durable when the coroutine resumes; the next start gets it as job().checkpoint.
  virtual boost::asio::awaitable<result<void>> checkpoint(std::string json) = 0;
  // Runs `work` on the compute pool and resumes here; bounded by the pool's size.
  virtual boost::asio::awaitable<void> offload(std::function<void()> work) = 0;
  // Waits, or returns at once when asked to stop.
  virtual boost::asio::awaitable<void> sleep(std::int64_t ms) = 0;
  // Commits domain writes under this run's fence: lease_lost if a newer start exists.
  virtual boost::asio::awaitable<result<void>> commit(store::transaction tx) = 0;
  // What the job's children have come to; empty without children.
  virtual boost::asio::awaitable<result<std::vector<child_view>>> children() = 0;
  // Adds jobs that this one waits for when its run ends with outcome::wait_for_children().
  virtual boost::asio::awaitable<result<std::vector<added_job>>> add_children(
      std::vector<job_spec> specs) = 0;
};

// A job that a row of the domain waits for, as it was added, and its newest start that the row
// knows of.
struct owed_job {
  job_spec spec;
  std::int64_t fence = 0;
};

class job_kind {
 public:
  virtual ~job_kind() = default;
  virtual std::string_view name() const = 0;
  virtual boost::asio::awaitable<outcome> run(job_context& context) = 0;
  // Stages the domain's part of a terminal state (completed, failed for good, cancelled) into the
  // same commit as the job's. Called for every end, also one without a run, and with a state that
  // is not terminal when somebody starts an ended job again; argument and user are always told.
  // Idempotent.
  virtual void settle(const job_view& ended, store::transaction& tx) = 0;
  // True: a run changes nothing outside of the database. It may then begin while the job is written
  // and not yet synced: a power cut takes both, and nobody was told of either.
  virtual bool stays_inside() const { return false; }
  // False: this kind has no domain part, settle() need not be called.
  virtual bool settles() const { return true; }

  // For kinds whose rows say what is still to be done, so that a queue that has lost jobs can be
  // rebuilt from them: the rows that wait for their jobs, by id, beyond `after`, at most `most`.
  virtual result<std::vector<owed_job>> owed(store::connection&, const std::string& /*after*/,
                                             std::int64_t /*most*/) {
    return std::vector<owed_job>{};
  }
  // In a unit of work that gives jobs of owed() new fences: writes them into the rows that still
  // wait, so that earlier runs can write no more; the ids of these rows.
  virtual result<std::vector<std::string>> take_over(store::connection&,
                                                     std::span<const owed_job> /*jobs*/) {
    return std::vector<std::string>{};
  }
};

}  // namespace son1k::queue
