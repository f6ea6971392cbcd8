// Wakes claims that wait: a connection of its own blocks on the markers of their queues, as workers
// of BullMQ do. Whoever takes a marker looks for work, and the look leaves a new one if there is
// more. Thread-safe.
#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "queue/redis/link.hpp"

namespace son1k::queue::redis {

class bell {
 public:
  // `waiting` names the queues that claims wait for; `ring` wakes one and says whether one was
  // there. The first is called on the bell's thread, the second on the client's.
  bell(std::shared_ptr<link> to, std::function<std::vector<std::string>()> waiting,
       std::function<bool(const std::string& queue)> ring);
  ~bell() { stop(); }

  void look();  // a claim waits now
  void stop();  // repeatable

 private:
  void run();
  bool connect(const std::string& queue);                                // false: stopped
  bool listen(net::redis_command pop, net::redis_call_options options);  // whether it was answered
  void heard(const net::redis_value& popped);

  const std::shared_ptr<link> link_;
  const std::function<std::vector<std::string>()> waiting_;
  const std::function<bool(const std::string&)> ring_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool some_ = false;
  bool stopped_ = false;
  std::unique_ptr<net::redis_dedicated> wire_;
  std::thread thread_;
};

}  // namespace son1k::queue::redis
