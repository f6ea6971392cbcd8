// Which addresses this program may be sent to by people who are not its operators. Names that they
// give may lead inwards: to this machine, to its neighbours, to what a cloud tells its machines.
// So only the public part of the address space is open, and what the operator has named.
// Values; thread-safe once made.
#pragma once
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace son1k::net {

// Addresses of the IANA registries for special purposes (RFC 6890 and what followed), multicast and
// what is not global unicast: private, loopback, link-local (so the metadata service of clouds),
// shared, documentation, benchmarks; of IPv6 also all that carries an IPv4 address (mapped, NAT64,
// 6to4, Teredo), because nobody can tell where that comes out.
bool is_public(const boost::asio::ip::address& address);

class reach {
 public:
  // Public addresses only.
  reach() = default;
  // And those of the list: "10.0.0.0/8, 127.0.0.1, fd00::/8". validation, field "networks".
  static result<reach> parse(std::string_view networks);

  bool allows(const boost::asio::ip::address& address) const;
  // The operator has named it.
  bool names(const boost::asio::ip::address& address) const;
  bool names_any() const { return !v4_.empty() || !v6_.empty(); }

 private:
  std::vector<boost::asio::ip::network_v4> v4_;
  std::vector<boost::asio::ip::network_v6> v6_;
};

}  // namespace son1k::net
