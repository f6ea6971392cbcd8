// From the queue's job events to what clients of the resource "generation" see, over whatever
// carries them (server-sent events now). Pure; thread-safe.
#pragma once
#include <optional>
#include <string>

#include "queue/job.hpp"

namespace son1k::api {

struct client_event {
  std::string name;   // "generation:progress" | "generation:complete" | "generation:error"
  std::string topic;  // "generation:<id>"
  std::string data;   // JSON
};

// Nothing for events that no client of this resource needs to see.
std::optional<client_event> generation_event(const queue::job_event& event);

}  // namespace son1k::api
