// Debian's redis-server, started by a test on a free port in a temporary folder and ended by its
// process id. Not thread-safe. Everything that waits has a bound and throws std::runtime_error.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/child_process.hpp"
#include "support/temp_folder.hpp"

namespace son1k::test {

// Lines of a configuration: {"appendonly", "yes"}, {"requirepass", "secret"}, …
using redis_options = std::vector<std::pair<std::string, std::string>>;

// A certificate authority and a server's certificate for 127.0.0.1 and localhost, made by openssl.
class tls_files {
 public:
  tls_files();
  std::string authority() const { return (folder_ / "ca.pem").string(); }
  std::string certificate() const { return (folder_ / "server.pem").string(); }
  std::string key() const { return (folder_ / "server.key").string(); }

 private:
  temp_folder folder_;
};

class redis_server {
 public:
  // Started and answering. Without `port` a free one, which it keeps over restarts.
  explicit redis_server(redis_options options = {}, std::uint16_t port = 0);
  ~redis_server();
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;

  static bool available() { return has_program("redis-server"); }

  std::uint16_t port() const { return port_; }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  std::string host_port() const { return "127.0.0.1:" + std::to_string(port_); }
  const std::filesystem::path& folder() const { return folder_.path(); }

  // Returns when it answers (a PONG, LOADING or a question for a password), unless told otherwise.
  void start(bool wait_for_answer = true);
  void stop();    // SIGTERM: saves as configured
  void kill();    // SIGKILL
  void freeze();  // SIGSTOP: connections stay and nothing answers
  void thaw();
  void restart() {
    stop();
    start();
  }
  // The options of the next start.
  void set(const std::string& name, const std::string& value);

  // One command by a connection of its own ("CONFIG", "SET", "maxmemory", "1mb"), over plain TCP;
  // the reply's first line without its mark, or the bytes of a text. Errors are returned as text.
  std::string ask(const std::vector<std::string>& words) const;

 private:
  bool answers() const;

  temp_folder folder_;
  redis_options options_;
  std::uint16_t port_;
  child_process process_;
};

// The same program as a sentinel that watches `master` (quorum 1) and fails over after `down_ms`.
class redis_sentinel {
 public:
  redis_sentinel(const std::string& name, const redis_server& master, int down_ms = 500);
  std::string host_port() const { return server_.host_port(); }
  redis_server& server() { return server_; }

 private:
  redis_server server_;
};

// Nodes of a cluster without replicas that share the slots evenly.
class redis_cluster {
 public:
  explicit redis_cluster(int nodes);
  redis_server& node(int i) { return *nodes_[static_cast<std::size_t>(i)]; }
  int size() const { return static_cast<int>(nodes_.size()); }
  std::string url() const;
  // The index of the node that has the key's slot.
  int owner_of(const std::string& key) const;

 private:
  std::vector<std::unique_ptr<redis_server>> nodes_;
};

}  // namespace son1k::test
