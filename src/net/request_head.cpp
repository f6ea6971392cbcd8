#include "net/request_head.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

namespace son1k::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

http_fault malformed(std::string_view en, std::string_view es) {
  return {400, errc::malformed, en, es};
}
const http_fault bad_byte = malformed("A forbidden byte stands in the request's head.",
                                      "Hay un byte prohibido en la cabecera de la petición.");
const http_fault bad_line_end = malformed("A line of the head does not end with CR LF.",
                                          "Una línea de la cabecera no termina en CR LF.");
const http_fault bad_request_line = malformed("The request line is not valid HTTP/1.1.",
                                              "La línea de petición no es HTTP/1.1 válido.");
const http_fault bad_fold = malformed("A folded header line is not accepted.",
                                      "No se aceptan líneas de cabecera plegadas.");
const http_fault bad_field =
    malformed("A header field is not valid.", "Un campo de la cabecera no es válido.");
const http_fault bad_host = malformed("The Host field is missing, repeated or not valid.",
                                      "El campo Host falta, se repite o no es válido.");
const http_fault bad_length = malformed("Content-Length is repeated or not a number.",
                                        "Content-Length se repite o no es un número.");
const http_fault bad_coding =
    malformed("Transfer-Encoding is not exactly \"chunked\", or stands beside Content-Length.",
              "Transfer-Encoding no es exactamente \"chunked\" o acompaña a Content-Length.");
const http_fault bad_target =
    malformed("The request target is not valid.", "El destino de la petición no es válido.");
const http_fault long_target(414, errc::validation, "The request target is too long.",
                             "El destino de la petición es demasiado largo.");
const http_fault big_head(431, errc::payload_too_large, "The request's head is too large.",
                          "La cabecera de la petición es demasiado grande.");
const http_fault no_method(501, errc::validation, "This method is not served.",
                           "Este método no se admite.");
const http_fault no_expectation(417, errc::validation, "Only 100-continue can be expected.",
                                "Solo se puede esperar 100-continue.");

// True for what may stand in a header line: printable, space, tab, and bytes above ASCII.
constexpr auto plain_bytes = [] {
  std::array<bool, 256> out{};
  for (std::size_t i = 0x20; i < 256; ++i) out[i] = i != 0x7f;
  out['\t'] = true;
  return out;
}();

bool is_plain(char c) {
  return plain_bytes[static_cast<unsigned char>(c)];
}

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}

// "METHOD target HTTP/1.x" with single spaces and only visible bytes between.
bool is_request_line(std::string_view line) {
  constexpr std::string_view version = " HTTP/1.";
  constexpr std::size_t tail = version.size() + 1;
  if (line.size() <= tail) return false;
  const auto end = line.substr(line.size() - tail);
  if (!end.starts_with(version) || (end.back() != '0' && end.back() != '1')) return false;
  const auto front = line.substr(0, line.size() - tail);
  const auto space = front.find(' ');
  if (space == 0 || space == std::string_view::npos || space + 1 == front.size()) return false;
  const auto target = front.substr(space + 1);
  return std::all_of(front.begin(), front.begin() + static_cast<std::ptrdiff_t>(space),
                     is_visible) &&
         std::all_of(target.begin(), target.end(), is_visible);
}

