#include "realtime/cluster/wire.hpp"

#include <boost/json/serialize.hpp>

#include "base/json.hpp"

namespace son1k::realtime {
namespace json = boost::json;
namespace {

constexpr std::size_t members_max = 10'000;

const json::value nothing;

// A copy of `value` in which placeholders that name one of `from` are numbered in the order in
// which they appear; those attachments move to `to`.
json::value renumbered(const json::value& value, std::vector<std::string>& from,
                       std::vector<std::string>& to) {
  if (const auto* list = value.if_array()) {
    json::array out;
    out.reserve(list->size());
    for (const auto& item : *list) out.push_back(renumbered(item, from, to));
    return out;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return value;
  if (const auto number = placeholder_of(value); number && *number < from.size()) {
    to.push_back(std::move(from[*number]));
    return make_placeholder(to.size() - 1);
  }
  json::object out;
  out.reserve(object->size());
  for (const auto& [name, each] : *object) out.emplace(name, renumbered(each, from, to));
  return out;
}

}  // namespace

std::optional<packed_value> read_wire_json(std::string_view text) {
  auto parsed = parse_json(text, packed_depth_max, members_max);
  if (!parsed) return std::nullopt;
  return packed_value{std::move(*parsed), {}};
}

std::optional<packed_value> read_wire(std::string_view bytes) {
  return bytes.starts_with('{') ? read_wire_json(bytes) : read_messagepack(bytes);
}

const json::value& member(const json::value& of, std::string_view name) {
  const auto* object = of.if_object();
  const auto* found = object == nullptr ? nullptr : object->if_contains(name);
  return found == nullptr ? nothing : *found;
}
std::string_view text_member(const json::value& of, std::string_view name) {
  const auto* text = member(of, name).if_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}
std::int64_t number_member(const json::value& of, std::string_view name) {
  const auto* number = member(of, name).if_int64();
  return number == nullptr ? 0 : *number;
}

std::optional<std::vector<std::string>> texts_of(const json::value& list) {
  const auto* items = list.if_array();
  if (items == nullptr || items->size() > wire_rooms_max) return std::nullopt;
  std::vector<std::string> out;
  out.reserve(items->size());
  for (const auto& item : *items) {
    if (item.is_string())
      out.emplace_back(item.get_string());
    else if (item.is_number())
      out.push_back(json::serialize(item));
    else
      return std::nullopt;
  }
  return out;
}

std::optional<room_selection> selection_of(const json::value& opts) {
  auto rooms = texts_of(member(opts, "rooms"));
  auto except = member(opts, "except").is_null() ? std::vector<std::string>()
                                                 : texts_of(member(opts, "except"));
  if (!rooms || !except) return std::nullopt;
  return room_selection{std::move(*rooms), std::move(*except)};
}

io_flags flags_of(const json::value& opts) {
  const auto& flags = member(opts, "flags");
  io_flags out;
  out.is_volatile = member(flags, "volatile") == true;
  out.compress = member(flags, "compress") != false;
  out.latest = text_member(flags, "latest");
  if (out.latest.size() > latest_key_bytes_max) out.latest.clear();
  return out;
}

io_payload take_payload(const json::value& value, std::vector<std::string>& attachments) {
  io_payload out;
  if (attachments.empty())
    out.json = json::serialize(value);
  else
    out.json = json::serialize(renumbered(value, attachments, out.attachments));
  return out;
}

io_payload take_answer(const json::value& value, std::vector<std::string>& attachments) {
  auto out = take_payload(value, attachments);
  out.json = "[" + out.json + "]";
  return out;
}

bool is_event(const json::value& value) {
  const auto* list = value.if_array();
  return list != nullptr && !list->empty() &&
         (list->front().is_string() || list->front().is_number());
}

json::value without_bytes(const json::value& value, std::size_t attachments) {
  if (attachments == 0) return value;
  if (const auto* list = value.if_array()) {
    json::array out;
    for (const auto& item : *list) out.push_back(without_bytes(item, attachments));
    return out;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return value;
  if (const auto number = placeholder_of(value); number && *number < attachments) return nullptr;
  json::object out;
  for (const auto& [name, each] : *object) out.emplace(name, without_bytes(each, attachments));
  return out;
}

std::optional<std::vector<remote_socket>> sockets_of(const json::value& list,
                                                     std::size_t attachments) {
  const auto* items = list.if_array();
  if (items == nullptr || items->size() > wire_sockets_max) return std::nullopt;
  std::vector<remote_socket> out;
  out.reserve(items->size());
  for (const auto& item : *items) {
    auto rooms = texts_of(member(item, "rooms"));
    const auto id = text_member(item, "id");
    if (!rooms || id.empty()) return std::nullopt;
    out.push_back({std::string(id), std::move(*rooms),
                   without_bytes(member(item, "handshake"), attachments),
                   without_bytes(member(item, "data"), attachments)});
  }
  return out;
}

wire_writer& wire_writer::open(std::size_t size, bool object) {
  begin_value();
  if (packed_) {
    object ? append_messagepack_object(out_, size) : append_messagepack_array(out_, size);
  } else {
    out_.push_back(object ? '{' : '[');
  }
  open_.push_back({object, size});
  first_ = true;
  if (size == 0) {
    ++open_.back().left;
    end_value();
  }
  return *this;
}

void wire_writer::begin_value() {
  if (!packed_ && !open_.empty() && !open_.back().object && !first_) out_.push_back(',');
}

// One value less is due; what is complete is closed, which completes a value of what is around it.
void wire_writer::end_value() {
  first_ = false;
  while (!open_.empty() && --open_.back().left == 0) {
    if (!packed_) out_.push_back(open_.back().object ? '}' : ']');
    open_.pop_back();
  }
}

wire_writer& wire_writer::key(std::string_view name) {
  if (packed_) {
    append_messagepack_text(out_, name);
  } else {
    if (!first_) out_.push_back(',');
    out_.push_back('"');
    out_.append(name);
    out_ += "\":";
  }
  first_ = false;
  return *this;
}

wire_writer& wire_writer::text(std::string_view value) {
  begin_value();
  if (packed_)
    append_messagepack_text(out_, value);
  else
    out_ += json::serialize(json::string_view(value));
  end_value();
  return *this;
}

wire_writer& wire_writer::number(std::int64_t value) {
  begin_value();
  if (packed_)
    append_messagepack_number(out_, value);
  else
    out_ += std::to_string(value);
  end_value();
  return *this;
}

wire_writer& wire_writer::boolean(bool value) {
  return this->value(json::value(value));
}

wire_writer& wire_writer::value(const json::value& value) {
  begin_value();
  if (packed_)
    append_messagepack(out_, value);
  else
    out_ += json::serialize(value);
  end_value();
  return *this;
}

wire_writer& wire_writer::payload(const io_payload& payload) {
  begin_value();
  if (packed_) {
    const auto parsed = read_wire_json(payload.json);
    if (parsed)
      append_messagepack(out_, parsed->value, payload.attachments);
    else
      broken_ = true;
  } else {
    out_ += payload.json;
  }
  end_value();
  return *this;
}

wire_writer& wire_writer::first_of(const io_payload& payload) {
  const auto parsed = read_wire_json(payload.json);
  const auto* list = parsed ? parsed->value.if_array() : nullptr;
  if (list == nullptr) broken_ = true;
  begin_value();
  const json::value first = list == nullptr || list->empty() ? json::value() : list->front();
  if (packed_)
    append_messagepack(out_, first, payload.attachments);
  else
    out_ += json::serialize(first);
  end_value();
  return *this;
}

wire_writer& wire_writer::texts(const std::vector<std::string>& list) {
  array(list.size());
  for (const auto& each : list) text(each);
  return *this;
}

wire_writer& wire_writer::options(const room_selection& whom) {
  return object(2).key("rooms").texts(whom.rooms).key("except").texts(whom.except);
}

wire_writer& wire_writer::options(const room_selection& whom, const io_flags& flags) {
  object(3).key("rooms").texts(whom.rooms).key("except").texts(whom.except).key("flags");
  // The other side asks whether a flag is there, not what it says.
  const bool latest = !flags.latest.empty() && flags.latest.size() <= latest_key_bytes_max;
  object(std::size_t{flags.is_volatile} + std::size_t{!flags.compress} + std::size_t{latest});
  if (flags.is_volatile) key("volatile").boolean(true);
  if (!flags.compress) key("compress").boolean(false);
  if (latest) key("latest").text(flags.latest);
  return *this;
}

wire_writer& wire_writer::sockets(const std::vector<remote_socket>& list) {
  array(list.size());
  for (const auto& each : list) {
    object(4).key("id").text(each.id).key("handshake").value(each.handshake);
    key("rooms").texts(each.rooms).key("data").value(each.data);
  }
  return *this;
}

std::optional<std::string> wire_writer::take() {
  if (broken_) return std::nullopt;
  return std::move(out_);
}

result<void> check_event(const io_payload& event) {
  if (event.json.size() > 2 && event.json.front() == '[' && event.json.back() == ']') return {};
  return error(errc::validation, "event",
               {"must be a JSON list that begins with the event's name",
                "debe ser una lista JSON que empiece por el nombre del evento"});
}

}  // namespace son1k::realtime
