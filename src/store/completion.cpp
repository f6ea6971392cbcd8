#include "store/completion.hpp"

#include <boost/asio/post.hpp>

namespace son1k::store {
namespace {

thread_local completion_batch* open_batch = nullptr;

// Coroutines with a strand each would make the search for equal executors quadratic.
constexpr std::size_t executors_searched_max = 8;

}  // namespace

void resume_soon(std::shared_ptr<waiting> waiter) {
  if (open_batch == nullptr) {
    auto executor = waiter->executor;
    boost::asio::post(executor, [waiter = std::move(waiter)] { waiter->resume(); });
    return;
  }
  auto& groups = open_batch->by_executor_;
  std::size_t last = groups.size();
  std::size_t first = last > executors_searched_max ? last - executors_searched_max : 0;
  for (std::size_t i = last; i > first; --i) {
    if (groups[i - 1].front()->executor == waiter->executor) {
      groups[i - 1].push_back(std::move(waiter));
      return;
    }
  }
  groups.emplace_back().push_back(std::move(waiter));
}

completion_batch::completion_batch() {
  open_batch = this;
}

completion_batch::~completion_batch() {
  flush();
  open_batch = nullptr;
}

void completion_batch::flush() {
  for (waiters& group : by_executor_) {
    auto executor = group.front()->executor;
    boost::asio::post(executor, [group = std::move(group)] {
      for (const auto& waiter : group) waiter->resume();
    });
  }
  by_executor_.clear();
}

}  // namespace son1k::store
