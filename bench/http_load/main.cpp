// A lean HTTP/1.1 load generator: epoll, keep-alive, one request in flight a connection, a template
// written once. It shares the cores with the server it measures, so it does as little as it can.
// Prints one JSON object.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;

struct settings {
  std::string host = "127.0.0.1";
  int port = 3001;
  int connections = 64;
  int threads = 1;
  double seconds = 5;
  std::string method = "GET";
  std::string path = "/health";
  std::string body;
  std::string headers;
  bool idempotent = false;
};

// Latencies in buckets of 1/16 of a power of two of nanoseconds: under 7 % of error, no allocation.
class histogram {
 public:
  void add(std::uint64_t ns) { ++counts_[slot_of(ns)]; }
  void merge(const histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  }
  double quantile_us(double share) const {
    std::uint64_t total = 0;
    for (const auto count : counts_) total += count;
    auto left = static_cast<std::uint64_t>(share * static_cast<double>(total));
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] > left) return static_cast<double>(floor_of(i)) / 1000.0;
      left -= counts_[i];
    }
    return 0;
  }

 private:
  static std::size_t slot_of(std::uint64_t ns) {
    const auto value = ns | 16;
    const auto power = static_cast<std::size_t>(63 - __builtin_clzll(value));
    return power * 16 + static_cast<std::size_t>((value >> (power - 4)) & 15);
  }
  static std::uint64_t floor_of(std::size_t slot) {
    return slot < 64 ? 0 : (16 + slot % 16) << (slot / 16 - 4);
  }
  std::array<std::uint64_t, 64 * 16> counts_{};
};

struct outcome {
  std::uint64_t replies = 0;
  std::uint64_t errors = 0;
  std::array<std::uint64_t, 600> by_status{};
  histogram latency;
};

struct connection {
  int descriptor = -1;
  std::uint64_t began_ns = 0;
  std::size_t have = 0;       // bytes in `buffer`
  std::size_t body_left = 0;  // of a reply longer than the buffer
  int status = 0;
  std::array<char, 8192> buffer;
};

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(steady::now().time_since_epoch().count());
}

class driver {
 public:
  explicit driver(const settings& s, int connections, std::uint64_t seed)
      : settings_(s), random_(seed), connections_(static_cast<std::size_t>(connections)) {
    request_ = s.method + " " + s.path + " HTTP/1.1\r\nHost: " + s.host + "\r\n" + s.headers;
    if (s.idempotent) {
      request_ += "Idempotency-Key: ";
      key_at_ = request_.size();
      request_ += "00000000-0000-4000-8000-000000000000\r\n";
    }
    if (!s.body.empty()) request_ += "Content-Length: " + std::to_string(s.body.size()) + "\r\n";
    request_ += "\r\n" + s.body;
  }

