#include "net/reactors.hpp"

#include <pthread.h>

#include <algorithm>
#include <csignal>

#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace son1k::net {
namespace {

// What escapes a handler ends here: the loop of the others must go on.
void run_loop(boost::asio::io_context& context) {
  name_thread("reactor");
  // sendfile(2) has no MSG_NOSIGNAL: a peer that left must be an error, not the program's end.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  for (;;) {
    try {
      context.run();
      return;
    } catch (const std::exception& fault) {
      log::error("reactor.escaped", {{"what", fault.what()}});
    }
  }
}

}  // namespace

reactors::reactors(std::size_t count) {
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<loop>());
}

reactors::~reactors() {
  stop();
}

void reactors::start() {
  for (auto& each : loops_) {
    if (each->thread.joinable()) continue;
    each->thread = std::thread([&context = each->context] { run_loop(context); });
  }
}

void reactors::stop() {
  for (auto& each : loops_) each->context.stop();
  for (auto& each : loops_) {
    if (each->thread.joinable()) each->thread.join();
  }
}

reactors::executor_type reactors::next() {
  return executor(turn_.fetch_add(1, std::memory_order_relaxed) % loops_.size());
}

}  // namespace son1k::net
