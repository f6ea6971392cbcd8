// One GET of a short text from somebody else's server, on the calling thread. https with the
// system's authorities; http only to this machine. Redirects are not followed: what is fetched is
// trusted because of where it came from. Thread-safe: calls share nothing.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/web_address.hpp"

namespace son1k::net {

// validation, field "url": neither https nor http to a loopback address; a user, a fragment, no
// host.
result<web_address> parse_text_address(std::string_view url);

struct fetch_bounds {
  std::chrono::milliseconds time{5'000};  // a lookup that is silent may hold the thread longer
  std::size_t bytes_max = 64 * 1'024;
  std::string authorities;  // a file of certificates in place of the system's
};

// unavailable, field "url": not reached, not trusted, broken off, or another status than 200 ·
// timeout · payload_too_large. The message names the host and the reason.
result<std::string> fetch_text(const web_address& from, const fetch_bounds& bounds = {});

}  // namespace son1k::net
