#include "api/bind.hpp"

#include "api/envelope.hpp"
#include "api/generation.hpp"

namespace son1k::api {

resources::resources(const services& with)
    : with_(with),
      pace_(std::make_shared<pace>()),
      learning_(learn_pace(with.queue, pace_)),
      events_(with.queue),
      health_(with) {}

void resources::bind(net::router& routes) {
  health_.bind(routes);
  events_.bind(routes);
  bind_generation(routes, with_, pace_);
}

void resources::close() {
  health_.draining();
  events_.close();
  learning_.reset();
}

net::http_response render_error(const error& fault, int status, const net::http_request& request) {
  return refuse(fault, status, request);
}

}  // namespace son1k::api
