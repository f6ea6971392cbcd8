// Where a request that this program makes itself goes. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace son1k::net {

struct web_address {
  bool tls = true;
  std::string host;  // without brackets
  std::uint16_t port = 443;
  std::string target = "/";
};

// Nothing unless it is an http or https URL with a host and neither a user nor a fragment.
std::optional<web_address> parse_web_address(std::string_view url);

// The Host field of a request to it.
std::string host_field(const web_address& of);

}  // namespace son1k::net
