// The queue inside one process: schedule structures in memory over a durable table in the same
// database file as the domain rows. The database is used, not owned, and must outlive the queue;
// its migrations must have been applied. One queue object a file at a time.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "queue/queue.hpp"
#include "store/database.hpp"

namespace son1k::queue {

struct embedded_settings {
  std::size_t jobs_max = 10'000'000;  // in all states; more are refused with unavailable
  std::size_t queues_max = 10'000;    // at most 65,535, kinds as well
  std::size_t kinds_max = 10'000;
  std::size_t groups_max = 100'000;            // of one queue
  std::size_t claims_waiting_max = 10'000;     // parked claims; more reply at once with unavailable
  std::size_t cached_bytes_max = 16u << 20;    // arguments of waiting jobs kept off the disk path
  std::size_t events_max = 10'000;             // kept for replay
  std::uint64_t event_ids_ahead = 1ull << 32;  // of what is given, set aside durably
  // Kinds whose runs change nothing outside of the database (job_kind::stays_inside()).
  std::vector<std::string> inside_kinds;
  std::int64_t sweep_ms = 1'000;  // how often leases and ages are looked at
  // For simulations: no background thread is started; what it would do whenever something is due
  // is given to this function, to be called by hand.
  std::function<void(std::function<void()> upkeep)> upkeep_by_hand;
};

// Reads what the file holds before it returns (about 1 s a million jobs). Jobs that were active in
// a process that died are waiting again, with one stall more. If the file cannot be read, every
// call of the queue answers with that error.
std::unique_ptr<queue_port> make_embedded_queue(store::database& db, embedded_settings settings,
                                                const clock_port& clock);

}  // namespace son1k::queue
