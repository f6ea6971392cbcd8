// Coroutine and blocking faces of the `database` port. A coroutine resumes on the executor it runs
// on; the blocking forms are for commands and tests, never for a reactor's thread or one of the
// database's own. The database must outlive the calls.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>

#include "base/completion.hpp"
#include "store/database.hpp"

namespace son1k::store {

// Commits and resumes when the promise of the transaction holds.
boost::asio::awaitable<result<void>> async_commit(database& db, transaction tx);

result<void> commit_and_wait(database& db, transaction tx);

// Runs `work(connection&) -> result<T>` on a reader's thread and resumes with its result.
template <class Work>
auto async_read(database& db, Work work)
    -> boost::asio::awaitable<std::invoke_result_t<Work&, connection&>> {
  using reply = std::invoke_result_t<Work&, connection&>;
  auto answer = std::make_shared<std::optional<reply>>();
  auto start = [&db, answer, work = std::move(work)](std::shared_ptr<waiting> waiter) mutable {
    auto queued = db.read([answer, waiter, work = std::move(work)](connection& c) mutable {
      answer->emplace(work(c));
      resume_soon(std::move(waiter));
    });
    if (!queued) {
      answer->emplace(queued.error());
      resume_soon(std::move(waiter));
    }
  };
  co_await suspend_until_resumed(std::move(start));
  co_return std::move(**answer);
}

template <class Work>
auto read_and_wait(database& db, Work work) -> std::invoke_result_t<Work&, connection&> {
  using reply = std::invoke_result_t<Work&, connection&>;
  auto promise = std::make_shared<std::promise<reply>>();
  auto future = promise->get_future();
  auto queued = db.read(
      [promise, work = std::move(work)](connection& c) mutable { promise->set_value(work(c)); });
  if (!queued) return queued.error();
  return future.get();
}

}  // namespace son1k::store
