// The words under which an ended job stands in the history's index, and what to ask of that index
// for a query. A job stands under one word for each thing it is (its state, its user, a member of
// its payload …), one for each place of a hexadecimal number (so that "more than" is a handful of
// words) and one for each three bytes of a text (so that "contains" is a conjunction). Words are
// lower-case letters and digits. Pure; thread-safe.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/history/history.hpp"

namespace son1k::queue {

// Of a payload, and of an error, this much is indexed for "contains".
inline constexpr std::size_t indexed_text_bytes_max = 8'192;
inline constexpr std::size_t indexed_members_max = 256;

// The words of a job that ended, separated by spaces. `ready_at_ms` and `fingerprint` are used.
std::string index_words(const found_job& ended);

// What an index is asked: rows that stand under one word of each part of `all` and under no word of
// `none`. Every job that matches the query is among them.
struct word_query {
  std::vector<std::vector<std::string>> all;  // the rarest first, as far as can be told
  std::vector<std::string> none;
};
word_query words_of(const job_query& query);

// The word of a job's id, and the hash of the id in it: an index may leave it out where the hash
// has an index of its own.
std::optional<std::uint64_t> id_hash_in(std::string_view word);

}  // namespace son1k::queue
