// The pieces that wait for their jobs, from their rows: see queue::job_kind::owed(). Statements
// only; calls run inside a read or a unit of work, on the database's threads.
#pragma once
#include "queue/kind.hpp"

namespace son1k::kinds {

result<std::vector<queue::owed_job>> owed_pieces(store::connection& db, const std::string& after,
                                                 std::int64_t most);
result<std::vector<std::string>> take_over_pieces(store::connection& db,
                                                  std::span<const queue::owed_job> jobs);

}  // namespace son1k::kinds
