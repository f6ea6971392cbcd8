// Where a Redis is and how to speak with it. A value.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace son1k::net {

struct redis_address {
  std::string host;  // a name, an IPv4 address, or an IPv6 address without brackets
  std::uint16_t port = 6379;
  bool operator==(const redis_address&) const = default;
};
std::string to_text(const redis_address& at);  // "host:port", "[::1]:6379"

enum class redis_layout : std::uint8_t {
  single,    // one server
  sentinel,  // hosts are sentinels; they say who the master is
  cluster,   // hosts are nodes; keys share one hash tag, so one node serves them
};

struct redis_credentials {
  std::string user;  // empty: the default user
  std::string password;
};

struct redis_settings {
  redis_layout layout = redis_layout::single;
  std::vector<redis_address> hosts;  // at least one; tried in turn
  redis_credentials login;
  int database = 0;
  std::string master_name;           // of a sentinel layout
  redis_credentials sentinel_login;  // for the sentinels themselves
  bool tls = false;
  bool tls_verify = true;
  std::string tls_ca_file;  // PEM; empty: the system's authorities

  std::string client_name = "son1k";              // CLIENT SETNAME of the shared connection
  std::chrono::milliseconds connect_time{3'000};  // of one address: TCP, TLS and greeting
  std::chrono::milliseconds call_time{5'000};
  // A connection on which nothing comes for this long though something is due is given up.
  std::chrono::milliseconds silence_time{5'000};
  std::chrono::milliseconds ping_every{5'000};  // while idle, so that silence is noticed
  std::chrono::milliseconds backoff_min{50};
  std::chrono::milliseconds backoff_max{2'000};
  std::size_t calls_max = 65'536;             // begun and not ended; `unavailable` beyond
  std::size_t bytes_max = 256 * 1024 * 1024;  // of the commands of those calls
  std::size_t reply_bytes_max = 64 * 1024 * 1024;

  // "redis://host:6379/0" without user and password, for logs and messages.
  std::string shown() const;
};

// redis://[user[:password]@]host[:port][,host2…][/database]
// rediss://…                     the same over TLS, verified
// redis+sentinel://…h1:26379,h2:26379/mymaster[/database]
// redis+cluster://…h1:7000,h2:7000
// (rediss+sentinel://, rediss+cluster:// over TLS). A redis:// of many hosts takes the first that
// answers. User and password are percent-encoded; "redis://:password@host" is the default user's.
// Parameters: tls_ca_file=PATH, tls_verify=0|1, sentinel_user=, sentinel_password=.
// validation, field "redis_url": what is wrong with it, without repeating it: it holds a secret.
result<redis_settings> parse_redis_url(std::string_view url);

}  // namespace son1k::net
