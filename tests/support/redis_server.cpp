#include "support/redis_server.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace son1k::test {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::chrono::seconds wait_max{20};
constexpr std::chrono::milliseconds poll{2};
constexpr int slots = 16'384;

template <class Condition>
void wait_until(const std::string& what, Condition condition) {
  const auto end = clock::now() + wait_max;
  while (!condition()) {
    if (clock::now() > end) throw std::runtime_error("waited in vain: " + what);
    std::this_thread::sleep_for(poll);
  }
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  timeval limit{5, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0) return fd;
  ::close(fd);
  return -1;
}

// The reply's first line, or the body of a text; empty if nothing came.
std::string read_reply(int fd) {
  std::string got;
  char buffer[4096];
  for (;;) {
    const auto line = got.find("\r\n");
    if (line != std::string::npos) {
      if (got[0] != '$') return got.substr(1, line - 1);
      const auto size = std::stol(got.substr(1, line - 1));
      if (size < 0) return {};
      if (got.size() >= line + 4 + static_cast<std::size_t>(size)) {
        return got.substr(line + 2, static_cast<std::size_t>(size));
      }
    }
    const auto n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return {};
    got.append(buffer, static_cast<std::size_t>(n));
  }
}

}  // namespace

tls_files::tls_files() {
  const auto log = folder_ / "openssl.log";
  const auto at = [this](const char* name) { return (folder_ / name).string(); };
  run_program({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
               "/CN=test authority", "-keyout", at("ca.key"), "-out", at("ca.pem")},
              log);
  run_program(
      {"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
       "-subj", "/CN=127.0.0.1", "-keyout", at("server.key"), "-out", at("server.csr")},
      log);
  std::ofstream(folder_ / "names") << "subjectAltName=IP:127.0.0.1,DNS:localhost\n";
  run_program({"openssl", "x509", "-req", "-days", "2", "-in", at("server.csr"), "-CA",
               at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-extfile", at("names"),
               "-out", at("server.pem")},
              log);
}

redis_server::redis_server(redis_options options, std::uint16_t port)
    : options_(std::move(options)), port_(port != 0 ? port : free_port()) {
  start();
}

redis_server::~redis_server() = default;

void redis_server::set(const std::string& name, const std::string& value) {
  std::erase_if(options_, [&](const auto& option) { return option.first == name; });
  options_.emplace_back(name, value);
}

void redis_server::start(bool wait_for_answer) {
  if (process_.running()) return;
  const auto file = folder_ / "redis.conf";
  std::vector<std::string> words{"redis-server", file.string()};
  bool sentinel = false;
  bool tls = false;
  for (const auto& [name, value] : options_) {
    sentinel = sentinel || name.starts_with("sentinel ");
    tls = tls || name == "tls-port";
  }
  // A sentinel rewrites its file; what it learned stays over a restart.
  if (!sentinel || !std::filesystem::exists(file)) {
    std::ofstream out(file);
    out << "bind 127.0.0.1\nprotected-mode no\ndir " << folder_.path().string() << "\n";
    if (!sentinel) out << "save \"\"\n";
    if (!tls) out << "port " << port_ << "\n";
    for (const auto& [name, value] : options_) out << name << " " << value << "\n";
  }
  if (sentinel) words.emplace_back("--sentinel");
  process_ = child_process(words, folder_ / "redis.log");
  if (!wait_for_answer) return;
  wait_until("redis-server on " + host_port(), [&] {
    if (tls) {
      const int fd = connect_to(port_);
      if (fd >= 0) ::close(fd);
      return fd >= 0;
    }
    return answers();
  });
}

void redis_server::stop() {
  process_.end(SIGTERM);
}

void redis_server::kill() {
  process_.end(SIGKILL);
}

void redis_server::freeze() {
  process_.send(SIGSTOP);
}

void redis_server::thaw() {
  process_.send(SIGCONT);
}

bool redis_server::answers() const {
  return !ask({"PING"}).empty();
}

std::string redis_server::ask(const std::vector<std::string>& words) const {
  const int fd = connect_to(port_);
  if (fd < 0) return {};
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const auto& word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  std::string reply;
  if (::send(fd, out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size())) {
    reply = read_reply(fd);
  }
  ::close(fd);
  return reply;
}

redis_sentinel::redis_sentinel(const std::string& name, const redis_server& master, int down_ms)
    : server_({{"sentinel monitor", name + " 127.0.0.1 " + std::to_string(master.port()) + " 1"},
               {"sentinel down-after-milliseconds", name + " " + std::to_string(down_ms)},
               {"sentinel failover-timeout", name + " 3000"}}) {}

redis_cluster::redis_cluster(int nodes) {
  std::vector<std::string> buses;
  for (int i = 0; i < nodes; ++i) {
    buses.push_back(std::to_string(free_port()));
    nodes_.push_back(
        std::make_unique<redis_server>(redis_options{{"cluster-enabled", "yes"},
                                                     {"cluster-node-timeout", "2000"},
                                                     {"cluster-config-file", "nodes.conf"},
                                                     {"cluster-port", buses.back()}}));
  }
  for (int i = 0; i < nodes; ++i) {
    const int first = slots * i / nodes;
    const int last = slots * (i + 1) / nodes - 1;
    node(i).ask({"CLUSTER", "ADDSLOTSRANGE", std::to_string(first), std::to_string(last)});
  }
  for (int i = 1; i < nodes; ++i) {
    node(i).ask({"CLUSTER", "MEET", "127.0.0.1", std::to_string(node(0).port()), buses.front()});
  }
  for (int i = 0; i < nodes; ++i) {
    wait_until("a cluster in order", [&] {
      const auto info = node(i).ask({"CLUSTER", "INFO"});
      return info.find("cluster_state:ok") != std::string::npos &&
             info.find("cluster_known_nodes:" + std::to_string(nodes)) != std::string::npos;
    });
  }
}

std::string redis_cluster::url() const {
  std::string out = "redis+cluster://";
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    out += (i > 0 ? "," : "") + nodes_[i]->host_port();
  }
  return out;
}

int redis_cluster::owner_of(const std::string& key) const {
  const int slot = std::stoi(nodes_.front()->ask({"CLUSTER", "KEYSLOT", key}));
  int owner = 0;
  while (slot >= slots * (owner + 1) / size()) ++owner;
  return owner;
}

}  // namespace son1k::test
