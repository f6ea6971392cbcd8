// The HTTP server with nothing behind it, for measuring `net` alone: GET /health (at once), GET
// /wait (a coroutine that does not suspend), POST /echo. Usage: http_bare_server [PORT [REACTORS]]
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "net/http_server.hpp"

namespace {

using namespace son1k;

net::http_response health(net::http_request&) {
  return net::json_response(200, std::string(R"({"success":true,"data":{"status":"ok"}})"));
}

boost::asio::awaitable<net::http_response> wait(net::http_request&) {
  co_return net::json_response(200, std::string(R"({"success":true,"data":{"status":"ok"}})"));
}

boost::asio::awaitable<net::http_response> echo(net::http_request& request) {
  auto reply = net::json_response(202, std::move(request.body));
  co_return reply;
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  net::router routes;
  routes.add_all({{net::http_method::get, "/health", net::sync_handler(health)},
                  {net::http_method::get, "/wait", net::handler(wait)},
                  {net::http_method::post, "/echo", net::handler(echo)}});
  net::http_server_settings settings;
  settings.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  net::reactors loops(argc > 2 ? static_cast<std::size_t>(std::atoi(argv[2])) : 0);
  net::http_server server(loops, routes, settings);
  if (const auto started = server.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().what().c_str());
    return 3;
  }
  loops.start();
  std::printf("port %d\n", server.port());
  std::fflush(stdout);
  int got = 0;
  sigwait(&signals, &got);
  server.stop();
  loops.stop();
  return 0;
}
