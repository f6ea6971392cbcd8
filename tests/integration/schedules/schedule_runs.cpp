// Tells when patterns run, for a comparison with others. Reads lines of
// "<pattern>\t<zone>\t<begin>\t<end>" (seconds since 1970); answers each with one line, the runs in
// [begin, end) parted by spaces, or "error: …".
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "queue/schedules/timing.hpp"

namespace {

std::vector<std::string> parts_of(const std::string& line) {
  std::vector<std::string> out(1);
  for (const char c : line) {
    if (c == '\t') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto parts = parts_of(line);
    if (parts.size() != 4) return EXIT_FAILURE;
    const auto when = son1k::queue::timing::by_cron(parts[0], parts[1]);
    if (!when) {
      std::cout << "error: " << when.error().what() << '\n';
      continue;
    }
    const auto end = std::stoll(parts[3]) * 1'000;
    auto at = when->next(std::stoll(parts[2]) * 1'000 - 1);
    for (; at && *at < end; at = when->next(*at)) std::cout << *at / 1'000 << ' ';
    std::cout << '\n';
  }
}
