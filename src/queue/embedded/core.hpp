// The heart of the embedded queue: one lock, the schedule behind it, and the durable table that
// follows. Shared by the face of the queue and by every staged step and hook that is still under
// way, hence always in a shared_ptr.
//
// The order of things: a change is staged and committed first; its hook then moves the job in
// memory, so memory never knows more than the file. Between the two the entry is marked with
// commit_in_flight, which keeps other movers off. A step that asks memory where a job stands is
// staged with set_after_outcomes(): the hooks of earlier commits have run by then.
//
// Threads: every method from any thread. The lock is held for short slices; listeners, domain code
// (settle) and the database are called without it.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "queue/embedded/batches.hpp"
#include "queue/embedded/embedded_queue.hpp"
#include "queue/embedded/event_ring.hpp"
#include "queue/embedded/expiries.hpp"
#include "queue/embedded/flows.hpp"
#include "queue/embedded/job_table.hpp"
#include "queue/embedded/run_feed.hpp"
#include "queue/embedded/schedule.hpp"
#include "queue/options_codec.hpp"

namespace son1k::queue::embedded {

// A claim that waits for jobs, or for the record of its starts.
struct claim_ticket {
  claim_request request;
  std::function<void()> resume;  // from any thread, once
  std::vector<lease> taken;
  start_list starts;                                         // the same as they go on record
  std::vector<std::pair<std::int64_t, job_error>> verdicts;  // of those that must end without a run
  // Those of `taken` whose rows are read while their starts go on record: their arguments are not
  // at hand, or there is more to know (checkpoint, trace). `rows` are in the same order.
  struct unread_row {
    std::size_t place = 0;  // in taken
    std::int64_t seq = 0;
  };
  std::vector<unread_row> unread;
  result<std::vector<stored_argument>> rows;
  result<void> verdict;
  std::int64_t deadline = 0;  // steady ms, for one that waits
  std::uint32_t board_slot = 0;
  std::atomic<int> parts = 1;  // still under way: the record, and the reading if there is any

  void part_done() {
    if (--parts == 0) resume();
  }
};

// While the file is read: the newest start of each job that is on record, and its entry.
struct loaded_start {
  stored_start last;
  entry_index entry = no_entry;
};
using loaded_starts = std::map<std::int64_t, loaded_start>;  // by seq

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
  // What a decided ticket got. Arguments that had to be read stay at hand while the jobs run
  // (settle needs them).
  std::vector<claimed_job> collect(claim_ticket& ticket);
  // Gives jobs back that could not be handed out.
  void hand_back(const claim_ticket& ticket);
  void end_waits(const std::string& worker);
  void stage_fence_check(store::transaction& tx, const lease& held);
  std::vector<std::string> renew(std::span<const lease> held, std::int64_t lease_ms);
  std::vector<std::string> cancel_requests(std::span<const lease> held);

  // Checks the leases and decides where each run of `batch.part` leads.
  void decide(finish_batch& batch);
  void stage(store::transaction& tx, const std::shared_ptr<finish_batch>& batch);
  // Whether a cancel that came before this commit says otherwise about one of the runs.
  bool overtaken(const finish_batch& batch);
  job_view view_of(const finish_batch& batch, const finishing& f);
  // The batch was committed, or was not and the jobs run on. Once for each decided batch.
  void finished(finish_batch& batch, bool committed);

  result<void> progress(const lease& held, progress_value value);
  result<void> log(const lease& held, std::string line);
  result<void> stage_checkpoint(store::transaction& tx, const lease& held, std::string json);
  result<void> stage_cancel(store::transaction& tx, const std::string& queue, const std::string& id,
                            const settle_function& settle);

  // Chooses and marks the jobs of an edit; once staged, edited() follows by itself.
  std::shared_ptr<edit_batch> prepare_edit(const std::string& queue,
                                           const std::vector<std::string>& ids,
                                           const job_edit& how);
  // The next slice of what is to be removed; empty slices come too, until `walk.done`.
  std::shared_ptr<edit_batch> take_removable(removal_walk& walk);
  // Looks through a slice for the oldest that are to be removed; true: `walk` has them.
  bool choose_oldest(removal_walk& walk);
  void stage(store::transaction& tx, const std::shared_ptr<edit_batch>& batch);
  void edited(edit_batch& batch, bool committed);
  void tell_cleaned(const std::string& queue, std::size_t removed);
  // False: there is no such queue. conflict.
  result<bool> may_obliterate(const std::string& queue, bool force);
  void stage_obliteration(store::transaction& tx, const std::string& queue);

