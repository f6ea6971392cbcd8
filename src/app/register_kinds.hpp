// The one list of what jobs can do.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "app/settings.hpp"
#include "kinds/webhook/webhook_kind.hpp"
#include "queue/kind.hpp"
#include "queue/runs.hpp"

namespace son1k::app {

struct registered_kind {
  std::string queue;  // where its jobs wait
  std::shared_ptr<queue::job_kind> kind;
  // Waits for others rather than computes: a worker of its own takes many at once.
  bool waits = false;
};

// Kinds that read rows run with a database only; it outlives them.
std::vector<registered_kind> register_kinds(const settings& config, store::database* db = nullptr);

// The settle() of the job's kind; jobs of kinds that are not registered have no domain part here.
queue::settle_function settle_by_kind(std::vector<registered_kind> kinds);

// Where the generation kind puts its files, and the API finds them.
std::filesystem::path artifacts_folder(const settings& config);

// How messages go to webhooks. validation: the field is the setting.
result<kinds::webhook_settings> webhooks_of(const settings& config);

}  // namespace son1k::app
