// The heart of the embedded queue: one lock, the schedule behind it, and the durable table that
// follows. Shared by the face of the queue and by every staged step and hook that is still under
// way, hence always in a shared_ptr.
//
// The order of things: a change is staged and committed first; its hook, on the writer's thread,
// then moves the job in memory, so memory never knows more than the file. Between the two the entry
// is marked with commit_in_flight, which keeps other movers off.
//
// Threads: every method from any thread. The lock is held for short slices; listeners, domain code
// (settle) and the database are called without it.
#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "queue/embedded/embedded_queue.hpp"
#include "queue/embedded/event_ring.hpp"
#include "queue/embedded/job_table.hpp"
#include "queue/embedded/schedule.hpp"
#include "queue/options_codec.hpp"

namespace son1k::queue::embedded {

class core;

struct staged_job {
  job_spec spec;
  std::string options_text;
  std::shared_ptr<const job_options> options;
  std::int64_t seq = 0;
  std::int64_t added_at_ms = 0;
  std::int64_t run_at_ms = 0;
  std::int64_t due = 0;
  std::uint16_t room = 0;
  std::uint16_t kind = 0;
  job_state state = job_state::waiting;
  bool named = false;  // the id is the caller's own
};

// Jobs on their way into the table; lives in the steps and hooks of its transaction.
struct staged_batch {
  explicit staged_batch(std::shared_ptr<core> c) : owner(std::move(c)) {}
  ~staged_batch();  // a transaction that was dropped: its ids are free again
  std::shared_ptr<core> owner;
  std::vector<staged_job> jobs;    // without the duplicates known at staging
  std::vector<std::size_t> where;  // the reply of each of them
  std::vector<added_job> replies;
  bool settled = false;
};

// A claim that waits for jobs, or for the record of its starts.
struct claim_ticket {
  claim_request request;
  std::function<void()> resume;  // from any thread, once
  std::vector<lease> taken;
  start_list starts;  // the same as they go on record
  result<void> verdict;
  std::int64_t deadline = 0;  // steady ms, for one that waits
  std::uint32_t board_slot = 0;
};

struct finishing {
  std::size_t request = 0;
  entry_index entry = no_entry;
  transition to;
  row_change change;
};

// Runs that end in one commit.
struct finish_batch {
  std::shared_ptr<std::vector<finish_request>> requests;
  std::vector<std::size_t> part;     // which of the requests
  std::vector<finishing> jobs;       // those of them that may end
  std::vector<std::int64_t> erased;  // rows to trim in the same commit
  std::vector<std::pair<std::size_t, error>> refused;
};

class core : public std::enable_shared_from_this<core> {
 public:
  core(store::database& db, embedded_settings settings, const clock_port& clock);
  ~core();
  // Reads the file and starts the background thread. Once.
  void start();
  void stop();

  result<std::shared_ptr<staged_batch>> prepare(std::vector<job_spec> specs);
  void stage(store::transaction& tx, const std::shared_ptr<staged_batch>& batch);

  // Serves the ticket, now or later: its `resume` is called when it is decided.
  void claim(const std::shared_ptr<claim_ticket>& ticket);
  // What a decided ticket got, from memory; `unread` are those whose row must be read (argument,
  // checkpoint, trace).
  struct claimed {
    std::vector<claimed_job> jobs;
    std::vector<std::pair<std::size_t, std::int64_t>> unread;  // place in jobs, seq
  };
  claimed collect(const claim_ticket& ticket);
  // Keeps arguments that had to be read at hand while the jobs run (settle needs them).
  void keep_arguments(const claimed& got);
  // Gives jobs back that could not be handed out.
  void hand_back(const claim_ticket& ticket);
  void end_waits(const std::string& worker);
  void stage_fence_check(store::transaction& tx, const lease& held);
  std::vector<std::string> renew(std::span<const lease> held, std::int64_t lease_ms);
  std::vector<std::string> cancel_requests(std::span<const lease> held);

  // Checks the leases and decides where each run of `batch.part` leads.
  void decide(finish_batch& batch);
  void stage(store::transaction& tx, const std::shared_ptr<finish_batch>& batch);
  job_view view_of(const finish_batch& batch, const finishing& f);
  // The batch was committed, or was not and the jobs run on. Once for each decided batch.
  void finished(finish_batch& batch, bool committed);

  result<void> progress(const lease& held, progress_value value);
  result<void> log(const lease& held, std::string line);
  result<void> stage_checkpoint(store::transaction& tx, const lease& held, std::string json);
  result<void> stage_cancel(store::transaction& tx, const std::string& queue,
                            const std::string& id);

  // Stages the recovery of at most `sweep_slice` expired leases of a queue; how many.
  std::size_t stage_recovery(store::transaction& tx, const std::string& queue);
  // Lets the background thread look at the clock now.
  void look_now();

