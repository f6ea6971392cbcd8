// Which queues there are: those that hold something, those that a kind of this program uses, and
// those that a worker serves. Thread-safe.
#pragma once
#include <string>
#include <vector>

#include "api/services.hpp"

namespace son1k::api {

// Sorted, each once.
result<std::vector<std::string>> known_queues(const services& with);

}  // namespace son1k::api
