// One io_context and one thread a core. What lives on a reactor is touched by its thread only;
// other threads reach it by a posted message. Thread-safe but for start() and stop(), which belong
// to one owner. Owns its threads.
#pragma once
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace son1k::net {

class reactors {
 public:
  using executor_type = boost::asio::io_context::executor_type;

  // 0 means one per core. No thread runs before start().
  explicit reactors(std::size_t count = 0);
  ~reactors();
  reactors(const reactors&) = delete;
  reactors& operator=(const reactors&) = delete;

  // Starts the threads; a second call does nothing.
  void start();
  // Ends the loops after what runs now, drops what is pending and joins. Repeatable. Not from a
  // reactor's own thread.
  void stop();

  std::size_t size() const { return loops_.size(); }
  boost::asio::io_context& context(std::size_t index) { return loops_[index]->context; }
  executor_type executor(std::size_t index) { return loops_[index]->context.get_executor(); }
  // The reactors in turn.
  executor_type next();

 private:
  struct loop {
    loop() : context(1), guard(context.get_executor()) {}
    boost::asio::io_context context;
    boost::asio::executor_work_guard<executor_type> guard;
    std::thread thread;
  };
  std::vector<std::unique_ptr<loop>> loops_;
  std::atomic<std::size_t> turn_{0};
};

}  // namespace son1k::net
