// A load client for servers of Socket.IO over WebSocket that serve /emit and /stat:
//   realtime_load PORT burst|sparse|ack|idle|slow|drops [SOCKETS] [EVENTS] [BURST]
// Prints one JSON object. One thread, epoll, no library: it must cost less than what it measures.
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wire.hpp"

namespace {

using namespace son1k::bench;
using clock_type = std::chrono::steady_clock;
constexpr auto patience = std::chrono::seconds(60);

struct usage {
  double cpu = 0;
  double rss = 0;
};

usage used(int port) {
  const auto reply = get(port, "/stat");
  const auto number = [&](const char* name) {
    const auto at = reply.find(name);
    return at == std::string::npos ? 0.0 : std::strtod(reply.c_str() + at + 6, nullptr);
  };
  return {number("\"cpu\":"), number("\"rss\":")};
}

// Takes frames apart as they come; only the first bytes of a payload are looked at.
struct client {
  int fd = -1;
  std::string head;
  std::size_t payload_left = 0;
  char start[2] = {0, 0};
  std::size_t started = 0;
  bool connected = false;
  std::uint64_t events = 0;
  std::uint64_t acks = 0;
};

// The head of the reply is read byte by byte, so that no frame is taken for it.
void shake_hands(int fd) {
  send_all(fd, hello);
  for (std::string reply; !reply.ends_with("\r\n\r\n");) {
    char byte = 0;
    if (::recv(fd, &byte, 1, 0) != 1) {
      std::fprintf(stderr, "a handshake failed: %s\n", reply.c_str());
      std::exit(1);
    }
    reply += byte;
  }
}

class crowd {
 public:
  crowd(int port, std::size_t count) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t n = 0; n < count; ++n) {
      auto one = std::make_unique<client>();
      one->fd = connect_to(port);
      shake_hands(one->fd);
      send_all(one->fd, frame("40"));
      epoll_event event{};
      event.events = EPOLLIN | EPOLLET;
      event.data.ptr = one.get();
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, one->fd, &event);
      all.push_back(std::move(one));
    }
    until([&] { return connected == all.size(); });
  }

  // Reads until `done`; ends the program where that takes too long.
  template <class Done>
  void until(Done done) {
    const auto last = clock_type::now() + patience;
    while (!done()) {
      epoll_event ready[256];
      const int count = ::epoll_wait(epoll_, ready, 256, 1'000);
      for (int n = 0; n < count; ++n) read(*static_cast<client*>(ready[n].data.ptr));
      if (clock_type::now() > last) {
        std::fprintf(stderr, "too slow: %lu events, %lu acks, %lu lost\n", events, acks, lost);
        std::exit(1);
      }
    }
  }

  std::vector<std::unique_ptr<client>> all;
  std::size_t connected = 0;
  std::uint64_t events = 0;
  std::uint64_t acks = 0;
  std::uint64_t lost = 0;
  bool asks_again = false;  // a new event with an acknowledgement after each one

 private:
  void read(client& one) {
    for (std::size_t whole = sizeof buffer_; whole == sizeof buffer_;) {
      const auto got = ::recv(one.fd, buffer_, sizeof buffer_, MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN)) {
        ::epoll_ctl(epoll_, EPOLL_CTL_DEL, one.fd, nullptr);
        ++lost;
        return;
      }
      whole = got < 0 ? 0 : static_cast<std::size_t>(got);
      std::string_view bytes(buffer_, whole);
      while (!bytes.empty()) step(one, bytes);
    }
  }

  void step(client& one, std::string_view& bytes) {
    if (one.payload_left == 0) {
      one.head += bytes.front();
      bytes.remove_prefix(1);
      if (one.head.size() < 2) return;
      auto size = static_cast<std::size_t>(one.head[1] & 0x7f);
      if (size == 126) {
        if (one.head.size() < 4) return;
        size = static_cast<std::size_t>(static_cast<unsigned char>(one.head[2])) << 8 |
               static_cast<unsigned char>(one.head[3]);
      }
      one.payload_left = size;
      one.started = 0;
      one.head.clear();
      return;
    }
    const auto n = std::min(one.payload_left, bytes.size());
    for (std::size_t at = 0; at < n && one.started < 2; ++at) one.start[one.started++] = bytes[at];
    bytes.remove_prefix(n);
    one.payload_left -= n;
    if (one.payload_left == 0) take(one);
  }

  void take(client& one) {
    const std::string_view start(one.start, one.started);
    if (start == "42") ++events, ++one.events;
    if (start == "43") {
      ++acks;
      if (asks_again) send_all(one.fd, ask);
    }
    if (start == "40" && !one.connected) one.connected = true, ++connected;
    if (start == "2") send_all(one.fd, frame("3"));
  }

  const std::string ask = frame(R"(421["echo",{"text":"hello","n":1}])");
  int epoll_;
  char buffer_[256 * 1024];
};

// What this client itself has used: near the time it took, it is the bound.
double own_cpu() {
  struct rusage mine {};
  ::getrusage(RUSAGE_SELF, &mine);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(mine.ru_utime) + seconds(mine.ru_stime);
}

double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}

