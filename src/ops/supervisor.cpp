#include "ops/supervisor.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>

#include "base/log.hpp"

namespace son1k::ops {
namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The program's exit codes (docs/commands.md) that another try would give again.
constexpr int exit_usage = 2;
constexpr int exit_refused = 4;
constexpr int exit_failed = 1;
constexpr int exec_failed = 127;

std::int64_t ms_since(steady_clock::time_point then) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - then).count();
}

// In the child, between fork and exec: calls that are safe there, and no others (signal-safety(7)).
[[noreturn]] void become(const char* program, char* const* arguments, pid_t parent) {
  // A terminal's Ctrl-C must reach the supervisor only: a second signal would end a drain.
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(exit_failed);
  execv(program, arguments);
  _exit(exec_failed);
}

class watch_over {
 public:
  explicit watch_over(const supervisor_settings& settings)
      : settings_(settings),
        program_(std::filesystem::read_symlink("/proc/self/exe").string()),
        signals_(loop_, SIGTERM, SIGINT, SIGCHLD),
        patience_(loop_) {}

  int run() {
    for (std::size_t i = 0; i < settings_.processes; ++i) {
      children_.push_back(std::make_unique<child>(loop_, i));
      begin(*children_.back());
    }
    listen();
    loop_.run();
    log::info("supervisor.ended", {{"code", code_}});
    return code_;
  }

 private:
  struct child {
    child(asio::io_context& loop, std::size_t n) : number(n), pause(loop) {}
    std::size_t number;
    pid_t pid = 0;  // 0: not running
    steady_clock::time_point began;
    restart_pace pace;
    asio::steady_timer pause;
    bool gone = false;
  };

  void listen() {
    signals_.async_wait([this](const boost::system::error_code& ec, int signal) {
      if (ec) return;
      if (signal == SIGCHLD) {
        reap();
      } else if (ending_) {
        tell_all(SIGKILL);
      } else {
        log::info("supervisor.draining", {{"processes", running()}});
        end(0);
      }
      if (!finished()) listen();
    });
  }

  void begin(child& c) {
    std::vector<char*> arguments{program_.data()};
    auto words = settings_.arguments;
    if (settings_.own_arguments)
      for (auto& one : settings_.own_arguments(c.number)) words.push_back(std::move(one));
    for (std::string& one : words) arguments.push_back(one.data());
    arguments.push_back(nullptr);
    const pid_t parent = getpid();
    c.began = steady_clock::now();
    c.pid = fork();
    if (c.pid == 0) become(program_.c_str(), arguments.data(), parent);
    if (c.pid < 0) {
      c.pid = 0;
      log::error("supervisor.cannot_fork", {{"error", std::generic_category().message(errno)}});
      begin_later(c);
      return;
    }
    log::info("supervisor.started", {{"process", c.number}, {"pid", c.pid}});
  }

  void begin_later(child& c) {
    const std::int64_t wait = c.pace.after(ms_since(c.began));
    log::warn("supervisor.starts_again", {{"process", c.number}, {"in_ms", wait}});
    c.pause.expires_after(milliseconds(wait));
    c.pause.async_wait([this, &c](const boost::system::error_code& ec) {
      if (!ec && !ending_) begin(c);
    });
  }

  void reap() {
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto at = std::find_if(children_.begin(), children_.end(),
                                   [pid](const auto& c) { return c->pid == pid; });
      if (at != children_.end()) ended(**at, status);
    }
  }

  void ended(child& c, int status) {
    const bool exited = WIFEXITED(status);
    const int exit_code = exited ? WEXITSTATUS(status) : 0;
    log::info("supervisor.process_ended", {{"process", c.number},
                                           {"pid", c.pid},
                                           {"code", exit_code},
                                           {"signal", exited ? 0 : WTERMSIG(status)},
                                           {"lived_ms", ms_since(c.began)}});
    c.pid = 0;
    if (ending_) {
      if (exit_code != 0) code_ = std::max(code_, exit_code);
      return;
    }
    switch (meaning_of(exited, exit_code)) {
      case after_end::restart:
        begin_later(c);
        break;
      case after_end::gone:
        c.gone = true;
        if (std::all_of(children_.begin(), children_.end(), [](const auto& o) { return o->gone; }))
          end(0);
        break;
      case after_end::give_up:
        end(exit_code);
        break;
    }
  }

  void end(int code) {
    ending_ = true;
    code_ = code;
    for (auto& c : children_) c->pause.cancel();
    tell_all(SIGTERM);
    patience_.expires_after(milliseconds(settings_.drain_ms));
    patience_.async_wait([this](const boost::system::error_code& ec) {
      if (ec) return;
      log::error("supervisor.killed_the_slow", {{"processes", running()}});
      code_ = exit_failed;
      tell_all(SIGKILL);
    });
  }

  bool finished() {
    if (!ending_ || running() > 0) return false;
    patience_.cancel();
    return true;
  }
  std::size_t running() const {
    return static_cast<std::size_t>(std::count_if(children_.begin(), children_.end(),
                                                  [](const auto& c) { return c->pid > 0; }));
  }
  void tell_all(int signal) {
    for (const auto& c : children_)
      if (c->pid > 0) kill(c->pid, signal);
  }

  const supervisor_settings& settings_;
  std::string program_;
  asio::io_context loop_{1};
  asio::signal_set signals_;
  asio::steady_timer patience_;
  std::vector<std::unique_ptr<child>> children_;
  bool ending_ = false;
  int code_ = 0;
};

}  // namespace

after_end meaning_of(bool exited, int exit_code) {
  if (!exited) return after_end::restart;
  if (exit_code == 0) return after_end::gone;
  if (exit_code == exit_usage || exit_code == exit_refused || exit_code == exec_failed)
    return after_end::give_up;
  return after_end::restart;
}

result<std::size_t> processes_of(const std::string& asked, process_range range, std::size_t cores) {
  constexpr std::int64_t most = 1'024;
  const auto out_of = [](const char* field, std::int64_t low, std::int64_t high) {
    return error(errc::validation, field,
                 {fmt::format("must be a whole number from {} to {}", low, high),
                  fmt::format("debe ser un número entero de {} a {}", low, high)});
  };
  if (range.min < 1 || range.min > most) return out_of("min", 1, most);
  if (range.max < range.min || range.max > most) return out_of("max", range.min, most);
  auto wanted = static_cast<std::int64_t>(cores);
  if (asked != "auto") {
    const auto read = std::from_chars(asked.data(), asked.data() + asked.size(), wanted);
    if (read.ec != std::errc() || read.ptr != asked.data() + asked.size() || wanted < 1 ||
        wanted > most) {
      return error(errc::validation, "processes",
                   {fmt::format("must be \"auto\" or a whole number from 1 to {}", most),
                    fmt::format("debe ser \"auto\" o un número entero de 1 a {}", most)});
    }
  }
  return static_cast<std::size_t>(std::clamp(wanted, range.min, range.max));
}

int supervise(const supervisor_settings& settings) {
  return watch_over(settings).run();
}

}  // namespace son1k::ops
