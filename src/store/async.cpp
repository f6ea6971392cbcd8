#include "store/async.hpp"

namespace son1k::store {

boost::asio::awaitable<result<void>> async_commit(database& db, transaction tx) {
  // Both live in this frame, which the waiter keeps until it resumes.
  result<void> answer;
  auto start = [&db, &answer, &tx](std::shared_ptr<waiting> waiter) {
    // Moved on, so that nothing of the coroutine is left with the writer once it resumes.
    auto done = [&answer, waiter = std::move(waiter)](result<void> outcome) mutable {
      answer = std::move(outcome);
      resume_soon(std::move(waiter));
    };
    db.commit(std::move(tx), std::move(done));
  };
  co_await suspend_until_resumed(std::move(start));
  co_return answer;
}

result<void> commit_and_wait(database& db, transaction tx) {
  auto promise = std::make_shared<std::promise<result<void>>>();
  auto future = promise->get_future();
  db.commit(std::move(tx),
            [promise](result<void> outcome) { promise->set_value(std::move(outcome)); });
  return future.get();
}

}  // namespace son1k::store
