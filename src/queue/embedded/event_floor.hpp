// Ids of events grow over restarts, whatever the wall clock says: a process begins at the floor
// that is on record, and keeps the record ahead of what it gives.
#pragma once
#include <cstdint>

#include "store/database.hpp"

namespace son1k::queue::embedded {

result<std::uint64_t> read_event_floor(store::connection& c);  // 0: none is on record
// A lower one than that on record changes nothing.
result<void> save_event_floor(store::connection& c, std::uint64_t floor);

}  // namespace son1k::queue::embedded
