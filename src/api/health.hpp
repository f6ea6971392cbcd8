// GET /health (what works, for people and monitors), /live (the process answers), /ready (it can
// take work). 503 where the database does not answer.
#pragma once
#include <memory>

#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

// Looks at the database now and then on a thread of its own, so that a probe never waits for it.
class health {
 public:
  explicit health(const services& with);
  ~health();
  void bind(endpoint_table& routes);
  void draining();  // /ready says 503 from now on

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace son1k::api
