// The words under which an ended job stands in the history's index, and what to ask of that index
// for a query. A job stands under one word for each thing it is (its state, its user, a member of
// its payload …), one for each place of a hexadecimal number (so that "more than" is a handful of
// words) and one for each three bytes of a text (so that "contains" is a conjunction). Words are
// lower-case letters and digits. Pure; thread-safe.
#pragma once
#include <string>

#include "queue/history/history.hpp"

namespace son1k::queue {

// Of a payload, and of an error, this much is indexed for "contains".
inline constexpr std::size_t indexed_text_bytes_max = 8'192;
inline constexpr std::size_t indexed_members_max = 256;

// The words of a job that ended, separated by spaces. `ready_at_ms` and `fingerprint` are used.
std::string index_words(const found_job& ended);

// What the index is asked, in FTS5's language: every job that matches the query is among those it
// finds. Words in it come from the query in hashed form only.
std::string index_expression(const job_query& query);

}  // namespace son1k::queue
