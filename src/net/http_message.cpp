#include "net/http_message.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "base/utf8.hpp"
#include "net/event_stream.hpp"
#include "net/field_text.hpp"
#include "net/files.hpp"

namespace son1k::net {
namespace {

constexpr std::array<std::string_view, 7> method_names = {"GET",   "HEAD",   "POST",   "PUT",
                                                          "PATCH", "DELETE", "OPTIONS"};

struct phrase {
  int status;
  std::string_view reason;
};
// RFC 9110 section 15 and the codes of RFC 6585.
constexpr phrase phrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// Calls visit(name, value) with the raw pairs of a query; stops when it returns false.
template <class Visit>
void each_pair(std::string_view query, Visit visit) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const auto name = pair.substr(0, equals);
    const auto value =
        equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    if (!visit(name, value)) return;
  }
}

std::string_view clean_part(std::string_view value) {
  return value.substr(0, value.find_first_of(std::string_view("\r\n\0", 3)));
}

}  // namespace

std::string_view name_of(http_method method) {
  return method_names[static_cast<std::size_t>(method)];
}

std::optional<http_method> parse_method(std::string_view name) {
  for (std::size_t i = 0; i < method_names.size(); ++i) {
    if (method_names[i] == name) return static_cast<http_method>(i);
  }
  return std::nullopt;
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    out.push_back(c);
  }
  // What is no text can be in no reply and in no database.
  if (!count_code_points(out)) return std::nullopt;
  return out;
}

std::string_view http_request::header(std::string_view name) const {
  for (const auto& field : fields) {
    if (same_name(field.name, name)) return field.value;
  }
  return {};
}

bool http_request::has_header(std::string_view name) const {
  return std::any_of(fields.begin(), fields.end(),
                     [name](const header_field& field) { return same_name(field.name, name); });
}

std::optional<std::string> http_request::query(std::string_view name) const {
  std::optional<std::string> found;
  each_pair(raw_query, [&](std::string_view raw_name, std::string_view raw_value) {
    const auto decoded = percent_decode(raw_name, true);
    if (!decoded || *decoded != name) return true;
    found = percent_decode(raw_value, true);
    return false;
  });
  return found;
}

std::vector<std::pair<std::string, std::string>> http_request::query_pairs() const {
  std::vector<std::pair<std::string, std::string>> out;
  each_pair(raw_query, [&](std::string_view raw_name, std::string_view raw_value) {
    auto name = percent_decode(raw_name, true);
    auto value = percent_decode(raw_value, true);
    if (name && value) out.emplace_back(std::move(*name), std::move(*value));
    return true;
  });
  return out;
}

std::string_view http_request::param(std::string_view name) const {
  for (const auto& [key, value] : params) {
    if (key == name) return value;
  }
  return {};
}

void header_lines::add(std::string_view name, std::string_view value) {
  text_.append(clean_part(name)).append(": ").append(clean_part(value)).append("\r\n");
}

std::string_view header_lines::get(std::string_view name) const {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    const auto line = rest.substr(0, end);
    const auto colon = line.find(": ");
    if (same_name(line.substr(0, colon), name)) return line.substr(colon + 2);
    rest.remove_prefix(end + 2);
  }
  return {};
}

std::string_view reason_of(int status) {
  const auto* found =
      std::lower_bound(std::begin(phrases), std::end(phrases), status,
                       [](const phrase& row, int wanted) { return row.status < wanted; });
  return found != std::end(phrases) && found->status == status ? found->reason : "Unknown";
}

http_response json_response(int status, std::string serialized) {
  http_response reply(status);
  reply.content_type = json_type;
  reply.body = std::move(serialized);
  return reply;
}

http_response json_response(int status, const boost::json::value& value) {
  return json_response(status, boost::json::serialize(value));
}

http_response text_response(int status, std::string text) {
  http_response reply(status);
  reply.content_type = text_type;
  reply.body = std::move(text);
  return reply;
}

http_response event_stream_response(std::shared_ptr<event_stream> stream) {
  http_response reply(200);
  reply.content_type = "text/event-stream";
  reply.headers.add("Cache-Control", "no-store");
  reply.headers.add("X-Accel-Buffering", "no");
  reply.body = std::move(stream);
  return reply;
}

}  // namespace son1k::net
