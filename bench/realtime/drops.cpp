// Clients whose connections are cut while events are told, and which come back with the place that
// they had reached.
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

#include "wire.hpp"

namespace son1k::bench {
namespace {

using clock_type = std::chrono::steady_clock;
constexpr int events_a_round = 20;
constexpr std::chrono::milliseconds patience(1'000);

// What stands between the first `before` and the next quote; empty: nothing.
std::string quoted(std::string_view text, std::string_view before) {
  const auto at = text.find(before);
  if (at == std::string_view::npos) return {};
  const auto rest = text.substr(at + before.size());
  return std::string(rest.substr(0, rest.find('"')));
}

class wanderer {
 public:
  explicit wanderer(int port) : port_(port) { come(); }

  void go() {
    ::close(fd_);
    fd_ = -1;
  }

  void come() {
    fd_ = connect_to(port_);
    bytes_.clear();
    upgraded_ = false;
    send_all(fd_, hello);
  }

  void read() {
    char some[16 * 1024];
    const auto got = ::recv(fd_, some, sizeof some, MSG_DONTWAIT);
    if (got > 0) bytes_.append(some, static_cast<std::size_t>(got));
    if (!upgraded_) {
      const auto end = bytes_.find("\r\n\r\n");
      if (end == std::string::npos) return;
      bytes_.erase(0, end + 4);
      upgraded_ = true;
      const auto auth =
          pid_.empty() ? "" : R"({"pid":")" + pid_ + R"(","offset":")" + offset_ + R"("})";
      send_all(fd_, frame("40" + auth));
    }
    while (bytes_.size() >= 2) {
      std::size_t size = static_cast<unsigned char>(bytes_[1]);
      const std::size_t head = size == 126 ? 4 : 2;
      if (bytes_.size() < head) return;
      if (size == 126)
        size = static_cast<std::size_t>(static_cast<unsigned char>(bytes_[2])) << 8 |
               static_cast<unsigned char>(bytes_[3]);
      if (bytes_.size() < head + size) return;
      take(std::string_view(bytes_).substr(head, size));
      bytes_.erase(0, head + size);
    }
  }

  int fd() const { return fd_; }
  bool connected() const { return !pid_.empty(); }
  std::size_t told() const { return places_.size(); }
  int again() const { return again_; }

 private:
  void take(std::string_view packet) {
    if (packet == "2") send_all(fd_, frame("3"));
    if (packet.starts_with("40")) pid_ = quoted(packet, R"("pid":")");
    if (!packet.starts_with("42") || packet.size() < 4) return;
    // The place is the last argument.
    const auto end = packet.size() - 2;
    const auto begin = packet.rfind('"', end - 1) + 1;
    offset_ = packet.substr(begin, end - begin);
    if (!places_.insert(offset_).second) ++again_;
  }

  const int port_;
  int fd_ = -1;
  bool upgraded_ = false;
  std::string bytes_;
  std::string pid_;
  std::string offset_;
  std::set<std::string> places_;
  int again_ = 0;
};

template <class Done>
void read_until(std::vector<wanderer>& all, Done done) {
  const auto last = clock_type::now() + patience;
  while (!done() && clock_type::now() < last) {
    std::vector<pollfd> waits;
    for (const auto& each : all) waits.push_back({each.fd(), POLLIN, 0});
    ::poll(waits.data(), waits.size(), 100);
    for (std::size_t n = 0; n < all.size(); ++n)
      if (waits[n].revents != 0) all[n].read();
  }
}

}  // namespace

void measure_drops(int port, std::size_t sockets, int rounds) {
  const auto part = "/emit?burst=5&n=" + std::to_string(events_a_round / 2);
  std::vector<wanderer> all;
  all.reserve(sockets);
  for (std::size_t n = 0; n < sockets; ++n) all.emplace_back(port);
  const auto everyone = [&](auto is) { return std::all_of(all.begin(), all.end(), is); };
  read_until(all, [&] { return everyone([](auto& one) { return one.connected(); }); });
  // A place to come back to.
  get(port, "/emit?n=1");
  read_until(all, [&] { return everyone([](auto& one) { return one.told() > 0; }); });
  for (int round = 0; round < rounds; ++round) {
    // Every other one is away for half of the events; of the others, every third goes and comes at
    // once, before the server can know that it went.
    const auto away = [&](std::size_t n) { return n % 2 == static_cast<std::size_t>(round) % 2; };
    for (std::size_t n = 0; n < sockets; ++n)
      if (away(n)) all[n].go();
    get(port, part);
    for (std::size_t n = 0; n < sockets; ++n) {
      if (!away(n) && n % 3 == 0) all[n].go();
      if (all[n].fd() < 0) all[n].come();
    }
    get(port, part);
    const auto due = static_cast<std::size_t>(1 + (round + 1) * events_a_round);
    read_until(all, [&] { return everyone([&](auto& one) { return one.told() >= due; }); });
  }
  std::size_t told = 0;
  int again = 0;
  for (const auto& each : all) {
    told += each.told();
    again += each.again();
  }
  const auto due = static_cast<double>(sockets) * (1 + rounds * events_a_round);
  std::printf(R"({"sockets":%zu,"delivered_percent":%.3f,"told_again":%d})"
              "\n",
              sockets, 100 * static_cast<double>(told) / due, again);
}

}  // namespace son1k::bench
