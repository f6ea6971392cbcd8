// Stored job options: any bytes give options, and what they are written as is read back as the
// same. (The jitter is left out: Boost 1.81 rounds some doubles.)
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "queue/options_codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace son1k::queue;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto options = decode_options(bytes);
  options.backoff.jitter = default_options().backoff.jitter;
  const auto written = encode_options(options);
  if (encode_options(decode_options(written)) != written) std::abort();
  if (options.on_failure > child_failure::hold) std::abort();
  return 0;
}
