// Adds of many callers on their way to Redis: while two calls are under way those that come gather,
// and leave as one. Each is all or none by itself, so only those that cannot be refused for what
// Redis holds may come here: jobs that name no parent.
//
// A commit of many jobs is one long script. Its callers have just been answered and come back with
// their next requests, whose limits would wait in Redis behind it: so it lets them pass, and leaves
// a moment later. Nothing that is told of its jobs overtakes it: flush() comes before each call
// that may concern them. Thread-safe.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "queue/redis/link.hpp"

namespace son1k::queue::redis {

// Trees as the script "add" takes them.
struct added_trees {
  words nodes;
  std::vector<std::size_t> shapes;  // where they stand among the words
  std::size_t jobs = 0;             // in all trees
  std::size_t trees = 0;            // replies
};

class add_gate : public std::enable_shared_from_this<add_gate> {
 public:
  explicit add_gate(std::shared_ptr<link> to) : link_(std::move(to)) {}

  // The replies of its trees, in a list. `gone` is called if they leave at once.
  boost::asio::awaitable<link::reply> add(added_trees some, std::function<void()> gone = {});
  // Without waiting; whether they have left. `done` is called on a thread of the client, or inside
  // the call.
  bool send(added_trees some, std::function<void(link::reply)> done);
  // The script "push" of a commit, in the order of the calls.
  void push(words args, std::size_t jobs, std::function<void(link::reply)> done);
  void flush();  // what has gathered leaves now

 private:
  struct caller;
  using callers = std::vector<std::shared_ptr<caller>>;
  struct held_push {
    words args;
    std::function<void(link::reply)> done;
  };
  void send_held();
  void send_some();
  void answered(const callers& some, link::reply got);

  const std::shared_ptr<link> link_;
  std::recursive_mutex mutex_;  // a call that cannot be made is answered inside the call
  std::deque<std::shared_ptr<caller>> waiting_;
  int under_way_ = 0;
  std::vector<held_push> held_;
};

}  // namespace son1k::queue::redis
