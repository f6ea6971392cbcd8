// GET /api/events: the queue's events as server-sent events, with replay by Last-Event-ID.
//   ?topics=generation:<id>,…   only these (default: everything of the caller)
// A client that asks for events which are no longer kept gets "event: gap" first and must refetch.
#pragma once
#include <memory>

#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

// Lives as long as the server; close() ends all streams (for a drain).
class event_hub {
 public:
  explicit event_hub(queue::queue_port& queue);
  ~event_hub();
  void bind(endpoint_table& routes);
  // Ends the streams and hears no more events. Repeatable.
  void close();

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace son1k::api
