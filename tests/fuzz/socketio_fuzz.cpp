// What clients say over one connection, lines of text and of bytes (these begin with "b"): only
// whole packets for namespaces that were joined come out, what is held has a bound, and what is
// broken stays so.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "realtime/socketio/protocol.hpp"

namespace {

using namespace son1k::realtime;

constexpr std::size_t spaces_max = 3;
constexpr std::size_t bytes_max = 64;

void require(bool holds) {
  if (!holds) std::abort();
}

class session {
 public:
  void say(std::string_view line) {
    const bool binary = line.starts_with('b');
    const auto step = binary ? protocol_.on_binary(line.substr(1)) : protocol_.on_text(line);
    require(protocol_.held() <= bytes_max);
    if (broken_) require(step.what == sio_step::kind::broken);
    switch (step.what) {
      case sio_step::kind::nothing:
        return;
      case sio_step::kind::broken:
        broken_ = true;
        return require(*step.why != '\0');
      case sio_step::kind::connect:
        return connect(step);
      case sio_step::kind::disconnect:
        return require(joined_.erase(step.space) == 1);
      case sio_step::kind::event:
        require(step.data.is_array() && !step.data.get_array().empty());
        break;
      case sio_step::kind::ack:
        require(step.data.is_array() && step.ack_id.has_value());
        break;
    }
    require(joined_.contains(step.space));
    require(step.attachments.size() <= sio_attachments_max);
  }

 private:
  void connect(const sio_step& step) {
    require(!joined_.contains(step.space) && joined_.size() < spaces_max);
    require(step.data.is_null() || step.data.is_object());
    if (step.space.size() % 4 == 3) return protocol_.left(step.space);
    protocol_.accepted(step.space);
    joined_.insert(step.space);
  }

  sio_protocol protocol_{spaces_max, bytes_max};
  std::set<std::string> joined_;
  bool broken_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view all(reinterpret_cast<const char*>(data), size);
  session one;
  for (;;) {
    const auto end = all.find('\n');
    one.say(all.substr(0, end));
    if (end == std::string_view::npos) return 0;
    all.remove_prefix(end + 1);
  }
}
