// The keys with which this installation signs: one is current, made when it is first needed; of
// those before only the public half is kept, so that what they signed can still be verified. They
// are kept in the database like the program's other secrets and shared by all its processes.
// Thread-safe; the database and the clock outlive it.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "store/database.hpp"

namespace son1k::accounts {

struct signing_key {
  std::string id;
  std::string public_key;  // 32 bytes
  std::string secret;      // 32 bytes; empty: retired
  std::int64_t created_at_ms = 0;
  std::int64_t retired_at_ms = 0;  // 0: current
};

class signing_keys {
 public:
  signing_keys(store::database& db, const clock_port& clock) : db_(db), clock_(clock) {}

  boost::asio::awaitable<result<signing_key>> current();
  // The current key is retired and its secret forgotten; the new one.
  boost::asio::awaitable<result<signing_key>> rotate();
  // The newest first, without secrets.
  boost::asio::awaitable<result<std::vector<signing_key>>> list();

 private:
  boost::asio::awaitable<result<void>> add(bool in_place_of_current);

  store::database& db_;
  const clock_port& clock_;
};

}  // namespace son1k::accounts
