// Looks at the figures of this server every 15 s and writes what is amiss, where all servers read
// it. Of what they all see (queues, dead letters) they write the same.
//
// Owns the thread that looks, once started. look() is for that thread and for tests.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "api/alerts/alert_records.hpp"
#include "api/services.hpp"

namespace son1k::api {

class alert_watch {
 public:
  // `requests` gives the totals of this server's requests, on the thread that looks; `name` is how
  // other people know this server. What `with` refers to outlives the watch.
  alert_watch(const services& with, std::string name, std::function<request_totals()> requests);
  ~alert_watch();  // stop()
  alert_watch(const alert_watch&) = delete;
  alert_watch& operator=(const alert_watch&) = delete;

  // All figures as they are now.
  std::vector<alert_reading> read();
  // Writes them. Errors are those of the database. Blocking.
  result<void> look();
  void start();
  // Repeatable.
  void stop();

 private:
  void run();

  const services with_;
  const std::string name_;
  const std::function<request_totals()> requests_;
  request_window window_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace son1k::api
