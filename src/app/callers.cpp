#include "app/callers.hpp"

#include "accounts/limits/local/local_limiter.hpp"
#include "accounts/limits/redis/redis_limiter.hpp"
#include "base/clock.hpp"

namespace son1k::app {

result<std::unique_ptr<callers>> callers::make(const settings& config, net::redis_client* redis) {
  auto proxies = api::trusted_proxies::parse(config.text("trusted_proxies"));
  if (!proxies) return proxies.error();
  std::unique_ptr<callers> out(new callers);
  out->proxies_ = std::move(*proxies);
  auto here = std::make_unique<accounts::local_limiter>(system_clock());
  if (redis == nullptr) {
    out->limiter_ = std::move(here);
    return out;
  }
  const auto prefix = config.text("redis_prefix") + ":s1k:{limit}";
  accounts::shared_limiter_settings with;
  with.servers = prefix + "-servers";
  accounts::redis_limiter_settings buckets;
  buckets.prefix = prefix + ":";
  buckets.answer_time = with.answer_time;
  auto all = std::make_unique<accounts::redis_limiter>(*redis, std::move(buckets));
  auto shared = std::make_unique<accounts::shared_limiter>(*redis, std::move(all), std::move(here),
                                                           std::move(with));
  out->shared_ = shared.get();
  out->limiter_ = std::move(shared);
  return out;
}

void callers::give_to(api::services& with) const {
  with.limiter = limiter_.get();
  with.client_address = [this](const net::http_request& request) {
    return proxies_.client_of(request);
  };
}

void callers::start() {
  if (shared_ != nullptr) shared_->start();
}

void callers::stop() {
  if (shared_ != nullptr) shared_->stop();
}

void callers::collect_figures(std::vector<metrics::family>& out) const {
  if (shared_ != nullptr) shared_->gather_figures(out);
}

}  // namespace son1k::app