  result<listed_page> page_of(const std::string& queue, job_state state,
                              const std::optional<list_cursor>& after, std::size_t limit);
  // A slice of the search for a page of delayed jobs; true: that was all.
  bool walk_delayed(const std::string& queue, const std::optional<list_cursor>& after,
                    std::size_t limit, delayed_walk& walk);
  void overlay_children(std::vector<read_child>& children);
  result<std::vector<std::string>> queues();

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
  run_feed& feed() { return feed_; }
  std::int64_t now_ms() const { return clock_.now_ms(); }
  store::database& db() { return db_; }
  const result<void>& usable() const { return usable_; }

  static constexpr std::size_t sweep_slice = 1'000;
  static constexpr std::size_t removal_slice = 128;
  static constexpr std::size_t walk_slice = 8'192;  // entries looked at under one hold of the lock

 private:
  friend struct staged_batch;
  using guard = std::unique_lock<std::mutex>;
  using tickets = std::vector<std::shared_ptr<claim_ticket>>;

  void load();
  void take_row(const stored_row& row, loaded_starts& starts, std::vector<std::int64_t>& drop);
  void take_starts(const loaded_starts& starts, store::transaction& tx);
  void book_start(const stored_row& row, std::int64_t at_ms, entry_index i);
  void book_starts();
  void order_ended();
  result<void> load_limits(store::connection& c);
  void limits_changed(std::uint16_t room_number,
                      const std::function<void(room&, std::int64_t)>& apply);

  void place_moved(std::int64_t before_seq);
  void forget_loaded(entry_index i);
  void stage_event_floor(store::transaction& tx);
  void keep_event_floor();
  result<void> load_kin(store::connection& c);
  void link_kin(std::int64_t now);

  result<void> prepare_tree(staged_batch& batch, job_spec&& root, arrival&& known_as);
  result<std::optional<staged_tree>> open_tree(staged_batch& batch, job_spec& root,
                                               arrival& known_as);
  result<void> prepare_flow(staged_batch& batch, job_spec&& root, arrival&& known_as);
  result<void> prepare_one(staged_batch& batch, job_spec&& spec, arrival&& known_as);
  result<void> insert_tree(store::connection& c, staged_batch& batch, staged_tree& tree);
  bool may_start_unsynced(const staged_batch& batch) const;
  void release_pending(staged_batch& batch);
  void added(staged_batch& batch, bool committed);
  void admit(staged_batch& batch, staged_tree& tree);
  void admit_one(staged_batch& batch, staged_job& job);

  bool refused_by_owner(staged_batch& batch, staged_tree& tree, const arrival& known_as,
                        const job_spec& spec);
  static staged_touch touch_of(const staged_batch& batch, const staged_tree& tree,
                               std::uint16_t room, const job_spec& spec);
  result<void> refuse_tree(store::connection& c, staged_batch& batch, staged_tree& tree);
  result<void> touch_row(store::connection& c, staged_touch& touch);
  entry_index owner_entry(const staged_touch& touch);
  bool take_for(staged_touch& touch, entry_index i);
  void touched(staged_touch& touch, std::int64_t now);
  void let_go(staged_touch& touch);
  // What the end of a job frees, or (`leaves`) its removal.
  std::optional<freed_id> freed_by(const job_entry& e, bool leaves);
  struct loaded_owner {
    std::string queue, id, owner;
    std::int64_t seq = 0, until_ms = 0;
  };
  void load_owner(const loaded_owner& row);
  void purge_owners();

  result<entry_index> unended_parent(const job_ref& parent);
  void found_family(entry_index i, const staged_job& job, std::int64_t now);
  void adopt(const staged_tree& tree, const staged_job& root, entry_index i);
  // Whether nothing keeps a parent waiting for its children.
  bool may_go_on(entry_index i);
  void look_at_children(entry_index i, std::int64_t now);
  // What it means for those who wait for a job that it ends, or (`leaves`) is there no more.
  std::vector<child_end> ends_of(const job_entry& e, job_state to, std::string_view result,
                                 const job_error* why, bool leaves);
  std::vector<child_end> ends_of_run(const job_entry& e, const finishing& f,
                                     const finish_request& request);
  void child_ended(const child_end& end, std::int64_t now);
  void forget_family(job_entry& e);
  // Its next claim ends the job with this error.
  void condemn(entry_index i, const job_error& why, std::int64_t now);
  void serve_touched(tickets& ready);

  void watch_expiry(entry_index i);
  void expire_if_over(entry_index i, std::int64_t now);
  void unwatch_expiry(entry_index i);
  void expire(entry_index i, std::int64_t now);
  void expire_due(std::int64_t now, std::int64_t steady, std::size_t most);

