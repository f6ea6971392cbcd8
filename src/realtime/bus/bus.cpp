#include "realtime/bus/bus.hpp"

#include <fmt/format.h>

#include <random>

#include "base/utf8.hpp"

namespace son1k::realtime {
namespace {

constexpr std::size_t pid_bytes_max = 128;
constexpr std::int64_t session_ms_max = 24LL * 3'600 * 1'000;

error out_of_bounds(const char* field, std::size_t most) {
  return {errc::validation,
          field,
          {fmt::format("must be UTF-8 of 1 to {} bytes", most),
           fmt::format("debe ser UTF-8 de 1 a {} bytes", most)}};
}

}  // namespace

result<void> check(const bus_message& message) {
  if (message.space.empty() || message.space.size() > bus_space_bytes_max ||
      !count_code_points(message.space))
    return out_of_bounds("space", bus_space_bytes_max);
  if (message.data.size() > bus_data_bytes_max)
    return error(errc::payload_too_large, "data",
                 {fmt::format("at most {} bytes", bus_data_bytes_max),
                  fmt::format("como mucho {} bytes", bus_data_bytes_max)});
  if (message.type < bus_type::first_heartbeat || message.type > bus_type::close)
    return error(errc::validation, "type", {"must be 1 to 13", "debe estar entre 1 y 13"});
  return {};
}

result<void> check_session(const std::string& pid, const std::string& state, std::int64_t ms) {
  if (pid.empty() || pid.size() > pid_bytes_max || !count_code_points(pid))
    return out_of_bounds("pid", pid_bytes_max);
  if (state.size() > bus_session_bytes_max)
    return error(errc::payload_too_large, "state",
                 {fmt::format("at most {} bytes", bus_session_bytes_max),
                  fmt::format("como mucho {} bytes", bus_session_bytes_max)});
  if (ms < 1 || ms > session_ms_max)
    return error(errc::validation, "ms",
                 {fmt::format("must be 1 to {}", session_ms_max),
                  fmt::format("debe estar entre 1 y {}", session_ms_max)});
  return {};
}

std::string new_node_name() {
  std::random_device random;
  const auto half = [&] { return std::uniform_int_distribution<std::uint32_t>()(random); };
  const auto first = half();
  const auto second = half();
  return fmt::format("{:08x}{:08x}", first, second);
}

error no_such_offset() {
  return {errc::not_found,
          "offset",
          {"no message with this offset is kept", "no se guarda ningún mensaje con esa posición"}};
}

error no_such_session() {
  return {errc::not_found,
          "pid",
          {"no such session, or its time is over", "no existe esa sesión, o su tiempo terminó"}};
}

}  // namespace son1k::realtime
