// Keeps a number of processes of this program running: starts them, starts the dead again with a
// growing pause, drains them when it is asked to end. One thread, its own; the process that
// supervises has no other. A child gets SIGTERM when its supervisor dies.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace son1k::ops {

// How long to wait before a dead process is started again. Pure.
class restart_pace {
 public:
  static constexpr std::int64_t first_ms = 1'000;
  static constexpr std::int64_t most_ms = 30'000;
  static constexpr std::int64_t healthy_ms = 60'000;  // who lived so long begins anew

  std::int64_t after(std::int64_t lived_ms) {
    if (lived_ms >= healthy_ms) next_ms_ = first_ms;
    const std::int64_t wait = next_ms_;
    next_ms_ = next_ms_ * 2 < most_ms ? next_ms_ * 2 : most_ms;
    return wait;
  }

 private:
  std::int64_t next_ms_ = first_ms;
};

// What the end of a process means for it and the others.
enum class after_end {
  restart,  // it crashed, was killed, or what it needs was not there
  gone,     // it ended by itself, in peace: somebody told it to drain
  give_up,  // it refuses its settings, and so will the next one
};
after_end meaning_of(bool exited, int exit_code);

// `auto` (one a core) or a number, held to min..max. validation: the field "processes", "min" or
// "max".
struct process_range {
  std::int64_t min = 1;
  std::int64_t max = 64;
};
result<std::size_t> processes_of(const std::string& asked, process_range range, std::size_t cores);

struct supervisor_settings {
  std::vector<std::string> arguments;  // of a child, after the program's name
  std::function<std::vector<std::string>(std::size_t number)> own_arguments;  // behind these
  std::size_t processes = 1;
  // A worker's grace of 25 s, and what it needs beyond that to write down how it ended.
  std::int64_t drain_ms = 45'000;
};

// Runs until SIGTERM or SIGINT and the end of all children, or until none is left; the exit code.
// A second signal kills the children at once.
int supervise(const supervisor_settings& settings);

}  // namespace son1k::ops
