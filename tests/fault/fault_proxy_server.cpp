// fault_proxy for programs of other languages: the port of a server as its argument, the proxy's
// own port as its first line, then commands on standard input, each answered with "ok": hold, go
// on, cut.
#include <iostream>
#include <string>

#include "support/fault_proxy.hpp"

int main(int count, char** words) {
  if (count != 2) return 2;
  son1k::test::fault_proxy proxy(static_cast<std::uint16_t>(std::stoi(words[1])));
  std::cout << proxy.port() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "hold") proxy.half_open(true);
    if (line == "go on") proxy.half_open(false);
    if (line == "cut") proxy.cut();
    std::cout << "ok" << std::endl;
  }
  return 0;
}
