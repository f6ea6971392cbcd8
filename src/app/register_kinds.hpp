// The one list of what jobs can do.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "app/settings.hpp"
#include "queue/kind.hpp"
#include "queue/runs.hpp"

namespace son1k::app {

struct registered_kind {
  std::string queue;  // where its jobs wait
  std::shared_ptr<queue::job_kind> kind;
};

std::vector<registered_kind> register_kinds(const settings& config);

// The settle() of the job's kind; jobs of kinds that are not registered have no domain part here.
queue::settle_function settle_by_kind(std::vector<registered_kind> kinds);

// Where the generation kind puts its files, and the API finds them.
std::filesystem::path artifacts_folder(const settings& config);

}  // namespace son1k::app
