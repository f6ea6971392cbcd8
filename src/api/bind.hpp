// All resources of the API and what they keep between requests.
#pragma once
#include <memory>

#include "api/endpoint.hpp"
#include "api/events.hpp"
#include "api/gate.hpp"
#include "api/health.hpp"
#include "api/metrics.hpp"
#include "api/pace.hpp"
#include "api/realtime/newsroom.hpp"
#include "api/room_bell.hpp"
#include "api/services.hpp"
#include "net/http_message.hpp"
#include "net/router.hpp"

namespace son1k::api {

class resources {
 public:
  // Whoever calls shows a credential to `callers`, which outlive it.
  resources(const services& with, accounts::identities& callers);
  ~resources();  // close()
  // The resources outlive the router.
  void bind(net::router& routes);
  // Every row, for the published description.
  const endpoint_table& endpoints() const { return endpoints_; }
  // Begins to tell of what happens, to event streams and to outlets that were added to news().
  // Sockets that are in rooms hear what is done with these by bell().
  void start();
  // Before a drain: /ready turns to 503 and the event streams end. Repeatable.
  void close();
  newsroom& news() { return *news_; }
  room_bell& bell() { return *bell_; }
  // What /metrics tells; others may add to it.
  metrics::registry& figures() { return *figures_; }

 private:
  const services with_;
  gate gate_;
  endpoint_table endpoints_;
  std::shared_ptr<pace> pace_;
  std::shared_ptr<void> learning_;
  std::shared_ptr<queue_meter> meter_;
  std::shared_ptr<metrics::registry> figures_;
  std::shared_ptr<room_bell> bell_ = std::make_shared<room_bell>();
  std::unique_ptr<newsroom> news_;
  event_hub events_;
  health health_;
};

// How the server's own errors look; see net::error_renderer.
net::http_response render_error(const error& fault, int status, const net::http_request& request);

}  // namespace son1k::api
