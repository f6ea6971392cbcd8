// The language in which people look for jobs: terms that must all hold, `-` in front for one that
// must not. Pure functions and values; thread-safe.
//
//   state:failed kind:generation -user:ana error~"timed out" data.prompt~lofi created<2h
//
// A term is a field, an operator and a value. A value with spaces stands in quotes, where a
// backslash goes before a quote and before a backslash.
//   :  is exactly           state, kind, queue, id, user, group, worker, fingerprint, error (its
//                           code), data.<path> (an array holds it in any element)
//   ~  contains, in any case, at least 3 bytes      error (its text), data.<path>
//   : < >                   priority, attempts, stalls; data.<path> has : alone
//   < >                     duration (of the last run) and wait (before it): ms, s, m, h, d, w;
//                           created, started, finished: an age or a time
// An age is counted back from now: created<2h means in the last two hours, created>2h longer ago.
// A time is UTC and means what it says: created<2026-01-31 is before that day, and a clock time
// may follow: created>2026-01-31T12:30:00Z.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "queue/job.hpp"

namespace son1k::queue {

inline constexpr std::size_t query_bytes_max = 2'000;
inline constexpr std::size_t query_terms_max = 20;
inline constexpr std::size_t query_path_depth_max = 8;
inline constexpr std::size_t query_contains_bytes_min = 3;

enum class query_field : std::uint8_t {
  state,
  kind,
  queue,
  id,
  user,
  group,
  worker,
  fingerprint,
  error,
  data,
  priority,
  attempts,
  stalls,
  duration,
  wait,
  created,
  started,
  finished,
};
std::string_view name_of(query_field field);

enum class query_op : std::uint8_t { is, contains, below, above };

struct query_term {
  query_field field = query_field::state;
  query_op op = query_op::is;
  bool negated = false;
  std::string path;         // of data: "prompt", "options.tempo"
  std::string value;        // is, contains; contains holds it folded (see fold_case)
  std::int64_t number = 0;  // what a numeric field is compared with; UTC ms for a time
};

struct job_query {
  std::string text;  // as it was written
  std::vector<query_term> terms;

  // The value that a positive `is` term asks of a field, or nothing.
  const std::string* wanted(query_field field) const;
};

// What a job is beside its view, known only to the history.
struct past_facts {
  std::string_view fingerprint;
  std::int64_t ready_at_ms = 0;
};

// An empty text asks for every job. `now_ms` is what ages are counted from. validation: the field
// is "query"; the message names the term, its position and what is allowed.
result<job_query> parse_query(std::string_view text, std::int64_t now_ms);

// state:cancelled is a job that failed with the code "cancelled"; state:failed leaves those out.
inline constexpr std::string_view state_cancelled = "cancelled";
std::string_view shown_state(const job_view& job);

bool matches(const job_query& query, const job_view& job, const past_facts& facts = {});

// Small letters for capital ones, ASCII and Latin-1 (Á, Ñ, Ü…); other bytes stay.
std::string fold_case(std::string_view utf8);

}  // namespace son1k::queue
