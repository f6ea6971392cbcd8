// Socket.IO as `serve` offers it: the transports, the namespace, what the application says, wired
// to the profile. The system, the reactors, the router and the resources outlive it; these are
// started after it is made and closed before it goes.
//
// bind() before the HTTP server starts; start() and stop() belong to one owner thread that is no
// reactor's; collect_figures() is for any.
#pragma once
#include <memory>
#include <vector>

#include "api/bind.hpp"
#include "app/system.hpp"
#include "base/metrics.hpp"
#include "net/reactors.hpp"
#include "net/router.hpp"

namespace son1k::app {

class realtime_service {
 public:
  // validation: a setting is wrong · unavailable: Redis is away.
  static result<std::unique_ptr<realtime_service>> make(const settings& config,
                                                        running_system& system,
                                                        api::resources& resources,
                                                        net::reactors& loops);
  ~realtime_service();
  void bind(net::router& routes);
  void start();
  // Listens on this port from here on: other servers of the cluster may pass requests on to it.
  void announce(std::uint16_t port);
  // Says goodbye to the clients, who may come back elsewhere. Before the HTTP server's stop().
  // Repeatable.
  void stop();
  void collect_figures(std::vector<metrics::family>& out) const;

 private:
  struct parts;
  explicit realtime_service(std::unique_ptr<parts> with);
  std::unique_ptr<parts> parts_;
};

}  // namespace son1k::app
