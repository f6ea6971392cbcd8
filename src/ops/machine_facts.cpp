#include "ops/machine_facts.hpp"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

namespace son1k::ops {
namespace {

// The text after ':' of the first line that begins with `key`.
std::string line_of(const char* file, std::string_view key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const auto colon = line.find(':');
    const auto begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? std::string() : line.substr(begin);
  }
  return {};
}

std::int64_t kib_of(const char* file, std::string_view key) {
  return std::strtoll(line_of(file, key).c_str(), nullptr, 10);
}

double synced_write_us(const std::filesystem::path& folder) {
  using namespace std::chrono;
  const auto file = folder / "fsync-probe";
  const int fd = open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return 0;
  std::array<double, 31> took{};
  const std::array<char, 4096> page{};
  for (double& us : took) {
    const auto begun = steady_clock::now();
    const bool written = write(fd, page.data(), page.size()) == ssize_t{4096} && fdatasync(fd) == 0;
    us = written ? duration<double, std::micro>(steady_clock::now() - begun).count() : 0;
  }
  close(fd);
  unlink(file.c_str());
  std::nth_element(took.begin(), took.begin() + took.size() / 2, took.end());
  return took[took.size() / 2];
}

}  // namespace

double resident_mib() {
  return static_cast<double>(kib_of("/proc/self/status", "VmRSS")) / 1024.0;
}

boost::json::object machine_facts(const std::filesystem::path& folder) {
  boost::json::object facts;
  if (auto cpu = line_of("/proc/cpuinfo", "model name"); !cpu.empty()) facts["cpu"] = cpu;
  facts["cores"] = std::thread::hardware_concurrency();
  facts["memory_mib"] = kib_of("/proc/meminfo", "MemTotal") / 1024;
  utsname names{};
  if (uname(&names) == 0) facts["kernel"] = std::string(names.sysname) + " " + names.release;
#ifdef __VERSION__
  facts["compiler"] = __VERSION__;
#endif
  if (const double us = synced_write_us(folder); us > 0) facts["fsync_us"] = us;
  return facts;
}

}  // namespace son1k::ops
