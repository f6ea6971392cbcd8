// The history's tables in PostgreSQL, beside those of the domain: many programs write, one at a
// time (an advisory lock until the commit); the index of words is lists of places in rows of a
// table, a list a word and span (decision 20). The transaction is at least READ COMMITTED.
#pragma once
#include "queue/history/history_tables.hpp"

namespace son1k::queue {

const history_tables& postgres_history();

}  // namespace son1k::queue
