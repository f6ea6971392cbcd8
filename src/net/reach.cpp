#include "net/reach.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace son1k::net {
namespace ip = boost::asio::ip;
namespace {

// https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast.
constexpr std::array special_v4{
    "0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10",   "127.0.0.0/8",     "169.254.0.0/16",
    "172.16.0.0/12",  "192.0.0.0/24",   "192.0.2.0/24",    "192.31.196.0/24", "192.52.193.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",   "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
};
// https://www.iana.org/assignments/iana-ipv6-special-registry, within global unicast (2000::/3).
constexpr std::array special_v6{
    "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
};
constexpr const char* global_unicast = "2000::/3";

template <class Network, class Address>
bool holds(const Network& network, const Address& address) {
  return Network(address, network.prefix_length()).canonical() == network.canonical();
}

const std::vector<ip::network_v4>& networks_v4() {
  static const auto all = [] {
    std::vector<ip::network_v4> out;
    for (const auto* one : special_v4) out.push_back(ip::make_network_v4(one));
    return out;
  }();
  return all;
}

const std::vector<ip::network_v6>& networks_v6() {
  static const auto all = [] {
    std::vector<ip::network_v6> out;
    for (const auto* one : special_v6) out.push_back(ip::make_network_v6(one));
    return out;
  }();
  return all;
}

template <class Networks, class Address>
bool any_holds(const Networks& networks, const Address& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const auto& one) { return holds(one, address); });
}

std::string_view stripped(std::string_view part) {
  const auto first = part.find_first_not_of(" \t");
  if (first == part.npos) return {};
  return part.substr(first, part.find_last_not_of(" \t") - first + 1);
}

error no_network(std::string_view part) {
  const std::string shown(part.substr(0, 80));
  return {errc::validation, "networks",
          text("must be networks such as 10.0.0.0/8 with commas between, not \"" + shown + "\"",
               "deben ser redes como 10.0.0.0/8 con comas entre ellas, no \"" + shown + "\"")};
}

}  // namespace

bool is_public(const ip::address& address) {
  if (address.is_v4()) return !any_holds(networks_v4(), address.to_v4());
  static const auto unicast = ip::make_network_v6(global_unicast);
  const auto plain = address.to_v6();
  return plain.scope_id() == 0 && holds(unicast, plain) && !any_holds(networks_v6(), plain);
}

result<reach> reach::parse(std::string_view networks) {
  reach out;
  while (!networks.empty()) {
    const auto end = std::min(networks.find(','), networks.size());
    const auto part = stripped(networks.substr(0, end));
    networks.remove_prefix(std::min(end + 1, networks.size()));
    if (part.empty()) continue;
    std::string one(part);
    const bool v6 = one.find(':') != one.npos;
    if (one.find('/') == one.npos) one += v6 ? "/128" : "/32";
    boost::system::error_code ec;
    if (v6) {
      out.v6_.push_back(ip::make_network_v6(one, ec).canonical());
    } else {
      out.v4_.push_back(ip::make_network_v4(one, ec).canonical());
    }
    if (ec) return no_network(part);
  }
  return out;
}

bool reach::names(const ip::address& address) const {
  return address.is_v4() ? any_holds(v4_, address.to_v4()) : any_holds(v6_, address.to_v6());
}

bool reach::allows(const ip::address& address) const {
  return names(address) || is_public(address);
}

}  // namespace son1k::net
