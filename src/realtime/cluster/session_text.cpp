#include "realtime/cluster/session_text.hpp"

#include "base/base64.hpp"
#include "realtime/cluster/wire.hpp"

namespace son1k::realtime {

std::string write_session(const kept_session& session) {
  wire_writer out(true);
  out.object(4).key("sid").text(session.sid).key("pid").text(session.pid);
  out.key("rooms").texts(session.rooms).key("data").value(session.data);
  std::string text;
  append_base64(text, out.take().value_or(""));
  return text;
}

std::optional<kept_session> read_session(std::string_view text) {
  const auto bytes = from_base64(text);
  auto packed = bytes ? read_messagepack(*bytes) : std::nullopt;
  if (!packed) return std::nullopt;
  auto rooms = texts_of(member(packed->value, "rooms"));
  kept_session out;
  out.sid = text_member(packed->value, "sid");
  out.pid = text_member(packed->value, "pid");
  if (!rooms || out.sid.empty() || out.pid.empty()) return std::nullopt;
  out.rooms = std::move(*rooms);
  out.data = without_bytes(member(packed->value, "data"), packed->attachments.size());
  return out;
}

}  // namespace son1k::realtime