  // The row a reader wants, or not_found; then what memory knows better than the row.
  result<std::int64_t> row_of(const std::string& queue, const std::string& id);
  void overlay(job_view& view);
  result<job_glance> glance(const std::string& queue, const std::string& id);
  result<queue_counts> counts(const std::string& queue);
  result<void> stage_pause(store::transaction& tx, const std::string& queue, bool paused);

  result<void> stage_limits(store::transaction& tx, const std::string& queue,
                            const queue_limits& limits);
  result<void> stage_group_limits(store::transaction& tx, const std::string& queue,
                                  const std::string& group,
                                  const std::optional<group_limits>& limits);
  result<queue_limits> limits(const std::string& queue);

  event_ring& events() { return events_; }
  store::database& db() { return db_; }
  const result<void>& usable() const { return usable_; }

  static constexpr std::size_t sweep_slice = 1'000;

 private:
  friend struct staged_batch;
  using guard = std::unique_lock<std::mutex>;
  using tickets = std::vector<std::shared_ptr<claim_ticket>>;

  void load();
  void take_row(const stored_row& row, std::unordered_map<std::int64_t, entry_index>& by_seq,
                std::vector<std::int64_t>& drop);
  void take_starts(std::span<const std::pair<std::int64_t, std::int64_t>> starts,
                   const std::unordered_map<std::int64_t, entry_index>& by_seq,
                   store::transaction& tx);
  void order_ended();
  result<void> load_limits(store::connection& c);
  void limits_changed(std::uint16_t room_number,
                      const std::function<void(room&, std::int64_t)>& apply);

  result<void> prepare_one(staged_batch& batch, job_spec&& spec, bool named, std::int64_t now,
                           std::int64_t steady);
  void release_pending(staged_batch& batch);
  void added(staged_batch& batch, bool committed);
  void admit(staged_batch& batch, std::size_t n);

  bool take(room& r, claim_ticket& ticket);
  void start_run(entry_index i, claim_ticket& ticket, std::int64_t now, std::int64_t steady);
  void undo_start(const lease& l);
  // Hands ready jobs to the claims that wait for them; call it after whatever lets jobs start.
  void serve(room& r, tickets& ready);
  void serve_one(room& r, tickets& ready);
  // Commits the starts of the tickets; call it without the lock.
  void record_starts(tickets ready);
  void started(const tickets& ready, const result<void>& verdict);
  std::uint32_t take_board_slot(std::size_t jobs);
  void release_board_slot(std::uint32_t slot);

  void change_of(finishing& f, finish_request& request, std::int64_t now);
  void leave_run(const finish_batch& batch, const finishing& f, std::int64_t now);
  void trim(room& r, job_state state, const retention& keep, std::int64_t now, std::size_t most);
  std::vector<std::int64_t> take_trimmed(std::size_t most);
  void commit_trimmed();

  void paused(std::uint16_t room_number, bool on);
  void cancelled(std::uint16_t room_number, std::string_view id, std::int64_t seq);
  // The running entry of a lease, or lease_lost.
  result<entry_index> held_entry(const lease& held);
  std::size_t promote_due(room& r, std::int64_t now, std::int64_t steady, std::size_t most);
  void recovered(const std::vector<lease>& stalled, bool committed);
  void cache(job_entry& e, std::string_view data, std::string_view user);
  void uncache(job_entry& e);
  void drop(entry_index i);
  void emit(event_type type, const job_entry& e, std::int64_t now, std::string_view detail = {},
            std::int32_t percent = 0);

  void upkeep_once();
  void run_upkeep();
  std::int64_t next_due(std::int64_t steady);
  void upkeep_slice(guard& lock, tickets& ready, tickets& late);
  void sweep_all();

  store::database& db_;
  const embedded_settings settings_;
  const clock_port& clock_;
  event_ring events_;
  result<void> usable_;

  std::mutex mutex_;
  schedule schedule_;
  name_table kinds_;
  shared_options options_;
  std::int64_t next_seq_ = 1;
  std::size_t cached_bytes_ = 0;
  std::size_t tickets_waiting_ = 0;
  std::vector<std::int64_t> trimmed_;  // rows that memory has forgotten and the table has not
  // Rows of job_start: how many of a row's jobs still run, and which rows may be written over.
  std::vector<std::uint32_t> board_;
  std::vector<std::uint32_t> board_free_;
  std::minstd_rand random_{std::random_device{}()};

  std::condition_variable wake_;
  bool stopping_ = false;
  bool look_ = false;
  std::int64_t planned_ = 0;  // steady ms at which the background thread looks next
  std::int64_t swept_ = 0;    // upkeep only: when leases and ages were last looked at
  std::thread upkeep_;
};

}  // namespace son1k::queue::embedded
