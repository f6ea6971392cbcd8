// The files of deleted pieces. A run that was under way when its piece was deleted may write some
// afterwards, and the program may die between the commit and the removal; so each sweep looks once
// more at what was deleted before, until it has been gone for an hour.
#pragma once
#include <filesystem>

#include "base/clock.hpp"
#include "store/database.hpp"

namespace son1k::api {

// Removes the folders of at most 1,000 deleted pieces; what fails is tried again by the next sweep.
// Blocking; never on a thread of a reactor or of the database.
void sweep_deleted(store::database& db, const clock_port& clock,
                   const std::filesystem::path& artifacts);

}  // namespace son1k::api
