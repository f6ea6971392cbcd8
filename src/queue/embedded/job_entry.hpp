// What the embedded queue keeps in memory of each job, 128 bytes: enough to schedule it, to
// know its id and to find its row. Everything here is guarded by the lock of the embedded core.
#pragma once
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "queue/embedded/id_text.hpp"
#include "queue/policy.hpp"

namespace son1k::queue::embedded {

// The argument of a job and whose it is, while they are cached: one block, its lengths first.
class payload {
 public:
  payload() = default;
  payload(std::string_view data, std::string_view user)
      : block_(new char[head + user.size() + data.size()]) {
    const auto size = static_cast<length>(data.size());
    std::memcpy(block_.get(), &size, sizeof size);
    block_[sizeof size] = static_cast<char>(user.size());
    std::memcpy(block_.get() + head, user.data(), user.size());
    std::memcpy(block_.get() + head + user.size(), data.data(), data.size());
  }
  bool cached() const { return block_ != nullptr; }
  std::string_view view() const { return {block_.get() + head + user().size(), size()}; }
  std::string_view user() const {
    return {block_.get() + head, static_cast<unsigned char>(block_[sizeof(length)])};
  }
  // Memory it stands for, the allocator's share included.
  static std::size_t cost_of(std::string_view data, std::string_view user) {
    return head + user.size() + data.size() + 16;
  }
  std::size_t cost() const { return cached() ? cost_of(view(), user()) : 0; }
  void drop() { block_.reset(); }

 private:
  using length = std::uint32_t;
  static constexpr std::size_t head = sizeof(length) + 1;  // a user is at most 128 bytes
  std::size_t size() const {
    length n = 0;
    std::memcpy(&n, block_.get(), sizeof n);
    return n;
  }
  std::unique_ptr<char[]> block_;
};

// The part of a job that is only there while it runs.
struct run_state {
  std::string worker;
  progress_value progress;
  std::deque<std::string> log;
  std::int64_t deadline = 0;  // steady ms at which the lease runs out
  std::int64_t started_at_ms = 0;
  std::uint32_t board_slot = 0;  // the job_start row that tells of this start
  bool cancelling = false;       // the outcome of a commit that cancels it is to come
};

// The commit under way that will move a job; it keeps the other movers off.
enum class commit_in_flight : std::uint8_t {
  none,
  starting,
  finishing,
  recovering,
  editing,
  replacing,  // its argument, by an add that it refused
  cancelling,
};

using entry_index = std::uint32_t;
inline constexpr entry_index no_entry = 0xffffffff;
using group_index = std::uint32_t;

// Which list of its queue an entry stands in.
enum class entry_place : std::uint8_t {
  nowhere,
  listed,     // in the list or heap of its state
  fresh,      // ready, in its lane
  returned,   // ready, put back into its lane
  suspects,   // ready, to run alone in its process
  condemned,  // ready, to be ended without a run
};

struct job_entry {
  std::int64_t seq = 0;
  std::int64_t added_at_ms = 0;
  std::int64_t at_ms = 0;  // delayed: when to run; ready, active: since when ready; ended: when
  std::int64_t turn = 0;   // the order in which jobs became ready
  std::shared_ptr<const job_options> options;  // null: the defaults; see options_codec.hpp
  payload data;
  std::unique_ptr<run_state> run;
  entry_index next = no_entry;  // in the list of its state; delayed: its place in the heap
  entry_index prev = no_entry;
  group_index group = 0;  // of its queue; 0: of none
  std::int32_t priority = 0;
  std::int32_t attempts = 0;
  std::int32_t stalls = 0;
  std::int32_t starts = 0;
  std::uint16_t kind = 0;
  std::uint16_t room = 0;
  id_text id;
  job_state state = job_state::waiting;
  commit_in_flight in_flight = commit_in_flight::none;
  bool cancel : 1 = false;        // somebody asked to cancel it
  bool in_log : 1 = false;        // job_log has rows of it
  bool on_disk_more : 1 = false;  // its row holds a checkpoint, a trace or a deduplication id
  bool condemned : 1 = false;     // it must end without a run
  bool counted : 1 = false;       // its run counts for the limits of its queue and group
  bool expires : 1 = false;       // it must not start too late
  bool parent : 1 = false;        // it has children
  bool child : 1 = false;         // others may wait for it
  entry_place place = entry_place::nowhere;

  job_facts facts() const { return {state, priority, attempts, stalls, starts, cancel}; }
};
static_assert(sizeof(job_entry) <= 128);

}  // namespace son1k::queue::embedded
