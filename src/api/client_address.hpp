// Who a request comes from, as far as an address tells. A proxy that is trusted says who called it
// (X-Forwarded-For); what anybody else says there is not read, or each caller could name itself.
// Forwarded (RFC 7239) is never read: a proxy that only keeps the one field passes on the other as
// it came. Values; thread-safe once made.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "net/http_message.hpp"

namespace son1k::api {

inline constexpr std::size_t trusted_proxies_max = 256;

class trusted_proxies {
 public:
  trusted_proxies() = default;  // nobody is trusted
  // Addresses and networks, "10.0.0.0/8, 192.0.2.7, 2001:db8::/32"; an empty text is nobody.
  // validation, field "trusted_proxies": an entry is neither, has bits beyond its prefix, or trusts
  // everybody; too many.
  static result<trusted_proxies> parse(std::string_view list);

  // The peer, or from a trusted peer the rightmost address of X-Forwarded-For that is not trusted;
  // an entry that is no address ends the walk at the proxy that wrote it. IPv4 in IPv6 is IPv4.
  std::string client_of(const net::http_request& request) const;
  std::string client_of(std::string_view peer, const std::vector<net::header_field>& fields) const;

 private:
  struct network {
    std::array<std::uint8_t, 16> bytes{};  // IPv4 as mapped into IPv6
    int bits = 128;
  };
  static result<network> parse_network(std::string_view entry);
  bool trusts(const std::array<std::uint8_t, 16>& address) const;

  std::vector<network> networks_;
};

// By what a limit counts an address: one of IPv4 alone, one of IPv6 with its /64, which is what a
// single subscriber is given. A text that is no address is its own key, cut to 64 bytes.
std::string limit_key_of(std::string_view address);

}  // namespace son1k::api