void broadcast(int port, std::size_t sockets, int events, int burst) {
  crowd all(port, sockets);
  get(port, "/emit?n=" + std::to_string(burst) + "&burst=" + std::to_string(burst));
  all.until([&] { return all.events >= sockets * static_cast<std::size_t>(burst); });
  const auto before = used(port);
  const auto own = own_cpu();
  const auto start = clock_type::now();
  const auto wanted = all.events + sockets * static_cast<std::size_t>(events);
  // In parts that the smallest socket buffers hold, so that nobody is cut.
  for (int sent = 0; sent < events;) {
    const int part = std::min(events - sent, std::max(burst, 64));
    const auto next = all.events + sockets * static_cast<std::size_t>(part);
    get(port, "/emit?n=" + std::to_string(part) + "&burst=" + std::to_string(burst));
    all.until([&] { return all.events >= next; });
    sent += part;
  }
  all.until([&] { return all.events >= wanted; });
  const auto took = seconds_since(start);
  const auto after = used(port);
  const auto deliveries = static_cast<double>(sockets) * events;
  std::printf(R"({"sockets":%zu,"cpu_us_per_delivery":%.3f,"deliveries_per_s":%.0f,)"
              R"("client_cpu":%.2f,"server_cpu":%.2f,"lost":%lu})"
              "\n",
              sockets, (after.cpu - before.cpu) * 1e6 / deliveries, deliveries / took,
              (own_cpu() - own) / took, (after.cpu - before.cpu) / took, all.lost);
}

void acks(int port, std::size_t sockets, int seconds) {
  crowd all(port, sockets);
  all.asks_again = true;
  for (auto& one : all.all) send_all(one->fd, frame(R"(421["echo",{"text":"hello","n":1}])"));
  const auto warm = clock_type::now();
  all.until([&] { return seconds_since(warm) > 0.5; });
  const auto from = all.acks;
  const auto before = used(port);
  const auto own = own_cpu();
  const auto start = clock_type::now();
  all.until([&] { return seconds_since(start) > seconds; });
  const auto took = seconds_since(start);
  const auto count = static_cast<double>(all.acks - from);
  const auto after = used(port);
  std::printf(R"({"sockets":%zu,"acks_per_s":%.0f,"cpu_us_per_ack":%.2f,)"
              R"("client_cpu":%.2f,"server_cpu":%.2f})"
              "\n",
              sockets, count / took, (after.cpu - before.cpu) * 1e6 / count,
              (own_cpu() - own) / took, (after.cpu - before.cpu) / took);
}

void idle(int port, std::size_t sockets) {
  { crowd warm(port, 10); }
  const auto before = used(port);
  crowd all(port, sockets);
  const auto wait = clock_type::now();
  all.until([&] { return seconds_since(wait) > 3; });
  const auto after = used(port);
  std::printf(R"({"sockets":%zu,"rss_kib_per_socket":%.2f})"
              "\n",
              sockets, (after.rss - before.rss) / 1024 / static_cast<double>(sockets));
}

// Reads what is left for one that did not read. True: the server had ended the connection.
bool was_cut(int fd) {
  const timeval wait{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  char bytes[64 * 1024];
  for (;;) {
    const auto got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got == 0) return true;
    if (got < 0) return errno != EAGAIN && errno != EWOULDBLOCK;
  }
}

// How late the slowest percent of bursts was whole at all others, with one that never reads; it is
// sent more than the server's bound and all that the system takes for it.
void slow(int port, std::size_t sockets, int rounds) {
  constexpr std::size_t burst = 4;
  crowd all(port, sockets);
  double grown = 0;  // what is kept for those who come back grows without a slow one, too
  const auto p99 = [&](int times_wanted) {
    std::vector<double> times;
    const auto before = used(port).rss;
    auto most = before;
    for (int n = 0; n < times_wanted; ++n) {
      const auto wanted = all.events + sockets * burst;
      const auto start = clock_type::now();
      get(port, "/emit?n=4&burst=4&pad=4096");
      all.until([&] { return all.events >= wanted; });
      times.push_back(seconds_since(start) * 1e3);
      most = std::max(most, used(port).rss);
    }
    grown = most - before;
    std::sort(times.begin(), times.end());
    return times[times.size() * 99 / 100];
  };
  p99(rounds / 4);
  const auto quiet = p99(rounds);
  const auto grown_quiet = grown;
  const int never_reads = connect_to(port, 4'096);
  shake_hands(never_reads);
  send_all(never_reads, frame("40"));
  const auto with = p99(rounds);
  const bool cut = was_cut(never_reads);
  ::close(never_reads);
  std::printf(R"({"sockets":%zu,"p99_ms":%.2f,"p99_ms_with_slow":%.2f,"rss_kib_more":%.0f,)"
              R"("cut":%d,"lost":%lu})"
              "\n",
              sockets, quiet, with, (grown - grown_quiet) / 1024, cut ? 1 : 0, all.lost);
}

}  // namespace

int main(int count, char** words) {
  const auto number = [&](int place, int otherwise) {
    return count > place ? std::atoi(words[place]) : otherwise;
  };
  if (count < 3) {
    std::fprintf(stderr,
                 "realtime_load PORT burst|sparse|ack|idle|slow|drops [SOCKETS] [EVENTS]\n");
    return 2;
  }
  const int port = number(1, 0);
  const std::string_view what = words[2];
  const auto sockets = [&](int otherwise) {
    return static_cast<std::size_t>(number(3, otherwise));
  };
  if (what == "burst") broadcast(port, sockets(1'000), number(4, 640), number(5, 8));
  if (what == "sparse") broadcast(port, sockets(1'000), number(4, 320), 1);
  if (what == "ack") acks(port, sockets(64), number(4, 3));
  if (what == "idle") idle(port, sockets(2'000));
  if (what == "slow") slow(port, sockets(1'000), number(4, 100));
  if (what == "drops") measure_drops(port, sockets(50), number(4, 20));
  return 0;
}
