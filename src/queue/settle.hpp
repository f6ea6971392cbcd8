// How the domain's part of a job's change gets into the same commit.
#pragma once
#include <functional>

#include "queue/job.hpp"
#include "store/database.hpp"

namespace son1k::queue {

// Stages domain writes (steps, no hooks) that must stand or fall with a job's change. The view has
// at least queue, id, kind, user, state and error. May be called again for the same change.
using settle_function = std::function<void(const job_view&, store::transaction&)>;

}  // namespace son1k::queue
