#include "app/figures_server.hpp"

#include <boost/asio/ip/address.hpp>

#include "api/bind.hpp"
#include "api/health.hpp"
#include "api/metrics.hpp"
#include "base/log.hpp"
#include "net/http_server.hpp"

namespace son1k::app {
namespace {

net::http_server_settings settings_of(const settings& config) {
  net::http_server_settings http;
  http.host = config.text("host");
  http.port = static_cast<std::uint16_t>(config.integer("metrics_port"));
  http.connections_max = 64;
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(http.host, ec);
  if (ec || address.is_loopback())
    http.hosts_allowed = {"localhost", "127.0.0.1", "[::1]", http.host};
  return http;
}

}  // namespace

struct figures_server::parts {
  parts(const settings& config, const running_system& of)
      : health(of.services()), loops(1), figures(std::make_shared<metrics::registry>()) {
    health.bind(endpoints);
    api::add_own_figures(*figures, of.services());
    figures->add([&of](auto& out) { of.collect_figures(out); });
    api::bind_metrics(endpoints, figures);
    endpoints.bind_open(routes);
    server =
        std::make_unique<net::http_server>(loops, routes, settings_of(config), api::render_error);
  }
  ~parts() {
    server->stop();
    loops.stop();
  }

  api::health health;
  net::reactors loops;
  api::endpoint_table endpoints;
  net::router routes;
  std::shared_ptr<metrics::registry> figures;
  std::unique_ptr<net::http_server> server;
};

figures_server::figures_server(std::unique_ptr<parts> own) : parts_(std::move(own)) {}
figures_server::~figures_server() = default;

result<std::unique_ptr<figures_server>> figures_server::start(const settings& config,
                                                              const running_system& system) {
  if (config.integer("metrics_port") == 0) return std::unique_ptr<figures_server>();
  auto own = std::make_unique<parts>(config, system);
  own->loops.start();
  if (auto ok = own->server->start(); !ok) {
    error why = ok.error();
    if (why.field == "port") why.field = "metrics_port";
    return why;
  }
  log::info("figures.served", {{"host", config.text("host")}, {"port", own->server->port()}});
  return std::unique_ptr<figures_server>(new figures_server(std::move(own)));
}

void figures_server::draining() {
  parts_->health.draining();
}

}  // namespace son1k::app
