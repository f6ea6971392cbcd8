// A POST to an address that somebody else chose: only to where `reach` allows, to the very address
// that was checked (a name that answers differently the next time changes nothing), over TLS with
// the system's authorities unless the operator has named the address. Redirects are not followed,
// of the reply only the status is read.
//
// Thread-safe; a post runs on the executor of its caller.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "net/reach.hpp"
#include "net/web_address.hpp"

namespace son1k::net {

inline constexpr std::size_t posted_url_bytes_max = 2'048;

// validation, field "url": neither https nor http, no host, a user, a fragment, too long; an
// address in the URL itself that `within` does not allow, and http where it names nothing.
result<web_address> parse_post_address(std::string_view url, const reach& within);

struct post_message {
  web_address to;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

class guarded_posts {
 public:
  // `time` is that of a whole exchange. A file of certificates in place of the system's
  // authorities.
  explicit guarded_posts(reach within, std::chrono::milliseconds time = std::chrono::seconds(10),
                         std::string authorities = {});
  const reach& within() const { return within_; }

  // The status of the reply. forbidden, field "url": the name leads to an address that is not
  // allowed, or http to one that is not named; nothing was sent · unavailable: not found, not
  // reached, not trusted, broken off · timeout. The message names the reason.
  boost::asio::awaitable<result<int>> post(post_message what);

 private:
  result<boost::asio::ssl::context*> tls();

  const reach within_;
  const std::chrono::milliseconds time_;
  const std::string authorities_;
  std::mutex lock_;
  std::unique_ptr<boost::asio::ssl::context> tls_;  // made when first needed
};

}  // namespace son1k::net
