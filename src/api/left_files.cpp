#include "api/left_files.hpp"

#include "api/piece_edits.hpp"
#include "base/log.hpp"
#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t sweep_most = 1'000;
constexpr std::int64_t run_may_end_ms = 3'600'000;

}  // namespace

void sweep_deleted(store::database& db, const clock_port& clock, const fs::path& artifacts) {
  auto work = [](store::connection& c) { return deleted_pieces(c, sweep_most); };
  auto found = store::read_and_wait(db, work);
  if (!found || found->empty()) return;
  std::vector<std::string> gone;
  for (auto& id : *found) {
    std::error_code ec;
    if (is_uuid(id)) fs::remove_all(artifacts / id, ec);
    if (ec) {
      log::warn("artifact.left_behind", {{"path", id}, {"why", ec.message()}});
      continue;
    }
    gone.push_back(std::move(id));
  }
  store::transaction tx(store::durability::process);
  stage_deleted_forgotten(tx, std::move(gone), clock.now_ms() - run_may_end_ms);
  if (auto ok = store::commit_and_wait(db, std::move(tx)); !ok)
    log::warn("artifact.sweep", {{"why", ok.error().what()}});
}

}  // namespace son1k::api
