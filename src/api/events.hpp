// GET /api/events: what the newsroom tells, as server-sent events, with replay by Last-Event-ID.
//   without parameters        everything of the caller
//   ?topics=generation:<id>,… only these; what is someone else's is not found
//   ?all=true                 everybody's, for those who read the consoles
// A client that asks for events which are no longer kept gets "event: gap" first and must refetch.
// A stream ends within a second after the identity behind it is revoked, and when that expires.
#pragma once
#include <memory>

#include "accounts/identity/identity.hpp"
#include "api/endpoint.hpp"
#include "api/realtime/newsroom.hpp"
#include "base/clock.hpp"

namespace son1k::api {

inline constexpr std::size_t event_streams_max = 4'096;
inline constexpr std::size_t event_streams_per_user_max = 100;

// An outlet of the newsroom, which is started after it is made and stopped before it goes; the
// other parts outlive it. Thread-safe but for construction; close() ends all streams (for a drain).
class event_hub {
 public:
  event_hub(newsroom& news, accounts::identities& identities, const clock_port& clock);
  ~event_hub();
  void bind(endpoint_table& routes);
  // Ends the streams, opens no more. Repeatable.
  void close();

 private:
  class state;
  std::shared_ptr<state> state_;
};

}  // namespace son1k::api
