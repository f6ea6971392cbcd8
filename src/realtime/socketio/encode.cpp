#include "realtime/socketio/encode.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <span>

#include "realtime/socketio/packet.hpp"

namespace son1k::realtime {
namespace {

// `pieces` are the packet's text.
io_parts parts_of(std::span<const std::string_view> pieces,
                  const std::vector<std::string>& attachments, io_urgency how) {
  // A packet is dropped or replaced as a whole, which only the whole can decide.
  if (!attachments.empty()) how = {};
  io_parts out;
  out.push_back(std::make_shared<const outgoing>(pieces, how.how, std::move(how.key)));
  for (const auto& each : attachments) out.push_back(std::make_shared<const outgoing>(each, true));
  return out;
}

}  // namespace

io_payload payload_of(std::string_view name, const boost::json::array& args,
                      std::vector<std::string> attachments) {
  io_payload out;
  out.json = "[" + boost::json::serialize(boost::json::string_view(name.data(), name.size()));
  for (const auto& each : args) {
    out.json += ',';
    out.json += boost::json::serialize(each);
  }
  out.json += ']';
  out.attachments = std::move(attachments);
  return out;
}

io_payload payload_of_json(std::string_view name, std::string_view argument) {
  io_payload out;
  out.json = "[" + boost::json::serialize(boost::json::string_view(name.data(), name.size()));
  out.json += ',';
  out.json += argument;
  out.json += ']';
  return out;
}

io_payload answer_of(const boost::json::array& args, std::vector<std::string> attachments) {
  return {boost::json::serialize(args), std::move(attachments)};
}

std::string_view name_in(const io_payload& event) {
  const std::string_view json = event.json;
  if (!json.starts_with("[\"")) return {};
  return json.substr(2, json.find('"', 2) - 2);
}

std::size_t bytes_of(const io_payload& event) {
  std::size_t out = event.json.size();
  for (const auto& each : event.attachments) out += each.size();
  return out;
}

const char* fault_of(const io_payload& event) {
  if (event.json.size() < 3 || event.json.front() != '[' || event.json.back() != ']')
    return "an event that is no list";
  const char first = event.json[1];
  if (first != '"' && (first < '0' || first > '9')) return "an event without a name";
  if (is_reserved_event(name_in(event))) return "an event with a reserved name";
  if (event.attachments.size() > sio_attachments_max) return "too many attachments";
  return bytes_of(event) > io_event_bytes_max ? "an event too large" : nullptr;
}

bool ends_with_text(const io_payload& event) {
  const auto& json = event.json;
  return json.size() >= 2 && json[json.size() - 2] == '"';
}

io_parts encode_event(std::string_view space, const io_payload& event, const io_encoding& how) {
  const bool binary = !event.attachments.empty();
  const auto type = binary ? sio_type::binary_event : sio_type::event;
  const auto head = write_sio_head(type, space, how.ack_id, event.attachments.size());
  std::string_view json(event.json);
  if (how.offset.empty()) {
    const std::array<std::string_view, 2> pieces{head, json};
    return parts_of(pieces, event.attachments, how.how);
  }
  json.remove_suffix(1);
  const std::array<std::string_view, 5> pieces{head, json, ",\"", how.offset, "\"]"};
  return parts_of(pieces, event.attachments, how.how);
}

io_parts encode_ack(std::string_view space, std::uint64_t ack_id, const io_payload& answer) {
  const auto type = answer.attachments.empty() ? sio_type::ack : sio_type::binary_ack;
  const auto head = write_sio_head(type, space, ack_id, answer.attachments.size());
  const std::array<std::string_view, 2> pieces{head, answer.json};
  return parts_of(pieces, answer.attachments, {});
}

outgoing_ptr encode_plain(char type, std::string_view space, std::string_view json) {
  return std::make_shared<const outgoing>(
      write_sio_packet(static_cast<sio_type>(type - '0'), space, std::nullopt, json), false);
}

}  // namespace son1k::realtime
