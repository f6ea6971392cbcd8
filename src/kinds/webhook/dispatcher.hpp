// Adds the jobs of messages that wait in their table: what an event's commit has written becomes a
// job within half a second, in whichever process looks first. A process that dies in between loses
// nothing, because the row stays due until job and mark are committed together.
//
// Owns a thread between start() and stop(), which may be called from any thread, stop() repeatedly.
// Everything it is given outlives it.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>

#include "kinds/webhook/webhook_kind.hpp"
#include "queue/intake.hpp"

namespace son1k::kinds {

class webhook_dispatcher {
 public:
  webhook_dispatcher(store::database& db, queue::job_intake& jobs, webhook_settings how);
  ~webhook_dispatcher();  // stop()
  webhook_dispatcher(const webhook_dispatcher&) = delete;
  webhook_dispatcher& operator=(const webhook_dispatcher&) = delete;

  void start();
  void stop();
  // One look, as the thread does it: how many jobs were added, at most `slice_max`. Only for one
  // that has not been started. The error of the database or the queue; what was due stays due.
  result<std::size_t> pass();

  static constexpr std::int64_t slice_max = 100;

 private:
  void work();
  result<bool> add(const webhooks::due_delivery& what);

  store::database& db_;
  queue::job_intake& jobs_;
  const webhook_settings how_;
  std::mutex lock_;
  std::condition_variable woken_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace son1k::kinds
