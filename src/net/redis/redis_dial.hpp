// From settings to a greeted connection: which address (sentinels, the node that a MOVED named),
// TCP, TLS, AUTH, SELECT, CLIENT SETNAME, ROLE. Internal to net/redis; runs on the client's loop.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "net/redis/redis_command.hpp"
#include "net/redis/redis_reply_reader.hpp"
#include "net/redis/redis_stream.hpp"

namespace son1k::net {

// A connection that answers. Closed by whoever holds it last.
struct redis_link {
  std::shared_ptr<redis_stream> stream;
  std::unique_ptr<redis_reply_reader> reader;
  redis_address at;
  redis_value last;  // what the last word of the greeting was answered with
};

class redis_dialler {
 public:
  redis_dialler(boost::asio::io_context& loop, const redis_settings& settings, tls_context tls,
                std::string name)
      : loop_(loop), settings_(settings), tls_(std::move(tls)), name_(std::move(name)) {}

  // One round over the addresses; the last address's error when none served.
  //   unauthenticated · forbidden · malformed: asking again will not help until somebody acts
  //   unavailable: it may
  boost::asio::awaitable<result<redis_link>> dial();
  // The node to try first from now on (MOVED), with an empty host for the present one's.
  void prefer(redis_address node) { preferred_ = std::move(node); }
  // Ends a dial that is under way.
  void cancel();

 private:
  using link_result = result<redis_link>;
  using commands = std::vector<redis_command>;
  boost::asio::awaitable<link_result> open(redis_address to);
  // Connects and says `words`; the reply to the last is the link's `last`.
  boost::asio::awaitable<link_result> greet(redis_address to, commands words);
  boost::asio::awaitable<link_result> greet_in_time(redis_address to, commands words);
  boost::asio::awaitable<link_result> by_sentinel(redis_address sentinel);
  boost::asio::awaitable<link_result> one(redis_address to);
  commands server_words() const;

  boost::asio::io_context& loop_;
  const redis_settings& settings_;
  const tls_context tls_;
  const std::string name_;
  std::optional<redis_address> preferred_;
  std::size_t turn_ = 0;
  std::shared_ptr<redis_stream> opening_;
};

}  // namespace son1k::net
