#include "ops/bench_realtime.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>

#include "base/clock.hpp"
#include "net/http_server.hpp"
#include "realtime/engine/server.hpp"
#include "realtime/socketio/local/local_cluster.hpp"
#include "realtime/socketio/server.hpp"

namespace son1k::ops {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
constexpr std::size_t padding_max = 64u << 10;

realtime::io_settings socket_settings() {
  realtime::io_settings out;
  out.events_per_second_max = 10'000'000;  // counted as a server's clients are, never reached
  return out;
}

std::vector<asio::any_io_executor> executors_of(net::reactors& loops) {
  std::vector<asio::any_io_executor> out;
  for (std::size_t n = 0; n < loops.size(); ++n) out.emplace_back(loops.executor(n));
  return out;
}

// Built as `serve` builds it, with a cluster of one: what is broadcast is kept for those who come
// back.
class bench_server {
 public:
  explicit bench_server(const realtime_bench_settings& with)
      : loops_(with.reactors),
        cluster_(realtime::make_local_cluster(realtime::make_local_place(system_clock()))),
        sockets_(executors_of(loops_), system_clock(), socket_settings(), cluster_.get()),
        space_(sockets_.of("/")),
        engine_(loops_, {}, sockets_.acceptor()) {
    listen();
    routes_.add_all(engine_.routes());
    const auto on_emit = [this](net::http_request& request) { return emit(request); };
    const auto on_stat = [](net::http_request&) { return stat(); };
    routes_.add_all({{net::http_method::get, "/emit", net::sync_handler(on_emit)},
                     {net::http_method::get, "/stat", net::sync_handler(on_stat)}});
    net::http_server_settings http;
    http.port = with.port;
    http.connections_max = 100'000;
    http_ = std::make_unique<net::http_server>(loops_, routes_, http);
  }
  ~bench_server() {
    engine_.stop();
    sockets_.stop();
    http_->stop();
    loops_.stop();
  }

  result<std::uint16_t> start() {
    if (auto started = http_->start(); !started) return started.error();
    sockets_.start();
    engine_.start();
    loops_.start();
    return http_->port();
  }

 private:
  // Every socket is in room r, and every event with an acknowledgement gets its arguments back.
  void listen() {
    space_.on_connect([](const realtime::io_space::socket_ptr& socket) {
      if (const auto joined = socket->join("r"); !joined)
        std::fprintf(stderr, "%s\n", joined.error().what().c_str());
    });
    space_.on_any([](const auto&, realtime::io_event& event, const realtime::io_ack& ack) {
      if (ack) ack(event.args);
    });
  }

  net::http_response emit(net::http_request& request) {
    const auto number = [&](std::string_view name, int least, int most) {
      return std::clamp(std::atoi(request.query(name).value_or("1").c_str()), least, most);
    };
    auto work = std::make_shared<emission>();
    work->events = number("n", 1, 1'000'000);
    work->burst = number("burst", 1, 1'000);
    if (request.query("pad"))
      work->padding.assign(static_cast<std::size_t>(number("pad", 0, padding_max)), 'x');
    emit_some(std::move(work));
    return net::text_response(200, "ok");
  }

  struct emission {
    int events = 0;
    int burst = 1;
    int told = 0;
    std::string padding;
  };

  // A burst a turn of the first reactor's loop; the next turn goes on.
  void emit_some(std::shared_ptr<emission> work) {
    asio::post(loops_.executor(0), [this, work = std::move(work)] {
      const int until = std::min(work->events, work->told + work->burst);
      for (; work->told < until; ++work->told) {
        json::object event{{"generationId", "g1"},
                           {"progress", work->told % 101},
                           {"status", "processing"},
                           {"seq", work->told}};
        if (!work->padding.empty()) event["padding"] = work->padding;
        space_.to({"r"}).emit("generation:progress", {std::move(event)});
      }
      if (until < work->events) emit_some(work);
    });
  }

  static net::http_response stat() {
    struct rusage used {};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    std::ifstream statm("/proc/self/statm");
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    statm >> all >> resident;
    json::object out;
    out["cpu"] = seconds(used.ru_utime) + seconds(used.ru_stime);
    out["rss"] = resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return net::json_response(200, out);
  }

  net::reactors loops_;
  const std::unique_ptr<realtime::cluster> cluster_;
  realtime::io_server sockets_;
  realtime::io_space& space_;
  net::router routes_;
  std::unique_ptr<net::http_server> http_;
  realtime::engine_server engine_;
};

}  // namespace

result<void> serve_realtime_bench(const realtime_bench_settings& settings,
                                  const std::function<void()>& wait) {
  bench_server server(settings);
  const auto port = server.start();
  if (!port) return port.error();
  std::printf("listening on %u\n", *port);
  std::fflush(stdout);
  wait();
  return {};
}

}  // namespace son1k::ops