  void mark_edited(edit_batch& batch, entry_index i);
  void apply_edit(const edit_batch& batch, const edit_batch::job& job);
  void remove_edited(const edit_batch& batch, const edit_batch::job& job);
  bool removable(removal_walk& walk, entry_index i, std::uint16_t room);
  void obliterated(const std::string& queue);
  void back_to_its_place(entry_index i);
  job_view brief_view(const job_entry& e);

  list_cursor cursor_of(entry_index i);
  entry_index first_in(room& r, job_state state);
  entry_index after_in(room& r, entry_index i);
  entry_index resume_list(room& r, job_state state, const list_cursor& after);

  void record_run(const finish_batch& batch, const finishing& f, std::int64_t now);
  run_record record_of(const job_entry& e, std::int64_t now);

  bool take(room& r, claim_ticket& ticket);
  void start_run(entry_index i, claim_ticket& ticket, std::int64_t now, std::int64_t steady);
  void undo_start(const lease& l);
  // Hands ready jobs to the claims that wait for them; call it after whatever lets jobs start.
  void serve(room& r, tickets& ready);
  void serve_one(room& r, tickets& ready);
  // Commits the starts of the tickets; call it without the lock.
  void record_starts(tickets ready);
  void read_rows(const std::shared_ptr<claim_ticket>& ticket);
  void started(const tickets& ready, const result<void>& verdict);
  std::uint32_t take_board_slot(std::size_t jobs);
  void release_board_slot(std::uint32_t slot);

  void change_of(finishing& f, finish_request& request, std::int64_t now);
  void leave_run(const finish_batch& batch, const finishing& f, std::int64_t now);
  void trim(room& r, job_state state, const retention& keep, std::int64_t now, std::size_t most);
  std::vector<std::int64_t> take_trimmed(std::size_t most);
  void take_trimmed_of(edit_batch& batch);
  void keep_trimmed(std::span<const std::int64_t> seqs);
  void commit_trimmed();

  void paused(std::uint16_t room_number, bool on);
  void gather_cancelled(entry_index first, cancel_batch& into);
  void cancelled(cancel_batch& batch, bool committed);
  void cancel_one(cancel_batch::job& job);
  void end_by_claim(entry_index i, std::int64_t now);
  std::optional<job_view> cancelled_view(cancel_batch::job& job);
  void wake_before(std::int64_t due);
  // The running entry of a lease, or lease_lost.
  result<entry_index> held_entry(const lease& held);
  static constexpr std::size_t promote_slice = 1'000;
  std::size_t promote_due(room& r, std::int64_t now, std::int64_t steady, std::size_t most);
  void recovered(const std::vector<lease>& stalled, bool committed);
  void cache(job_entry& e, std::string_view data, std::string_view user);
  void keep_at_hand(job_entry& e, payload argument);
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
  std::atomic<std::uint64_t> event_floor_{0};  // on record
  result<void> usable_;

  std::mutex mutex_;
  schedule schedule_;
  name_table kinds_;
  shared_options options_;
  std::int64_t next_seq_ = 1;
  std::size_t cached_bytes_ = 0;
  std::size_t tickets_waiting_ = 0;
  flows flows_;
  dedup_owners owners_;
  expiries expiries_;
  std::unordered_map<std::int64_t, job_error> verdicts_;  // by seq
  run_feed feed_;
  std::vector<std::uint16_t> touched_rooms_;  // that may have something to start
  std::atomic<bool> flowing_ = false;         // job_child has or had rows
  std::atomic<int> cancelling_ = 0;           // runs whose cancel is being committed
  std::atomic<std::uint64_t> cancels_ = 0;    // runs whose cancel was committed
  std::int64_t first_place_ = 0;              // the least of those given
  // While the file is read: entries of rows that others point at, and who points.
  std::unordered_map<std::int64_t, entry_index> kin_;
  std::vector<stored_child> loaded_children_;
  std::vector<loaded_owner> loaded_owners_;
  std::multimap<std::int64_t, entry_index> moved_;  // by their place
  struct booked_start {
    std::int64_t at_ms = 0, seq = 0;
    entry_index entry = no_entry;
  };
  std::vector<booked_start> booked_;        // last starts that rates may still count
  std::vector<std::int64_t> rate_windows_;  // the widest of each queue

  // A row that memory has forgotten and the table has not.
  struct trimmed_row {
    std::int64_t seq = 0;
    std::uint16_t room = 0;
    bool by_count = false;  // it would be kept again after a restart if a newer one went
  };
  static constexpr std::uint16_t any_room = 0xffff;
  std::vector<trimmed_row> trimmed_;
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
