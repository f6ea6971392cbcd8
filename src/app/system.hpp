// A deployment's process, wired: database, queue, workers and what the API needs of them. One
// object is one running system; it owns its parts and stops them in reverse order.
#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "api/services.hpp"
#include "app/account_service.hpp"
#include "app/callers.hpp"
#include "app/profile.hpp"
#include "app/register_kinds.hpp"
#include "base/metrics.hpp"
#include "kinds/webhook/dispatcher.hpp"
#include "queue/compute_pool.hpp"
#include "queue/history/lasting_history.hpp"
#include "queue/redis/reconciler.hpp"
#include "queue/schedules/scheduler.hpp"
#include "queue/worker.hpp"

namespace son1k::app {

class running_system {
 public:
  // Makes the data folder if need be, opens and migrates what the profile stands on. The errors are
  // those of open_backends() and prepare_data_dir(): the field names the thing.
  static result<std::unique_ptr<running_system>> open(const settings& config);
  ~running_system();  // stop()

  // On the queues of the kinds it knows, or on those named. validation: a queue is named twice.
  result<void> start_workers(std::vector<std::string> queues = {});
  // False when every worker has been ordered to drain and has ended.
  bool workers_running() const;
  // Drains the workers. Repeatable.
  void stop_workers();
  // Schedules run from here on, in this process or in another one that leads; the system's own are
  // made where they are missing. In the cluster the queue is kept whole from here on, too.
  result<void> start_scheduler();
  void stop_scheduler();
  // Ends the scheduler, drains the workers, then ends queue and database. Repeatable.
  void stop();

  const api::services& services() const { return *services_; }
  queue::queue_port& queue() { return *with_.queue; }
  store::database& database() { return *with_.database; }
  account_service& accounts() { return *accounts_; }
  net::redis_client* redis() { return with_.redis.get(); }  // of the cluster; else null
  // This process takes calls, and shares their limits with the other servers. Once.
  void serve_callers() { callers_->start(); }
  // What /metrics tells of the storage, the schedules and the limits.
  void collect_figures(std::vector<metrics::family>& out) const;

 private:
  explicit running_system(const settings& config);
  result<void> open_parts();
  void open_history();
  result<void> start_maintenance();
  result<void> start_waiting(const registered_kind& row);
  void write_key_uses();

  const settings config_;
  const std::filesystem::path folder_;
  backends with_;
  std::unique_ptr<callers> callers_;
  std::unique_ptr<account_service> accounts_;
  std::unique_ptr<accounts::key_uses> key_uses_;
  std::unique_ptr<queue::lasting_history> history_;
  std::unique_ptr<queue::scheduler> scheduler_;
  std::unique_ptr<kinds::webhook_dispatcher> dispatcher_;
  std::unique_ptr<queue::reconciler> reconciler_;  // of the cluster
  std::unique_ptr<queue::compute_pool> conversions_;
  std::vector<std::unique_ptr<queue::worker>> workers_;
  std::unique_ptr<api::services> services_;
};

// Makes the folder with mode 0700 and checks that it can be written to. forbidden, storage_full,
// unavailable with the field "data_dir".
result<void> prepare_data_dir(const std::filesystem::path& folder);

}  // namespace son1k::app
