#include "net/web_address.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

namespace son1k::net {
namespace {

constexpr std::uint16_t usual_port(bool tls) {
  return tls ? 443 : 80;
}

}  // namespace

std::optional<web_address> parse_web_address(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed || parsed->host().empty() || parsed->has_fragment() || parsed->has_userinfo())
    return {};
  web_address out;
  out.tls = parsed->scheme() == "https";
  if (!out.tls && parsed->scheme() != "http") return {};
  out.host = std::string(parsed->host_address());
  out.port = usual_port(out.tls);
  if (parsed->has_port()) {
    const std::string_view digits = parsed->port();
    const auto end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, out.port);
    if (read.ec != std::errc() || read.ptr != end || out.port == 0) return {};
  }
  const std::string_view target = parsed->encoded_target();
  if (!target.empty()) out.target = target.front() == '/' ? target : "/" + std::string(target);
  return out;
}

std::string host_field(const web_address& of) {
  const bool v6 = of.host.find(':') != std::string::npos;
  const auto host = v6 ? "[" + of.host + "]" : of.host;
  return of.port == usual_port(of.tls) ? host : host + ":" + std::to_string(of.port);
}

}  // namespace son1k::net
