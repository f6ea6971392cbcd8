#include "realtime/socketio/protocol.hpp"

#include <algorithm>

namespace son1k::realtime {
namespace {

// Placeholders name an attachment that is there. As deep as the parser let it become.
bool has_its_attachments(const boost::json::value& data, std::size_t attachments) {
  if (const auto* list = data.if_array())
    return std::ranges::all_of(
        *list, [&](const auto& each) { return has_its_attachments(each, attachments); });
  const auto* object = data.if_object();
  if (object == nullptr) return true;
  if (const auto* mark = object->if_contains("_placeholder"); mark && mark->is_bool()) {
    if (!mark->get_bool()) return true;
    const auto* number = object->if_contains("num");
    return number != nullptr && number->is_int64() && number->get_int64() >= 0 &&
           static_cast<std::uint64_t>(number->get_int64()) < attachments;
  }
  return std::ranges::all_of(*object, [&](const auto& member) {
    return has_its_attachments(member.value(), attachments);
  });
}

bool is_binary(sio_type type) {
  return type == sio_type::binary_event || type == sio_type::binary_ack;
}

}  // namespace

sio_protocol::joined* sio_protocol::find(std::string_view space) {
  const auto found = std::ranges::find(spaces_, space, &joined::space);
  return found == spaces_.end() ? nullptr : &*found;
}

sio_step sio_protocol::broken(const char* why) {
  broken_ = true;
  gathered_.reset();
  sio_step out;
  out.what = sio_step::kind::broken;
  out.why = why;
  return out;
}

sio_step sio_protocol::on_text(std::string_view message) {
  if (broken_) return broken("more after what broke it");
  if (gathered_) return broken("text where attachments are due");
  const char* why = "";
  auto packet = read_sio_packet(message, why);
  if (!packet) return broken(why);
  if (packet->attachments == 0) return whole(std::move(*packet), {});
  // Whom nobody hears sends no attachments either.
  if (const auto* at = find(packet->space); at == nullptr || !at->accepted)
    return broken("a packet for a namespace that was not joined");
  gathered_ = std::make_unique<gathering>();
  gathered_->packet = std::move(*packet);
  return {};
}

sio_step sio_protocol::on_binary(std::string_view bytes) {
  if (broken_) return broken("more after what broke it");
  if (!gathered_) return broken("an attachment of nothing");
  gathered_->bytes += bytes.size();
  if (gathered_->bytes > bytes_max_) return broken("attachments too large");
  gathered_->attachments.emplace_back(bytes);
  if (gathered_->attachments.size() < gathered_->packet.attachments) return {};
  const auto done = std::move(gathered_);
  return whole(std::move(done->packet), std::move(done->attachments));
}

sio_step sio_protocol::connect(sio_packet packet) {
  if (find(packet.space) != nullptr) return broken("a second CONNECT");
  if (spaces_.size() >= spaces_max_) return broken("too many namespaces");
  spaces_.push_back({packet.space, false});
  sio_step out;
  out.what = sio_step::kind::connect;
  out.space = std::move(packet.space);
  out.data = std::move(packet.data);
  return out;
}

sio_step sio_protocol::whole(sio_packet packet, std::vector<std::string> attachments) {
  if (packet.type == sio_type::connect) return connect(std::move(packet));
  const auto* at = find(packet.space);
  if (at == nullptr || !at->accepted) return broken("a packet for a namespace that was not joined");
  if (is_binary(packet.type) && !has_its_attachments(packet.data, attachments.size()))
    return broken("a placeholder without its attachment");
  sio_step out;
  switch (packet.type) {
    case sio_type::disconnect:
      out.what = sio_step::kind::disconnect;
      left(packet.space);
      break;
    case sio_type::event:
    case sio_type::binary_event:
      out.what = sio_step::kind::event;
      break;
    case sio_type::ack:
    case sio_type::binary_ack:
      out.what = sio_step::kind::ack;
      break;
    case sio_type::connect:
    case sio_type::connect_error:
      return broken("a packet that only servers send");
  }
  out.space = std::move(packet.space);
  out.ack_id = packet.ack_id;
  out.data = std::move(packet.data);
  out.attachments = std::move(attachments);
  return out;
}

void sio_protocol::accepted(std::string_view space) {
  if (auto* at = find(space); at != nullptr)
    at->accepted = true;
  else
    spaces_.push_back({std::string(space), true});
}

void sio_protocol::left(std::string_view space) {
  std::erase_if(spaces_, [&](const auto& each) { return each.space == space; });
}

}  // namespace son1k::realtime