// host [":" port] of RFC 3986, without user information.
bool is_authority(std::string_view text) {
  if (text.empty()) return false;
  std::string_view port;
  if (text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    const auto address = text.substr(1, close - 1);
    if (address.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) {
      return false;
    }
    port = text.substr(close + 1);
    if (!port.empty() && port.front() != ':') return false;
  } else {
    const auto colon = text.find(':');
    const auto name = text.substr(0, colon);
    const auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             std::string_view("-._~%!$&'()*+;=").find(c) != std::string_view::npos;
    };
    if (name.empty() || !std::all_of(name.begin(), name.end(), allowed)) return false;
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (port.empty()) return true;
  port.remove_prefix(1);
  return port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

// Beast calls these while it takes the head apart; nothing is copied.
class request_head::sink final : public http::basic_parser<true> {
 public:
  sink(request_head& head, http_request& request) : head_(head), request_(request) {
    header_limit(UINT32_MAX);
    body_limit(boost::none);
  }

  std::optional<http_fault> fault;

 private:
  void refuse(const http_fault& why, error_code& ec) {
    fault = why;
    ec = http::error::bad_field;
  }

  void on_request_impl(http::verb, string_view method, string_view target, int version,
                       error_code& ec) override {
    head_.minor_version = version % 10;
    const auto known = net::parse_method({method.data(), method.size()});
    if (!known) return refuse(no_method, ec);
    request_.method = *known;
    request_.target = {target.data(), target.size()};
    if (request_.target.size() > head_.limits_.target_bytes_max) return refuse(long_target, ec);
    if (!set_path(request_.target)) refuse(bad_target, ec);
  }

  // Origin form, absolute form, or "*" for OPTIONS (RFC 9112 section 3.2).
  bool set_path(std::string_view target) {
    if (target == "*") {
      request_.path = target;
      return request_.method == http_method::options;
    }
    for (const std::string_view scheme : {"http://", "https://"}) {
      if (!same_name(target.substr(0, scheme.size()), scheme)) continue;
      target.remove_prefix(scheme.size());
      const auto end = std::min(target.find_first_of("/?"), target.size());
      if (!is_authority(target.substr(0, end))) return false;
      target.remove_prefix(end);
      if (target.empty() || target.front() == '?') {
        request_.path = "/";
        request_.raw_query = target.substr(target.empty() ? 0 : 1);
        return true;
      }
    }
    if (!target.starts_with('/') || target.find('#') != std::string_view::npos) return false;
    const auto question = target.find('?');
    request_.path = target.substr(0, question);
    if (question != std::string_view::npos) request_.raw_query = target.substr(question + 1);
    return true;
  }

  void on_field_impl(http::field name, string_view name_text, string_view value_text,
                     error_code& ec) override {
    const std::string_view value{value_text.data(), value_text.size()};
    if (request_.fields.size() >= head_.limits_.fields_max) return refuse(big_head, ec);
    request_.fields.push_back({{name_text.data(), name_text.size()}, value});
    switch (name) {
      case http::field::host:
        if (++hosts_ > 1 || !is_authority(value)) refuse(bad_host, ec);
        break;
      case http::field::content_length:
        // Beast takes "5, 5" for 5; one number is all we take.
        if (++lengths_ > 1 || value.empty() ||
            value.find_first_not_of("0123456789") != std::string_view::npos) {
          refuse(bad_length, ec);
        } else if (codings_ > 0) {
          refuse(bad_coding, ec);
        }
        break;
      case http::field::transfer_encoding:
        if (++codings_ > 1 || lengths_ > 0 || !same_name(value, "chunked") ||
            head_.minor_version == 0) {
          refuse(bad_coding, ec);
        }
        break;
      case http::field::expect:
        if (!same_name(value, "100-continue")) refuse(no_expectation, ec);
        head_.expects_continue = head_.minor_version == 1;
        break;
      default:
        break;
    }
  }

  void on_header_impl(error_code& ec) override {
    if (hosts_ == 0 && head_.minor_version == 1) return refuse(bad_host, ec);
    head_.chunked = codings_ > 0;
    head_.keep_alive = keep_alive();
    head_.content_length = content_length().value_or(0);
  }

  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  request_head& head_;
  http_request& request_;
  int hosts_ = 0;
  int lengths_ = 0;
  int codings_ = 0;
};

void request_head::reset() {
  position_ = 0;
  line_start_ = 0;
  lines_ = 0;
  keep_alive = chunked = expects_continue = false;
  minor_version = 1;
  content_length = 0;
}

head_progress request_head::fail(const http_fault& fault) {
  fault_ = fault;
  return head_progress::faulty;
}

head_progress request_head::end_line(std::string_view bytes) {
  const auto line = bytes.substr(line_start_, position_ - line_start_);
  position_ += 2;
  line_start_ = position_;
  ++lines_;
  if (lines_ == 1) return is_request_line(line) ? head_progress::more : fail(bad_request_line);
  if (line.empty()) return head_progress::complete;
  if (line.front() == ' ' || line.front() == '\t') return fail(bad_fold);
  if (lines_ > limits_.fields_max + 1) return fail(big_head);
  return head_progress::more;
}

head_progress request_head::scan(std::string_view bytes) {
  const std::size_t end = std::min(bytes.size(), limits_.header_bytes_max);
  while (position_ < end) {
    const char c = bytes[position_];
    if (is_plain(c)) {
      ++position_;
      continue;
    }
    if (c == '\n') return fail(bad_line_end);
    if (c != '\r') return fail(bad_byte);
    if (position_ + 1 >= end) break;
    if (bytes[position_ + 1] != '\n') return fail(bad_line_end);
    const auto progress = end_line(bytes);
    if (progress != head_progress::more) return progress;
  }
  constexpr std::size_t around_target = 32;  // the longest method, the version, two spaces
  if (lines_ == 0 && position_ > limits_.target_bytes_max + around_target) {
    return fail(long_target);
  }
  return bytes.size() >= limits_.header_bytes_max ? fail(big_head) : head_progress::more;
}

std::optional<http_fault> request_head::parse(std::string_view block, http_request& request) {
  request.fields.clear();
  request.raw_query = {};
  sink parser(*this, request);
  error_code ec;
  parser.put(boost::asio::buffer(block.data(), block.size()), ec);
  if (parser.fault) return parser.fault;
  if (ec == http::error::bad_content_length) return bad_length;
  if (ec == http::error::bad_transfer_encoding) return bad_coding;
  if (ec) return bad_field;
  if (!parser.is_header_done()) return bad_field;
  return std::nullopt;
}

}  // namespace son1k::net
