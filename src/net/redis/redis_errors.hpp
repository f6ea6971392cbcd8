// What can go wrong with Redis, as errors of the house (field "redis"): which errc, what to tell a
// person, whether the call ran, and what a client does about it.
//
//   unauthenticated  wrong or missing password          forbidden    the user may not do that
//   storage_full     OOM, or its disk refuses writes     unavailable  not there, loading, a
//   replica… timeout          no answer in time                   internal     any other refusal
//   payload_too_large, malformed                         its reply is beyond the bound or no reply
//
// details: "outcome" = "refused" | "not_sent" | "unknown"; "code" = the first word of what Redis
// said, when it answered.
#pragma once
#include <string_view>

#include "base/error.hpp"

namespace son1k::net {

enum class call_outcome : std::uint8_t {
  refused,   // Redis answered with an error: what it refused had no effect (a script may have run
             // up to the refused line)
  not_sent,  // it never left this process
  unknown,   // it was sent and no answer came: it may have run
};

error redis_error(errc code, text what, call_outcome outcome);
// Of what these functions made; an error of other origin counts as not sent.
call_outcome outcome_of(const error& e);
inline bool outcome_unknown(const error& e) {
  return outcome_of(e) == call_outcome::unknown;
}

// What a refusal asks of the client; Redis refuses these before anything runs.
enum class refusal : std::uint8_t {
  final,      // the caller's to see
  wait,       // LOADING, BUSY, TRYAGAIN, CLUSTERDOWN, ASK: the same place, a little later
  reconnect,  // READONLY, MASTERDOWN: another place is the master now
  moved,      // MOVED: the place that it names
  no_script,  // NOSCRIPT: load it
  login,      // NOAUTH: greet again
};
refusal refusal_of(std::string_view said);
// From the text of a RESP error ("OOM command not allowed …").
error refused_error(std::string_view said);

}  // namespace son1k::net
