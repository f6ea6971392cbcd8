#include "app/end_signals.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "app/command_line.hpp"

namespace son1k::app {
namespace {

constexpr std::chrono::milliseconds look_every{200};

}  // namespace

end_signals::end_signals() : signals_(loop_, SIGTERM, SIGINT), pause_(loop_) {
  signals_.async_wait([this](const boost::system::error_code&, int) { pause_.cancel(); });
}

void end_signals::look(const std::function<bool()>& ended) {
  pause_.expires_after(look_every);
  pause_.async_wait([this, &ended](const boost::system::error_code& ec) {
    if (ec) return;
    if (ended()) return loop_.stop();
    look(ended);
  });
}

void end_signals::wait(std::function<bool()> ended) {
  if (ended) look(ended);
  loop_.run();
  std::signal(SIGTERM, [](int) { std::_Exit(exit_failed); });
  std::signal(SIGINT, [](int) { std::_Exit(exit_failed); });
}

}  // namespace son1k::app
