// Any bytes as a prompt: an error or a brief, and of a brief a score that is whole. The duration
// is bounded so that a run stays short.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "music/brief/brief.hpp"
#include "music/compose/compose.hpp"
#include "music/midi_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace son1k::music;
  piece_request request;
  request.prompt.assign(reinterpret_cast<const char*>(data), size);
  request.seed = size;
  request.duration_seconds = 5 + static_cast<int>(size % 16);
  const auto b = understand(request);
  if (!b) return 0;
  const score s = compose(*b, request.seed);
  for (const track& t : s.tracks) {
    std::int32_t before = 0;
    for (const note& n : t.notes) {
      if (n.tick < before || n.duration <= 0 || n.pitch > 127 || n.velocity < 1 ||
          n.velocity > 127 || seconds_of(s, n.tick + n.duration) > s.duration_seconds) {
        std::abort();
      }
      before = n.tick;
    }
  }
  if (write_midi(s, b->title).size() < 14) std::abort();
  return 0;
}
