// The `room_membership` port: who may be in which room. Being there is another matter: that is the
// sockets' business.
//
// Threads: any; coroutines resume on the executor they run on.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "base/error.hpp"

namespace son1k::realtime {

class room_membership {
 public:
  virtual ~room_membership() = default;
  // not_found: there is no such room, or not for this user · unavailable.
  virtual boost::asio::awaitable<result<void>> check(std::string user, std::string room) = 0;
};

// Before there are accounts: every room is its owner's, and others have none.
std::unique_ptr<room_membership> make_owner_rooms(std::string owner);

}  // namespace son1k::realtime
