#include "api/client_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace son1k::api {
namespace {

using address = std::array<std::uint8_t, 16>;
constexpr address mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
constexpr int mapped_bits = 96;
constexpr std::size_t key_bytes_max = 64;

bool is_ipv4(const address& a) {
  return std::equal(a.begin(), a.begin() + mapped_bits / 8, mapped.begin());
}

std::optional<address> read(std::string_view text) {
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  const std::string plain(text);
  address out = mapped;
  if (::inet_pton(AF_INET, plain.c_str(), &out[mapped_bits / 8]) == 1) return out;
  if (::inet_pton(AF_INET6, plain.c_str(), out.data()) == 1) return out;
  return std::nullopt;
}

std::string shown(const address& a) {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_ipv4(a)) {
    ::inet_ntop(AF_INET, &a[mapped_bits / 8], text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, a.data(), text, sizeof text);
  }
  return text;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// A link-local peer has its interface behind it ("fe80::1%eth0").
std::string_view without_zone(std::string_view peer) {
  return peer.substr(0, peer.find('%'));
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "192.0.2.1", "192.0.2.1:5000", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:5000": some proxies
// name the port as well.
std::optional<address> read_hop(std::string_view hop) {
  if (hop.starts_with('[')) {
    const auto end = hop.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto rest = hop.substr(end + 1);
    if (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1)))) return std::nullopt;
    const auto inside = hop.substr(1, end - 1);
    return inside.find(':') == std::string_view::npos ? std::nullopt : read(inside);
  }
  const auto colon = hop.find(':');
  if (colon != std::string_view::npos && hop.find('.') < colon) {
    if (!is_port(hop.substr(colon + 1))) return std::nullopt;
    hop = hop.substr(0, colon);
  }
  return read(hop);
}

bool bits_agree(const address& a, const address& b, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin()))
    return false;
  const int rest = bits % 8;
  return rest == 0 || (a[whole] >> (8 - rest)) == (b[whole] >> (8 - rest));
}

address cut_to(address a, int bits) {
  for (int bit = bits; bit < 128; ++bit) {
    const auto keep = static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
    a[static_cast<std::size_t>(bit / 8)] &= keep;
  }
  return a;
}

error refused(std::string_view entry, const text& why) {
  const std::string name(entry.substr(0, key_bytes_max));
  return {errc::validation, "trusted_proxies",
          text("\"" + name + "\" " + why.en, "\"" + name + "\" " + why.es)};
}

}  // namespace

result<trusted_proxies::network> trusted_proxies::parse_network(std::string_view entry) {
  const auto slash = entry.find('/');
  const auto at = read(entry.substr(0, slash));
  if (!at)
    return refused(entry, text("is no IP address and no network such as 10.0.0.0/8",
                               "no es una dirección IP ni una red como 10.0.0.0/8"));
  network out{*at, 128};
  if (slash == std::string_view::npos) return out;
  const auto digits = entry.substr(slash + 1);
  const bool short_form = is_ipv4(*at) && entry.find(':') == std::string_view::npos;
  const int most = short_form ? 32 : 128;
  const auto end = digits.data() + digits.size();
  const auto number = std::from_chars(digits.data(), end, out.bits);
  if (digits.empty() || number.ec != std::errc() || number.ptr != end || out.bits < 0 ||
      out.bits > most)
    return refused(entry, text("has no prefix from 1 to " + std::to_string(most),
                               "no tiene un prefijo de 1 a " + std::to_string(most)));
  if (short_form) out.bits += mapped_bits;
  if (out.bits == 0 || (is_ipv4(*at) && out.bits <= mapped_bits))
    return refused(entry, text("trusts everybody, so that each caller could name itself",
                               "confía en todos: cada cliente podría darse un nombre"));
  if (cut_to(*at, out.bits) != *at)
    return refused(
        entry, text("has bits beyond its prefix; the network is " + shown(cut_to(*at, out.bits)) +
                        std::string(entry.substr(slash)),
                    "tiene bits tras su prefijo; la red es " + shown(cut_to(*at, out.bits)) +
                        std::string(entry.substr(slash))));
  return out;
}

result<trusted_proxies> trusted_proxies::parse(std::string_view list) {
  trusted_proxies out;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto entry = trimmed(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (entry.empty()) continue;
    auto one = parse_network(entry);
    if (!one) return one.error();
    if (out.networks_.size() == trusted_proxies_max)
      return error(errc::validation, "trusted_proxies",
                   text("must be " + std::to_string(trusted_proxies_max) + " at most",
                        "deben ser " + std::to_string(trusted_proxies_max) + " como máximo"));
    out.networks_.push_back(*one);
  }
  return out;
}

bool trusted_proxies::trusts(const address& a) const {
  const bool ipv4 = is_ipv4(a);
  return std::any_of(networks_.begin(), networks_.end(), [&](const network& n) {
    return ipv4 == is_ipv4(n.bytes) && bits_agree(a, n.bytes, n.bits);
  });
}

std::string trusted_proxies::client_of(const net::http_request& request) const {
  return client_of(request.remote_address, request.fields);
}

std::string trusted_proxies::client_of(std::string_view peer,
                                       const std::vector<net::header_field>& fields) const {
  const auto near = read(without_zone(peer));
  if (!near) return std::string(peer);
  auto client = *near;
  if (!trusts(client)) return shown(client);
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    if (!net::same_name(field->name, "X-Forwarded-For")) continue;
    auto rest = field->value;
    while (!rest.empty()) {
      const auto comma = rest.rfind(',');
      const auto hop = trimmed(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
      rest = rest.substr(0, comma == std::string_view::npos ? 0 : comma);
      if (hop.empty()) continue;
      const auto next = read_hop(hop);
      if (!next) return shown(client);
      client = *next;
      if (!trusts(client)) return shown(client);
    }
  }
  return shown(client);
}

std::string limit_key_of(std::string_view text) {
  const auto known = read(without_zone(text));
  if (!known) return std::string(text.substr(0, key_bytes_max));
  return is_ipv4(*known) ? shown(*known) : shown(cut_to(*known, 64)) + "/64";
}

}  // namespace son1k::api
