// The history's tables in a file of SQLite: one program writes, and the index of words is sixteen
// tables of FTS5 used in turn, each over a span of places (decision 12).
#pragma once
#include "queue/history/history_tables.hpp"

namespace son1k::queue {

const history_tables& sqlite_history();

}  // namespace son1k::queue
