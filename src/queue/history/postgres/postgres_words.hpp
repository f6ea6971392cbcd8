// Asking the index of words over PostgreSQL: for each span of places, from the newest, the lists of
// the words in question are read and put together here; then the rows at those places are read, a
// page at a time. Stateless; called inside a read of the history's database.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queue/history/history_tables.hpp"

namespace son1k::queue {

// For the rest of the transaction.
result<void> plan_by_index(store::connection& c);

std::int64_t word_key(std::string_view word);
// As PostgreSQL writes an array: {1,2,3}.
std::string list_of(std::span<const std::int64_t> numbers);

// From the newest.
result<std::vector<index_part>> spans_of_words(store::connection& c);

// See history_tables::visit_candidates().
result<void> visit_by_words(store::connection& c, const word_query& words, std::int64_t before_seq,
                            const std::function<bool(const store::row&)>& on_row);

}  // namespace son1k::queue
