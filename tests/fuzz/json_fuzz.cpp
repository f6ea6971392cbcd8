// Bounded JSON reading: any bytes give a value or an error, and what was accepted is text that
// can be written and read again. (Equality is not asked: Boost 1.81 rounds some doubles.)
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto value = son1k::parse_json(bytes);
  if (!value) return 0;
  const auto written = boost::json::serialize(*value);
  const auto again = son1k::parse_json(written);
  if (!again || again->kind() != value->kind()) std::abort();
  son1k::object_reader reader(*value);
  reader.utf8("prompt", {1, 100, false});
  reader.integer("duration", 5, 600);
  reader.boolean("instrumental");
  reader.texts("tags", 4, 8);
  (void)reader.finish();
  return 0;
}
