// son1k serve: the API, and the workers in the same process; with WORKER_ONLY, the workers alone.
#include <unistd.h>

#include <CLI/App.hpp>
#include <cstdio>

#include "api/alerts/alert_watch.hpp"
#include "api/bind.hpp"
#include "app/command_line.hpp"
#include "app/end_signals.hpp"
#include "app/realtime_service.hpp"
#include "app/server_file.hpp"
#include "app/system.hpp"
#include "app/version.hpp"
#include "app/web_assets.hpp"
#include "base/lifecycle.hpp"
#include "base/log.hpp"
#include "music/produce.hpp"
#include "net/http_server.hpp"
#include "ops/supervisor.hpp"

namespace son1k::app {
namespace {

void observe(api::http_meter& meter, const net::request_report& report) {
  meter.observe(report);
  if (!log::enabled(log::level::debug)) return;
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(report.took).count();
  log::debug("http.request", {{"route", report.request->route},
                              {"status", report.status},
                              {"us", micros},
                              {"requestId", report.request->request_id}});
}

// A server that makes pieces says at its start that it cannot, not an hour later at each of them.
result<void> check_sound_font(const settings& config) {
  if (config.integer("workers") == 0) return {};
  if (auto font = music::find_sound_font(config.text("sound_font")); !font) return font.error();
  return {};
}

// The address as a URL has it: IPv6 stands in brackets (RFC 3986 section 3.2.2).
std::string url_of(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

// How other people know this server among the others.
std::string name_of_server() {
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) != 0) return "server";
  return std::string(host) + "/" + std::to_string(::getpid());
}

// Where this machine reaches it: who listens everywhere listens on the loopback too.
std::string local_url_of(const std::string& host, std::uint16_t port) {
  if (host == "0.0.0.0") return url_of("127.0.0.1", port);
  return url_of(host == "::" ? "::1" : host, port);
}

// For whoever starts a server that has no administrator yet; else empty.
std::string setup_link(running_system& system, const std::string& address) {
  const auto& known = system.services().site.origin();
  const auto link = system.accounts().begin_setup(known.empty() ? address : known);
  if (!link) log::warn("serve.no_setup_link", {{"error", link.error().what()}});
  return link && *link ? **link : std::string();
}

struct serve_flags : common_flags {
  bool supervised = false;
};

int serve(const serve_flags& flags) {
  auto config = flags.load();
  if (!config) return fail(config.error(), flags.json);
  if (config->boolean("worker_only") && !flags.supervised) return run_worker(flags);
  if (auto ok = configure_log(*config); !ok) return fail(ok.error(), flags.json);
  if (auto ok = check_sound_font(*config); !ok) return fail(ok.error(), flags.json);
  if (flags.supervised) {
    ops::supervisor_settings with;
    with.arguments = {"serve"};
    for (auto& one : arguments_of(flags)) with.arguments.push_back(std::move(one));
    return ops::supervise(with);
  }
  end_signals signals;
  auto opened = running_system::open(*config);
  if (!opened) return fail(opened.error(), flags.json);
  auto& system = **opened;

  net::reactors loops;
  net::router routes;
  api::resources resources(system.services(), system.accounts().identities());
  resources.bind(routes);
  api::bind_web_page(routes, web_assets());
  std::unique_ptr<realtime_service> realtime;
  if (config->boolean("realtime")) {
    auto made = realtime_service::make(*config, system, resources, loops);
    if (!made) return fail(made.error(), flags.json);
    realtime = std::move(*made);
    realtime->bind(routes);
  }
  net::http_server_settings http;
  http.host = config->text("host");
  http.port = static_cast<std::uint16_t>(config->integer("port"));
  const auto requests = std::make_shared<api::http_meter>(routes);
  resources.figures().add([requests, &system, live = realtime.get()](auto& out) {
    requests->collect(out);
    system.collect_figures(out);
    if (live != nullptr) live->collect_figures(out);
  });
  const auto observer = [requests](const net::request_report& r) { observe(*requests, r); };
  net::http_server server(loops, routes, http, api::render_error, observer);

  api::alert_watch alerts(system.services(), name_of_server(),
                          [requests] { return requests->totals(); });

  lifecycle parts;
  parts.add(
      "reactors", [&]() -> result<void> { return loops.start(), result<void>(); },
      [&] { loops.stop(); });
  parts.add(
      "workers", [&] { return system.start_workers(); }, [&] { system.stop_workers(); });
  parts.add(
      "scheduler", [&] { return system.start_scheduler(); }, [&] { system.stop_scheduler(); });
  parts.add(
      "news", [&]() -> result<void> { return resources.start(), result<void>(); },
      [&] { resources.close(); });
  parts.add(
      "alerts", [&]() -> result<void> { return alerts.start(), result<void>(); },
      [&] { alerts.stop(); });
  const auto end_realtime = [&realtime] {
    if (realtime) realtime->stop();
  };
  parts.add(
      "realtime",
      [&]() -> result<void> {
        if (realtime) realtime->start();
        return {};
      },
      end_realtime);
  parts.add(
      "http",
      [&]() -> result<void> {
        system.serve_callers();
        if (auto ok = server.start(); !ok) return ok;
        if (realtime) realtime->announce(server.port());
        return {};
      },
      [&] {
        resources.close();
        end_realtime();
        server.stop();
      });
  std::optional<server_file> noted;
  parts.add(
      "server file",
      [&]() -> result<void> {
        const noted_server told{local_url_of(http.host, server.port()),
                                system.accounts().local_token()};
        auto file = server_file::write(config->text("data_dir"), told);
        if (file) noted.emplace(std::move(*file));
        if (file || needs_data_dir(*config)) return file ? result<void>() : file.error();
        // Commands on this machine need its address and a key, then.
        log::info("serve.not_noted", {{"error", file.error().what()}});
        return {};
      },
      [&] { noted.reset(); });
  if (auto ok = parts.start(); !ok) return fail(ok.error(), flags.json);
  const auto address = url_of(http.host, server.port());
  const auto link = setup_link(system, local_url_of(http.host, server.port()));
  if (flags.json) {
    boost::json::object hello{{"address", address}, {"pid", ::getpid()}, {"version", version}};
    if (!link.empty()) hello["setupUrl"] = link;
    print_json(hello);
  } else {
    std::printf("son1k %s listens on %s\n", std::string(version).c_str(), address.c_str());
    if (!link.empty()) std::printf("set up the first administrator: %s\n", link.c_str());
    std::fflush(stdout);
  }
  signals.wait();
  log::info("serve.draining", {});
  parts.stop();
  system.stop();
  log::info("serve.stopped", {});
  return exit_ok;
}

}  // namespace

void add_serve(CLI::App& program, command_run& run) {
  auto flags = std::make_shared<serve_flags>();
  auto* command = program.add_subcommand("serve", "Serve the API and run jobs in this process");
  add_common_flags(
      *command, *flags,
      {"data_dir", "host", "port", "workers", "concurrency", "sound_font", "log_level", "probe"});
  command->add_flag("--supervised", flags->supervised,
                    "start the server again when it crashes, after 1 to 30 s");
  command->footer("Example:  son1k serve --data-dir ./data --port 3001");
  command->callback([&run, flags] { run = [flags] { return serve(*flags); }; });
}

}  // namespace son1k::app
