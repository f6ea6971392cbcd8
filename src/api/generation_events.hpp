// From the queue's job events to what clients of the resource "generation" see, over whatever
// carries them (Socket.IO, server-sent events). Pure; thread-safe.
#pragma once
#include <optional>

#include "api/client_event.hpp"
#include "queue/job.hpp"

namespace son1k::api {

// Nothing for events that no client of this resource needs to see.
std::optional<client_event> generation_event(const queue::job_event& event);

}  // namespace son1k::api