  outcome run(steady::time_point end) {
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    for (auto& each : connections_) open(each);
    std::array<epoll_event, 256> events;
    while (steady::now() < end) {
      const int ready = ::epoll_wait(poll_, events.data(), events.size(), 100);
      for (int i = 0; i < ready; ++i) {
        on_readable(*static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr));
      }
    }
    for (auto& each : connections_) ::close(each.descriptor);
    ::close(poll_);
    return out_;
  }

 private:
  void open(connection& c) {
    if (c.descriptor >= 0) ::close(c.descriptor);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(settings_.port));
    ::inet_pton(AF_INET, settings_.host.c_str(), &address.sin_addr);
    c.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(c.descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      std::fprintf(stderr, "cannot connect to %s:%d: %s\n", settings_.host.c_str(), settings_.port,
                   std::strerror(errno));
      std::exit(3);
    }
    const int yes = 1;
    ::setsockopt(c.descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &c;
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, c.descriptor, &event);
    c.have = c.body_left = 0;
    send(c);
  }

  void send(connection& c) {
    if (key_at_ > 0) {
      constexpr char digits[] = "0123456789abcdef";
      auto bits = random_();
      for (const std::size_t i : {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 24, 25, 26, 27}) {
        request_[key_at_ + i] = digits[bits & 15];
        bits >>= 4;
      }
    }
    c.began_ns = now_ns();
    // The request fits any socket buffer: one is in flight at a time.
    const auto sent = ::send(c.descriptor, request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request_.size())) ++out_.errors;
  }

  void on_readable(connection& c) {
    const auto got =
        ::recv(c.descriptor, c.buffer.data() + c.have, c.buffer.size() - c.have, MSG_DONTWAIT);
    if (got <= 0) {
      if (got < 0 && errno == EAGAIN) return;
      ++out_.errors;
      open(c);
      return;
    }
    if (c.body_left > 0) {
      c.body_left -= std::min(c.body_left, static_cast<std::size_t>(got));
      if (c.body_left == 0) finish(c);
      return;
    }
    c.have += static_cast<std::size_t>(got);
    take_head(c);
  }

  void take_head(connection& c) {
    const std::string_view text(c.buffer.data(), c.have);
    const auto end = text.find("\r\n\r\n");
    if (end == std::string_view::npos || text.size() < 12) return;
    std::from_chars(text.data() + 9, text.data() + 12, c.status);
    const auto at = text.substr(0, end).find("Content-Length: ");
    std::size_t length = 0;
    if (at != std::string_view::npos) {
      std::from_chars(text.data() + at + 16, text.data() + end, length);
    }
    const auto have = c.have - end - 4;
    c.have = 0;
    if (have >= length) return finish(c);
    c.body_left = length - have;
  }

  void finish(connection& c) {
    out_.latency.add(now_ns() - c.began_ns);
    ++out_.replies;
    ++out_.by_status[static_cast<std::size_t>(c.status) % out_.by_status.size()];
    send(c);
  }

  const settings& settings_;
  std::mt19937_64 random_;
  std::vector<connection> connections_;
  std::string request_;
  std::size_t key_at_ = 0;
  int poll_ = -1;
  outcome out_;
};

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void print(const outcome& total, double took_s) {
  std::printf("{\"requests_per_s\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,\"errors\":%llu",
              static_cast<double>(total.replies) / took_s, total.latency.quantile_us(0.5),
              total.latency.quantile_us(0.99), static_cast<unsigned long long>(total.errors));
  std::printf(",\"client_cpu_us_per_request\":%.2f,\"by_status\":{",
              total.replies ? cpu_seconds() * 1e6 / static_cast<double>(total.replies) : 0.0);
  const char* comma = "";
  for (std::size_t i = 0; i < total.by_status.size(); ++i) {
    if (total.by_status[i] == 0) continue;
    std::printf("%s\"%zu\":%llu", comma, i, static_cast<unsigned long long>(total.by_status[i]));
    comma = ",";
  }
  std::printf("}}\n");
}

[[noreturn]] void usage() {
  std::fputs(
      "http_load [--host IP] [--port N] [--connections N] [--threads N] [--seconds S]\n"
      "          [--method M] [--path P] [--body TEXT] [--header 'Name: value']...\n"
      "          [--idempotent-uuid]\n",
      stderr);
  std::exit(2);
}

settings parse(int argc, char** argv) {
  settings s;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--idempotent-uuid") {
      s.idempotent = true;
      continue;
    }
    if (i + 1 >= argc) usage();
    const std::string value = argv[++i];
    if (name == "--host")
      s.host = value == "localhost" ? "127.0.0.1" : value;
    else if (name == "--port")
      s.port = std::atoi(value.c_str());
    else if (name == "--connections")
      s.connections = std::atoi(value.c_str());
    else if (name == "--threads")
      s.threads = std::atoi(value.c_str());
    else if (name == "--seconds")
      s.seconds = std::atof(value.c_str());
    else if (name == "--method")
      s.method = value;
    else if (name == "--path")
      s.path = value;
    else if (name == "--body")
      s.body = value;
    else if (name == "--header")
      s.headers += value + "\r\n";
    else
      usage();
  }
  if (!s.body.empty() && s.headers.find("Content-Type:") == std::string::npos) {
    s.headers += "Content-Type: application/json\r\n";
  }
  if (s.threads < 1 || s.connections < s.threads) usage();
  return s;
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv);
  const auto began = steady::now();
  const auto end = began + std::chrono::duration_cast<steady::duration>(
                               std::chrono::duration<double>(s.seconds));
  std::vector<outcome> outcomes(static_cast<std::size_t>(s.threads));
  std::vector<std::thread> threads;
  std::random_device seed;
  for (int i = 0; i < s.threads; ++i) {
    const int share = s.connections / s.threads + (i < s.connections % s.threads ? 1 : 0);
    threads.emplace_back([&, i, share, bits = seed()] {
      outcomes[static_cast<std::size_t>(i)] = driver(s, share, bits).run(end);
    });
  }
  for (auto& each : threads) each.join();
  outcome total = outcomes.front();
  for (std::size_t i = 1; i < outcomes.size(); ++i) {
    total.replies += outcomes[i].replies;
    total.errors += outcomes[i].errors;
    total.latency.merge(outcomes[i].latency);
    for (std::size_t k = 0; k < total.by_status.size(); ++k) {
      total.by_status[k] += outcomes[i].by_status[k];
    }
  }
  print(total, std::chrono::duration<double>(steady::now() - began).count());
  return total.replies > 0 ? 0 : 1;
}
