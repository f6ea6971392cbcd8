// Who may call this system, and how often: the proxies that are believed, the limiter.
// Owned by the running system; outlives what it was given to. Thread-safe by its parts.
#pragma once
#include <memory>

#include "accounts/limits/limiter.hpp"
#include "accounts/limits/shared_limiter.hpp"
#include "api/client_address.hpp"
#include "api/services.hpp"
#include "app/settings.hpp"
#include "base/metrics.hpp"
#include "net/redis/redis_client.hpp"

namespace son1k::app {

class callers {
 public:
  // `redis` is that of the cluster, which then keeps the limits of all its servers; else null.
  // validation: what is wrong with the setting that the field names.
  static result<std::unique_ptr<callers>> make(const settings& config, net::redis_client* redis);

  void give_to(api::services& with) const;

  // From here on this process counts among the servers that share the limits. Once.
  void start();
  // Before Redis goes. Repeatable.
  void stop();
  void collect_figures(std::vector<metrics::family>& out) const;

 private:
  callers() = default;

  api::trusted_proxies proxies_;
  std::unique_ptr<accounts::limiter> limiter_;
  accounts::shared_limiter* shared_ = nullptr;  // that of the cluster; else null
};

}  // namespace son1k::app
