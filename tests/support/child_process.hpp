// A program that a test started: it is ended by its own id, at the latest with this object. Its
// output goes to a file. Not thread-safe.
#pragma once
#include <sys/types.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace son1k::test {

class child_process {
 public:
  child_process() = default;
  // Looks the program up in PATH. Throws std::runtime_error where it cannot be started.
  child_process(const std::vector<std::string>& words, const std::filesystem::path& output);
  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&& other) noexcept;
  ~child_process() { end(SIGKILL); }

  bool running() const { return id_ > 0; }
  pid_t id() const { return id_; }
  void send(int signal) const;
  // Sends it and waits for the end; the exit code, or 128 + the signal that ended it.
  int end(int signal);
  int wait();

 private:
  pid_t id_ = -1;
};

// Runs to its end; throws std::runtime_error with its output if the code is not 0.
void run_program(const std::vector<std::string>& words, const std::filesystem::path& output);
// Whether PATH has it.
bool has_program(const std::string& name);
// A port of 127.0.0.1 on which nobody listens at this moment, from below the range that the kernel
// hands out, so that a client's own port does not take it while its server is away.
std::uint16_t free_port();

}  // namespace son1k::test
