#include "api/bind.hpp"

#include "api/admin_users.hpp"
#include "api/alerts/alerts.hpp"
#include "api/analytics/analytics.hpp"
#include "api/audit.hpp"
#include "api/auth.hpp"
#include "api/collaboration.hpp"
#include "api/dead_letters.hpp"
#include "api/docs_page.hpp"
#include "api/envelope.hpp"
#include "api/generation.hpp"
#include "api/jobs.hpp"
#include "api/listings.hpp"
#include "api/own_account.hpp"
#include "api/queues.hpp"
#include "api/quota.hpp"
#include "api/realtime/sources.hpp"
#include "api/schedules.hpp"
#include "api/webhooks/webhooks.hpp"
#include "api/workers.hpp"

namespace son1k::api {

resources::resources(const services& with, accounts::identities& callers)
    : with_(with),
      gate_({callers, with_.tiers, with.limiter, with.client_address, with.key_uses, with.site}),
      pace_(std::make_shared<pace>()),
      learning_(learn_pace(with.queue, pace_)),
      meter_(std::make_shared<queue_meter>(with.queue)),
      figures_(std::make_shared<metrics::registry>()),
      news_(make_newsroom(with_)),
      events_(*news_, callers, with.clock),
      health_(with) {
  add_queue_figures(*figures_, with_, meter_);
}

void resources::bind(net::router& routes) {
  health_.bind(endpoints_);
  events_.bind(endpoints_);
  bind_docs(endpoints_, routes, with_.version);
  bind_generation(endpoints_, with_, pace_);
  bind_listings(endpoints_, with_);
  bind_jobs(endpoints_, with_);
  bind_queues(endpoints_, with_, meter_);
  bind_workers(endpoints_, with_);
  bind_metrics(endpoints_, figures_);
  bind_dead_letters(endpoints_, with_);
  bind_schedules(endpoints_, with_);
  bind_quota(endpoints_, with_);
  bind_collaboration(endpoints_, with_, bell_);
  bind_auth(endpoints_, with_);
  bind_own_account(endpoints_, with_);
  bind_admin_users(endpoints_, with_);
  bind_audit(endpoints_, with_);
  bind_analytics(endpoints_, with_);
  bind_alerts(endpoints_, with_);
  bind_webhooks(endpoints_, with_);
  endpoints_.bind(routes, gate_, with_);
}

resources::~resources() {
  close();
}

void resources::start() {
  news_->start();
}

void resources::close() {
  health_.draining();
  events_.close();
  news_->stop();
  learning_.reset();
  meter_->close();
}

net::http_response render_error(const error& fault, int status, const net::http_request& request) {
  return refuse(fault, status, request);
}

}  // namespace son1k::api
