#include "api/bind.hpp"

#include "api/dead_letters.hpp"
#include "api/envelope.hpp"
#include "api/generation.hpp"
#include "api/jobs.hpp"
#include "api/queues.hpp"
#include "api/schedules.hpp"
#include "api/workers.hpp"

namespace son1k::api {

resources::resources(const services& with)
    : with_(with),
      pace_(std::make_shared<pace>()),
      learning_(learn_pace(with.queue, pace_)),
      meter_(std::make_shared<queue_meter>(with.queue)),
      figures_(std::make_shared<metrics::registry>()),
      events_(with.queue),
      health_(with) {
  add_queue_figures(*figures_, with_, meter_);
}

void resources::bind(net::router& routes) {
  health_.bind(routes);
  events_.bind(routes);
  bind_generation(routes, with_, pace_);
  bind_jobs(routes, with_);
  bind_queues(routes, with_, meter_);
  bind_workers(routes, with_);
  bind_metrics(routes, figures_);
  bind_dead_letters(routes, with_);
  bind_schedules(routes, with_);
}

void resources::close() {
  health_.draining();
  events_.close();
  learning_.reset();
  meter_->close();
}

net::http_response render_error(const error& fault, int status, const net::http_request& request) {
  return refuse(fault, status, request);
}

}  // namespace son1k::api
