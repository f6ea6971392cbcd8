// GET /metrics: depth and age of every queue, totals and times of their jobs, workers, HTTP
// requests, this process. Label values are names of queues, workers and routes, all bounded.
#pragma once
#include <memory>
#include <string_view>
#include <unordered_map>

#include "api/alerts/alert_rules.hpp"
#include "api/endpoint.hpp"
#include "api/queue_meter.hpp"
#include "api/services.hpp"
#include "base/metrics.hpp"
#include "net/http_server.hpp"
#include "net/router.hpp"
#include "queue/schedules/scheduler.hpp"

namespace son1k::api {

// Counts requests by route, method and status. Made when all routes are bound; observe() is called
// by every reactor and neither locks nor allocates.
class http_meter {
 public:
  explicit http_meter(const net::router& routes);
  ~http_meter();
  void observe(const net::request_report& report);
  void collect(std::vector<metrics::family>& out) const;
  // Of all requests but those that are meant to wait: event streams, polls of Socket.IO.
  request_totals totals() const;

 private:
  struct row;
  std::vector<std::unique_ptr<row>> rows_;  // the last one: requests that found no route
  std::unordered_map<std::string_view, std::vector<row*>> by_route_;
};

void add_queue_figures(metrics::registry& to, const services& with,
                       std::shared_ptr<const queue_meter> meter);
// Of a process that serves no API: its version, its records of runs, its memory and time.
void add_own_figures(metrics::registry& to, const services& with);
void collect_scheduler(const queue::scheduler_stats& now, std::vector<metrics::family>& out);
void bind_metrics(endpoint_table& routes, std::shared_ptr<const metrics::registry> figures);

}  // namespace son1k::api
