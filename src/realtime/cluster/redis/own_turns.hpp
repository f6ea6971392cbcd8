// Broadcasts of this node that wait until the reader of the stream comes to their entries: there
// they are delivered to its own sockets, so that those get everything in the order of the stream.
// An entry carries the mark of its turn. Thread-safe.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <map>
#include <mutex>

#include "base/clock.hpp"
#include "base/completion.hpp"
#include "realtime/socketio/cluster.hpp"

namespace son1k::realtime {

class own_turns {
 public:
  static constexpr std::size_t open_max = 20'000;

  explicit own_turns(const clock_port& clock) : clock_(clock) {}

  // A mark for the entry, until forget(). 0: too many are open, or stopped.
  std::uint64_t open(io_turn deliver);
  void forget(std::uint64_t mark);
  // The reader has come to the entry: delivers it, unless its turn was given up.
  void come(std::uint64_t mark, const std::string& offset);
  // `recorded`: how the writing of the entry ended. The offset once it is delivered, however the
  // writing ended. An error: it was not delivered and will not be; unavailable where it is written
  // and the reader did not come to it within `ms`, or stopped.
  boost::asio::awaitable<result<std::string>> wait(std::uint64_t mark, result<std::string> recorded,
                                                   std::int64_t ms);

  // What is written and was not read is not in the stream any more.
  void on_gap();
  void on_time();
  void stop();

 private:
  enum class state : std::uint8_t { open, delivering, delivered, given_up };
  struct turn {
    io_turn deliver;
    state is = state::open;
    std::string offset;
    std::int64_t until = 0;           // steady ms, once it is recorded
    std::shared_ptr<waiting> waiter;  // likewise
  };
  // With the lock held.
  static void end(turn& one, state how);

  const clock_port& clock_;
  std::mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<turn>> turns_;
  std::uint64_t last_ = 0;
  bool stopped_ = false;
};

error too_many_turns();

}  // namespace son1k::realtime
