#include "net/redis/redis_facts.hpp"

#include <charconv>

namespace son1k::net {
namespace {

std::int64_t whole_or_0(std::string_view digits) {
  std::int64_t n = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), n);
  return n;
}

}  // namespace

std::string_view info_field(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    const auto end = info.find('\n');
    auto line = info.substr(0, end);
    info = end == std::string_view::npos ? std::string_view() : info.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':') {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

int version_number(std::string_view version) {
  int out = 0;
  for (int part = 0; part < 3; ++part) {
    const auto dot = version.find('.');
    const auto n = whole_or_0(version.substr(0, dot));
    if (n < 0 || n > 99) return 0;
    out = out * 100 + static_cast<int>(n);
    version = dot == std::string_view::npos ? std::string_view() : version.substr(dot + 1);
  }
  return out;
}

result<redis_facts> read_redis_facts(redis_caller& client, const clock_port& clock) {
  const auto told = client.call_and_wait({"INFO"});
  if (!told) return told.error();
  const auto info = told->bytes();
  redis_facts out;
  out.version = info_field(info, "redis_version");
  out.mode = info_field(info, "redis_mode");
  out.role = info_field(info, "role");
  out.maxmemory_policy = info_field(info, "maxmemory_policy");
  out.maxmemory = whole_or_0(info_field(info, "maxmemory"));
  out.used_memory = whole_or_0(info_field(info, "used_memory"));
  out.loading = info_field(info, "loading") == "1";
  out.aof = info_field(info, "aof_enabled") == "1";
  const auto before = clock.now_ms();
  const auto time = client.call_and_wait({"TIME"});
  if (!time) return time.error();
  const auto after = clock.now_ms();
  const auto there = (*time)[0].number_or(0) * 1'000 + (*time)[1].number_or(0) / 1'000;
  out.round_ms = after - before;
  out.skew_ms = there - (before + out.round_ms / 2);
  const auto fsync = client.call_and_wait({"CONFIG", "GET", "appendfsync"});
  if (fsync) out.aof_fsync = fsync->at("appendfsync").bytes();
  return out;
}

}  // namespace son1k::net
