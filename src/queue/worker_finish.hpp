// Gathers runs that ended and ends them on the queue in batches: at once when nothing is under way,
// else together with what ends meanwhile. A storage error is tried again while the lease is held.
// A claim may ride on a batch: one call to the queue instead of two.
// Belongs to the worker's loop: every method is called there.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "queue/queue.hpp"
#include "queue/worker_run.hpp"

namespace son1k::queue {

class finish_batcher {
 public:
  using run_ptr = std::shared_ptr<job_run>;
  // Runs that are done with: their end is on record (`acknowledged`), or cannot be written any
  // more.
  using done_handler = std::function<void(std::span<const run_ptr> runs, bool acknowledged)>;

  // What a batch that goes out is to claim too, and what came of it. Every request is answered.
  struct rider {
    std::function<std::optional<claim_request>()> next;
    std::function<void(std::size_t asked, result<std::vector<claimed_job>> got)> claimed;
  };

  finish_batcher(queue_port& queue, boost::asio::any_io_executor loop, done_handler done,
                 rider claims = {});

  void end(run_ptr run, outcome how);
  // Ends that are not on record yet.
  std::size_t pending() const { return pending_; }
  std::size_t under_way() const { return under_way_; }
  // Stops trying again; what fails from now on is left to the lease's end.
  void give_up() { giving_up_ = true; }

 private:
  struct ending {
    run_ptr run;
    outcome how;
  };
  void flush_soon();
  void flush();
  boost::asio::awaitable<void> write(std::vector<ending> batch, std::optional<claim_request> next);
  boost::asio::awaitable<std::vector<result<finish_reply>>> send(
      std::vector<finish_request> requests, std::optional<claim_request> next);
  // Sorts out the replies; what is left in `batch` must be sent again.
  void settle(std::vector<ending>& batch, const std::vector<result<finish_reply>>& replies);

  queue_port& queue_;
  boost::asio::any_io_executor loop_;
  done_handler done_;
  rider claims_;
  std::vector<ending> gathered_;
  std::size_t pending_ = 0;
  std::size_t under_way_ = 0;
  bool flush_posted_ = false;
  bool giving_up_ = false;
};

}  // namespace son1k::queue
