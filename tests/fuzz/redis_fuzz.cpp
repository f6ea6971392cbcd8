// What a Redis sends, and addresses of one: any bytes give replies or an error, the same however
// they arrive, and never more memory than the bound; any address is read or refused with a reason.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/redis/redis_reply_reader.hpp"
#include "net/redis/redis_settings.hpp"

namespace {

using namespace son1k::net;

void tell(const redis_value& value, std::string& out) {
  out += static_cast<char>('0' + static_cast<int>(value.type()));
  if (value.type() == redis_type::integer) out += std::to_string(value.number_or(0));
  out += value.bytes();
  for (const auto& one : value.items()) tell(one, out);
}

// The replies of `bytes` as text, fed in pieces of `piece`.
std::string read_all(std::string_view bytes, std::size_t piece) {
  constexpr std::size_t reply_bytes_max = 1'000'000;
  redis_reply_reader reader(reply_bytes_max);
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.feed(bytes.substr(at, piece));
    for (;;) {
      auto next = reader.next();
      if (!next) return out + "!";
      if (!*next) break;
      tell(**next, out);
      out += '\n';
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (read_all(bytes, size + 1) != read_all(bytes, 3)) std::abort();
  const auto settings = parse_redis_url(bytes);
  if (settings ? settings->hosts.empty()
               : settings.error().field != "redis_url" || settings.error().message.es.empty()) {
    std::abort();
  }
  return 0;
}
