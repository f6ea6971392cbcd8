// What the resources call. Owned by the wiring in app; outlives the server. Thread-safe by its
// parts.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "queue/history/dead_letters.hpp"
#include "queue/history/history.hpp"
#include "queue/queue.hpp"
#include "queue/schedules/schedules.hpp"
#include "store/database.hpp"

namespace son1k::api {

struct services {
  store::database& database;
  queue::queue_port& queue;
  const clock_port& clock;
  std::filesystem::path artifacts;  // folder of the finished pieces
  std::string version;
  std::string owner = "local";  // who every caller is until accounts exist
  std::size_t local_slots = 1;  // pieces that are made at the same time in this process
  bool workers_here = true;     // false: `serve --workers 0`
  // Runs blocking work on the compute pool; false if it is full.
  std::function<bool(std::function<void()>)> offload;
  queue::job_history* history = nullptr;  // null: searches answer that it is not open
  queue::dead_letters* letters = nullptr;
  // Stages the domain's part of a job that ends without its worker, or runs again: what its kind
  // says.
  queue::settle_function settle;
  std::shared_ptr<queue::schedules> schedules;
  std::vector<std::string> queues;  // of the registered kinds
};

}  // namespace son1k::api
