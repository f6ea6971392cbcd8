// The `queue` port, whole. Every backend passes tests/contract/queue. All methods may be called
// from any thread; coroutines resume on the executor they run on. Who needs less than all of it
// takes the part: job_intake, job_runs, queue_control or queue_reader.
#pragma once
#include "queue/control.hpp"
#include "queue/intake.hpp"
#include "queue/reader.hpp"
#include "queue/runs.hpp"

namespace son1k::queue {

class queue_port : public job_intake, public job_runs, public queue_control, public queue_reader {
 public:
  // Ends waiting claims and background work. Repeatable.
  virtual void stop() = 0;
};

}  // namespace son1k::queue
