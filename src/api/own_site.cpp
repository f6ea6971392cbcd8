#include "api/own_site.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "net/field_text.hpp"

namespace son1k::api {
namespace {

constexpr std::size_t hosts_max = 100;
constexpr std::size_t host_bytes_max = 253;

std::string lower(std::string_view s) {
  std::string out(s);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// "localhost:3001" and "[::1]:3001" without their port.
std::string_view without_port(std::string_view host) {
  const auto bracket = host.rfind(']');
  return host.substr(0, host.find(':', bracket == host.npos ? 0 : bracket));
}

// 0.0.0.0 and :: are everybody's loopback: a page there is not ours.
bool is_number(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(std::string(host), ec);
  return !ec && !address.is_unspecified();
}

bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= host_bytes_max &&
         std::ranges::all_of(host, [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
         });
}

error wrong_url(std::string_view url) {
  const std::string given(url);
  return {errc::validation, "public_url",
          text(given + " must be http:// or https:// and a name, without a path",
               given + " debe ser http:// o https:// y un nombre, sin ruta")};
}

error wrong_hosts(std::string_view entry) {
  const std::string given(entry);
  return {errc::validation, "allowed_hosts",
          text(given + " must be up to 100 names such as studio.lan, without a port",
               given + " debe ser hasta 100 nombres como studio.lan, sin puerto")};
}

}  // namespace

result<own_site> own_site::make(std::string_view public_url, std::string_view hosts) {
  own_site out;
  if (!public_url.empty()) {
    const auto url = boost::urls::parse_uri(public_url);
    const bool plain = url && (url->scheme() == "http" || url->scheme() == "https") &&
                       !url->has_userinfo() && !url->has_query() && !url->has_fragment() &&
                       (url->encoded_path().empty() || url->encoded_path() == "/") &&
                       (is_name(url->encoded_host()) || is_number(url->encoded_host()));
    if (!plain) return wrong_url(public_url);
    const auto host = lower(url->encoded_host());
    const bool usual = url->port() == (url->scheme() == "https" ? "443" : "80");
    out.origin_ = std::string(url->scheme()) + "://" + host;
    if (url->has_port() && !url->port().empty() && !usual)
      out.origin_ += ":" + std::string(url->port());
    out.hosts_.push_back(host);
  }
  while (!hosts.empty()) {
    const auto comma = hosts.find(',');
    const auto entry = net::trim(hosts.substr(0, comma));
    hosts = comma == hosts.npos ? std::string_view() : hosts.substr(comma + 1);
    if (entry.empty()) continue;
    if (!is_name(entry) || out.hosts_.size() > hosts_max) return wrong_hosts(entry);
    out.hosts_.push_back(lower(entry));
  }
  return out;
}

bool own_site::is_named(std::string_view host) const {
  const auto name = lower(without_port(host));
  return name == "localhost" || is_number(name) || std::ranges::find(hosts_, name) != hosts_.end();
}

result<void> own_site::check_page(const page_facts& page) const {
  if (!is_named(page.host)) {
    return error(errc::forbidden, "Host",
                 text("a cookie is taken at this server's own names only; PUBLIC_URL and "
                      "ALLOWED_HOSTS say which they are",
                      "una cookie solo se acepta en los nombres de este servidor; PUBLIC_URL y "
                      "ALLOWED_HOSTS dicen cuáles son"));
  }
  const bool own_page =
      !page.origin.empty() &&
      (page.origin == origin_ || page.origin == "http://" + std::string(page.host) ||
       page.origin == "https://" + std::string(page.host));
  const bool told = page.site.empty() || page.site == "same-origin";
  const bool asked_by_hand = page.reads && page.origin.empty();
  if (asked_by_hand ? told || page.site == "none" : told && own_page) return {};
  return error(errc::forbidden, "Origin",
               text("a cookie is taken from pages of this server only; other callers send "
                    "Authorization: Bearer",
                    "una cookie solo se acepta de páginas de este servidor; otros clientes envían "
                    "Authorization: Bearer"));
}

}  // namespace son1k::api
