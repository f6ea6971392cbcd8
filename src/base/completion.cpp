#include "base/completion.hpp"

#include <atomic>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <thread>

namespace son1k {
namespace {

namespace asio = boost::asio;

// post() still touches the loop after the loop's thread has run what was posted; that thread may by
// then have ended and destroyed it. The end of a loop waits for the posts that are under way.
class post_gate final : public asio::execution_context::service {
 public:
  using key_type = post_gate;
  static inline asio::execution_context::id id;
  explicit post_gate(asio::execution_context& loop) : service(loop) {}
  void enter() { posting_.fetch_add(1, std::memory_order_relaxed); }
  void leave() { posting_.fetch_sub(1, std::memory_order_release); }

 private:
  void shutdown() noexcept override {
    while (posting_.load(std::memory_order_acquire) > 0) std::this_thread::yield();
  }
  std::atomic<int> posting_{0};
};

class posting {
 public:
  explicit posting(post_gate& gate) : gate_(gate) { gate_.enter(); }
  ~posting() { gate_.leave(); }
  posting(const posting&) = delete;
  posting& operator=(const posting&) = delete;

 private:
  post_gate& gate_;
};

template <class Work>
void post_to(const asio::any_io_executor& to, Work work) {
  // Outlives the copy of the executor, which may be a strand of the loop.
  std::optional<posting> under_way;
  const asio::any_io_executor executor = to;
  auto& loop = asio::query(executor, asio::execution::context);
  under_way.emplace(asio::use_service<post_gate>(loop));
  asio::post(executor, std::move(work));
}

thread_local completion_batch* open_batch = nullptr;

// Coroutines with a strand each would make the search for equal executors quadratic.
constexpr std::size_t executors_searched_max = 8;

}  // namespace

void resume_soon(std::shared_ptr<waiting> waiter) {
  if (open_batch == nullptr) {
    const auto& executor = waiter->executor;
    post_to(executor, [waiter = std::move(waiter)] { waiter->resume(); });
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
    const auto& executor = group.front()->executor;
    post_to(executor, [group = std::move(group)] {
      for (const auto& waiter : group) waiter->resume();
    });
  }
  by_executor_.clear();
}

}  // namespace son1k
