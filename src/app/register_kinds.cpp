#include "app/register_kinds.hpp"

#include "kinds/generation/generation_kind.hpp"
#include "kinds/probe/probe.hpp"

namespace son1k::app {

std::filesystem::path artifacts_folder(const settings& config) {
  const auto& named = config.text("artifacts_dir");
  if (!named.empty()) return named;
  return std::filesystem::path(config.text("data_dir")) / "artifacts";
}

std::vector<registered_kind> register_kinds(const settings& config) {
  std::vector<registered_kind> out;
  out.push_back({"generation", kinds::make_generation_kind(
                                   {artifacts_folder(config), config.text("sound_font")})});
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
