// Coroutine and blocking faces of the `database` port. A coroutine resumes on the executor it runs
// on; the blocking forms are for commands and tests, never for a reactor's thread.
#pragma once
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>

#include "store/database.hpp"

namespace son1k::store {

// Commits and resumes when the promise of the transaction holds.
boost::asio::awaitable<result<void>> async_commit(database& db, transaction tx);

result<void> commit_and_wait(database& db, transaction tx);

// Runs `work(connection&) -> result<T>` on a reader's thread and resumes with its result.
template <class Work>
auto async_read(database& db, Work work)
    -> boost::asio::awaitable<std::invoke_result_t<Work&, connection&>> {
  namespace asio = boost::asio;
  using reply = std::invoke_result_t<Work&, connection&>;
  auto executor = co_await asio::this_coro::executor;
  auto answer = std::make_shared<std::optional<reply>>();
  auto initiate = [&db, executor, answer, work = std::move(work)](auto handler) mutable {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto resume = [executor, shared] { asio::post(executor, [shared] { (*shared)(); }); };
    auto queued = db.read([answer, resume, work = std::move(work)](connection& c) mutable {
      answer->emplace(work(c));
      resume();
    });
    if (!queued) {
      answer->emplace(queued.error());
      resume();
    }
  };
  co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(std::move(initiate),
                                                                       asio::use_awaitable);
  co_return std::move(**answer);
}

template <class Work>
auto read_and_wait(database& db, Work work) -> std::invoke_result_t<Work&, connection&> {
  using reply = std::invoke_result_t<Work&, connection&>;
  auto promise = std::make_shared<std::promise<reply>>();
  auto future = promise->get_future();
  auto queued = db.read([promise, work = std::move(work)](connection& c) mutable {
    promise->set_value(work(c));
  });
  if (!queued) return queued.error();
  return future.get();
}

}  // namespace son1k::store
