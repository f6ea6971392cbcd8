#include "net/http_server.hpp"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <future>

#include "base/log.hpp"
#include "net/http_lane.hpp"
#include "net/http_session.hpp"

namespace son1k::net {
namespace {

using boost::asio::ip::tcp;

constexpr int backlog = 4096;
// Descriptors that the rest of the program needs: databases, files, logs.
constexpr std::size_t descriptors_kept = 128;
constexpr std::chrono::milliseconds cut_time{1'000};

std::size_t descriptor_limit() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  return static_cast<std::size_t>(limit.rlim_cur);
}

error cannot_listen(const tcp::endpoint& where, const boost::system::error_code& cause) {
  const std::string place = where.address().to_string() + ":" + std::to_string(where.port());
  if (cause == boost::asio::error::address_in_use) {
    return {errc::unavailable, "port",
            text("The address " + place +
                     " is taken by another program; stop it or choose another port with --port.",
                 "La dirección " + place +
                     " está ocupada por otro programa; ciérralo o elige otro puerto con --port.")};
  }
  if (cause == boost::asio::error::access_denied) {
    return {
        errc::unavailable, "port",
        text(
            "Listening on " + place + " is not permitted; choose a port above 1023 with --port.",
            "No se permite escuchar en " + place + "; elige un puerto mayor que 1023 con --port.")};
  }
  return {errc::unavailable, "host",
          text("Cannot listen on " + place + ": " + cause.message() +
                   "; choose an address of this machine with --host.",
               "No se puede escuchar en " + place + ": " + cause.message() +
                   "; elige una dirección de esta máquina con --host.")};
}

// SO_REUSEPORT is set after the bind of the first listener: bound without it, it finds out whether
// anybody else has the port, even a program that shares its own.
result<boost::asio::ip::tcp::acceptor> listen(boost::asio::io_context& context,
                                              const tcp::endpoint& where, bool first) {
  boost::asio::ip::tcp::acceptor acceptor(context.get_executor());
  boost::system::error_code ec;
  const int yes = 1;
  const auto share_port = [&] {
    if (::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) != 0) {
      ec.assign(errno, boost::system::system_category());
    }
  };
  acceptor.open(where.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && !first) share_port();
  if (!ec) acceptor.bind(where, ec);
  if (!ec && first) share_port();
  if (!ec) acceptor.listen(backlog, ec);
  if (ec) return cannot_listen(where, ec);
  return acceptor;
}

}  // namespace

class http_server::impl {
 public:
  impl(reactors& l, const router& routes, http_server_settings settings, error_renderer renderer,
       request_observer observer)
      : loops(l),
        core(std::make_shared<server_core>(routes, std::move(settings), std::move(renderer),
                                           std::move(observer))) {}

  // Returns once it has run on each lane's reactor; not for ever, as a reactor may be stopped.
  void on_every_lane(void (http_lane::*action)()) {
    std::vector<std::future<void>> done;
    for (auto& lane : lanes) {
      auto promise = std::make_shared<std::promise<void>>();
      done.push_back(promise->get_future());
      boost::asio::post(lane->executor(), [lane, action, promise] {
        (lane.get()->*action)();
        promise->set_value();
      });
    }
    for (auto& each : done) each.wait_for(cut_time);
  }

  reactors& loops;
  std::shared_ptr<server_core> core;
  std::vector<std::shared_ptr<http_lane>> lanes;
  std::uint16_t port = 0;
};

http_server::http_server(reactors& loops, const router& routes, http_server_settings settings,
                         error_renderer renderer, request_observer observer)
    : impl_(std::make_shared<impl>(loops, routes, std::move(settings), std::move(renderer),
                                   std::move(observer))) {}

http_server::~http_server() {
  stop();
}

result<void> http_server::start() {
  auto& core = *impl_->core;
  boost::system::error_code ec;
  const auto& host = core.settings.host == "localhost" ? "127.0.0.1" : core.settings.host;
  const auto address = boost::asio::ip::make_address(host, ec);
  if (ec) {
    return error(errc::validation, "host",
                 text("The address to listen on is no IP address: " + core.settings.host,
                      "La dirección de escucha no es una dirección IP: " + core.settings.host));
  }
  const auto limit = descriptor_limit();
  core.connections_max = std::min(
      core.connections_max, limit > 2 * descriptors_kept ? limit - descriptors_kept : limit / 2);
  tcp::endpoint where(address, core.settings.port);
  std::vector<std::shared_ptr<http_lane>> lanes;
  for (std::size_t i = 0; i < impl_->loops.size(); ++i) {
    auto& context = impl_->loops.context(i);
    auto acceptor = listen(context, where, i == 0);
    if (!acceptor) return acceptor.error();
    if (i == 0) where.port(acceptor->local_endpoint(ec).port());
    lanes.push_back(std::make_shared<http_lane>(impl_->core, context, std::move(*acceptor)));
  }
  impl_->lanes = std::move(lanes);
  impl_->port = where.port();
  for (auto& lane : impl_->lanes) lane->start();
  return {};
}

std::uint16_t http_server::port() const {
  return impl_->port;
}

std::size_t http_server::connections() const {
  return impl_->core->open.load();
}

void http_server::stop() {
  if (impl_->lanes.empty()) return;
  auto& core = *impl_->core;
  impl_->on_every_lane(&http_lane::drain);
  core.stop_taken(false);
  if (!core.wait_empty(core.settings.drain_time)) {
    log::warn("http.drain_cut", {{"connections", core.open.load()}});
  }
  impl_->on_every_lane(&http_lane::cut);
  core.stop_taken(true);
  core.wait_empty(cut_time);
  impl_->lanes.clear();
}

}  // namespace son1k::net
