// GET /metrics, /health, /live and /ready of a process that serves no API, where `metrics_port` is
// set. Whoever reaches it can read figures and change nothing. Owns its thread; the system outlives
// it.
#pragma once
#include <memory>

#include "app/settings.hpp"
#include "app/system.hpp"
#include "base/error.hpp"

namespace son1k::app {

class figures_server {
 public:
  // Null where no port is set. unavailable: the port is taken · validation: `host` is no address.
  static result<std::unique_ptr<figures_server>> start(const settings& config,
                                                       const running_system& system);
  ~figures_server();
  void draining();  // /ready says 503 from now on

 private:
  struct parts;
  explicit figures_server(std::unique_ptr<parts> own);
  std::unique_ptr<parts> parts_;
};

}  // namespace son1k::app
