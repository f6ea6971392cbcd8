// SIGTERM and SIGINT, caught from the moment one of these is made: whoever starts the program may
// end it before it has said that it is ready, and it must drain all the same. One owner, one
// thread.
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

namespace son1k::app {

class end_signals {
 public:
  end_signals();
  // Until the first signal, or until `ended` (looked at now and then) is true. A second signal ends
  // the program at once: somebody is in a hurry.
  void wait(std::function<bool()> ended = nullptr);

 private:
  void look(const std::function<bool()>& ended);

  boost::asio::io_context loop_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer pause_;
};

}  // namespace son1k::app
