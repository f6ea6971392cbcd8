#include "queue/job.hpp"

namespace son1k::queue {

std::string_view name_of(job_state state) {
  switch (state) {
    case job_state::waiting:
      return "waiting";
    case job_state::prioritized:
      return "prioritized";
    case job_state::delayed:
      return "delayed";
    case job_state::active:
      return "active";
    case job_state::waiting_children:
      return "waiting-children";
    case job_state::completed:
      return "completed";
    case job_state::failed:
      return "failed";
  }
  return "unknown";
}

std::string_view name_of(event_type type) {
  switch (type) {
    case event_type::added:
      return "added";
    case event_type::waiting:
      return "waiting";
    case event_type::active:
      return "active";
    case event_type::progress:
      return "progress";
    case event_type::completed:
      return "completed";
    case event_type::failed:
      return "failed";
    case event_type::delayed:
      return "delayed";
    case event_type::stalled:
      return "stalled";
    case event_type::removed:
      return "removed";
    case event_type::drained:
      return "drained";
    case event_type::paused:
      return "paused";
    case event_type::resumed:
      return "resumed";
    case event_type::retries_exhausted:
      return "retries-exhausted";
    case event_type::duplicated:
      return "duplicated";
    case event_type::cleaned:
      return "cleaned";
    case event_type::cancelled:
      return "cancelled";
    case event_type::waiting_children:
      return "waiting-children";
    case event_type::deduplicated:
      return "deduplicated";
  }
  return "unknown";
}

}  // namespace son1k::queue
