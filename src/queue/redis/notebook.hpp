// What runs say of themselves on its way to Redis. It waits a little, for the end of a short run
// takes along what the run has said. Whatever else this process calls, but claims and ends of other
// runs, comes after what was said before it. Thread-safe.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "queue/redis/link.hpp"
#include "queue/runs.hpp"

namespace son1k::queue::redis {

struct note {
  std::string_view what;  // "progress" or "log"
  std::string value;
  std::int64_t keep = 0;  // lines of a log
};
// As the scripts read them, their number first.
void add_notes(words& to, const std::vector<note>& notes);

class notebook : public std::enable_shared_from_this<notebook> {
 public:
  explicit notebook(std::shared_ptr<link> to) : link_(std::move(to)) {}

  // A run that says very much does not wait for the answer.
  void add(const lease& held, note what);
  // What has not been sent yet of a run that ends.
  std::vector<note> take(const lease& held);
  // Back, since its end was not written.
  void put_back(const lease& held, std::vector<note> notes);
  void flush();  // sends what there is

 private:
  using clock = std::chrono::steady_clock;
  struct unsent {
    std::int64_t fence = 0;
    clock::time_point since;  // of the first note
    std::vector<note> notes;
  };
  void send_since(clock::time_point latest);
  void wait();

  const std::shared_ptr<link> link_;
  std::recursive_mutex mutex_;  // a call that cannot be made is answered inside the call
  std::map<std::pair<std::string, std::string>, unsent> unsent_;
  bool waits_ = false;  // for the time to send what there is
};

}  // namespace son1k::queue::redis
