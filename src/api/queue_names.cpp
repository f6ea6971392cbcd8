#include "api/queue_names.hpp"

#include <algorithm>

namespace son1k::api {

result<std::vector<std::string>> known_queues(const services& with) {
  auto names = with.queue.queues();
  if (!names) return names;
  names->insert(names->end(), with.queues.begin(), with.queues.end());
  for (const auto& worker : with.queue.workers()) {
    names->insert(names->end(), worker.queues.begin(), worker.queues.end());
  }
  std::sort(names->begin(), names->end());
  names->erase(std::unique(names->begin(), names->end()), names->end());
  return names;
}

}  // namespace son1k::api
