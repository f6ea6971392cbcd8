#include "support/child_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

extern char** environ;

namespace son1k::test {

child_process::child_process(const std::vector<std::string>& words,
                             const std::filesystem::path& output) {
  std::vector<char*> pointers;
  for (const auto& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  const int failed = posix_spawnp(&id_, pointers[0], &files, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) {
    id_ = -1;
    throw std::runtime_error("cannot start " + words.front());
  }
}

child_process::child_process(child_process&& other) noexcept : id_(std::exchange(other.id_, -1)) {}

child_process& child_process::operator=(child_process&& other) noexcept {
  if (this == &other) return *this;
  end(SIGKILL);
  id_ = std::exchange(other.id_, -1);
  return *this;
}

void child_process::send(int signal) const {
  if (id_ > 0) ::kill(id_, signal);
}

int child_process::end(int signal) {
  send(signal);
  // A stopped process takes no other signal.
  if (signal != SIGKILL) send(SIGCONT);
  return wait();
}

int child_process::wait() {
  if (id_ <= 0) return 0;
  int status = 0;
  while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
  }
  id_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void run_program(const std::vector<std::string>& words, const std::filesystem::path& output) {
  child_process program(words, output);
  if (program.wait() == 0) return;
  std::ostringstream said;
  said << std::ifstream(output).rdbuf();
  throw std::runtime_error(words.front() + " failed: " + said.str());
}

bool has_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((folder + "/" + name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::uint16_t free_port() {
  constexpr int first = 12'000;
  constexpr int count = 18'000;
  static std::atomic<int> turn{static_cast<int>(::getpid()) * 37 % count};
  for (int tries = 0; tries < count; ++tries) {
    const int port = first + turn.fetch_add(1) % count;
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int reuse = 1;
    ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = ::bind(probe, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
    ::close(probe);
    if (free) return static_cast<std::uint16_t>(port);
  }
  throw std::runtime_error("no free port");
}

}  // namespace son1k::test
