#include "app/register_kinds.hpp"

#include "kinds/generation/generation_kind.hpp"
#include "kinds/probe/probe.hpp"

namespace son1k::app {

std::filesystem::path artifacts_folder(const settings& config) {
  const auto& named = config.text("artifacts_dir");
  if (!named.empty()) return named;
  return std::filesystem::path(config.text("data_dir")) / "artifacts";
}

result<kinds::webhook_settings> webhooks_of(const settings& config) {
  kinds::webhook_settings out;
  out.attempts = config.integer("webhook_attempts");
  out.retry_ms = config.integer("webhook_retry_ms");
  out.timeout_ms = config.integer("webhook_timeout_ms");
  out.failures_max = config.integer("webhook_disable_after");
  auto within = net::reach::parse(config.text("webhook_allow_private"));
  if (!within) return error(errc::validation, "webhook_allow_private", within.error().message);
  out.within = std::move(*within);
  return out;
}

std::vector<registered_kind> register_kinds(const settings& config, store::database* db) {
  std::vector<registered_kind> out;
  out.push_back({"generation", kinds::make_generation_kind(
                                   {artifacts_folder(config), config.text("sound_font")})});
  if (auto messages = webhooks_of(config)) {
    out.push_back({std::string(webhooks::deliveries_queue),
                   kinds::make_webhook_kind(std::move(*messages), db), true});
  }
  if (config.boolean("probe")) out.push_back({"probe", kinds::make_probe_kind()});
  return out;
}

queue::settle_function settle_by_kind(std::vector<registered_kind> kinds) {
  return [kinds = std::move(kinds)](const queue::job_view& ended, store::transaction& tx) {
    for (const auto& row : kinds) {
      if (row.kind->name() != ended.kind) continue;
      if (row.kind->settles()) row.kind->settle(ended, tx);
      return;
    }
  };
}

}  // namespace son1k::app
