// Blocking work of a handler: it runs on the compute pool, the handler resumes with what it gives.
#pragma once
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "api/services.hpp"

namespace son1k::api {

// unavailable: the pool is full.
template <class T>
boost::asio::awaitable<result<T>> offloaded(std::shared_ptr<const services> with,
                                            std::function<result<T>()> work) {
  namespace asio = boost::asio;
  auto executor = co_await asio::this_coro::executor;
  auto kept = std::make_shared<std::optional<result<T>>>();
  auto initiate = [with, executor, kept, work = std::move(work)](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto resume = [executor, shared] { asio::post(executor, [shared] { (*shared)(); }); };
    const bool queued = with->offload([kept, work, resume] {
      kept->emplace(work());
      resume();
    });
    if (!queued) {
      kept->emplace(error(errc::unavailable, text("too much is being computed; try again soon",
                                                  "hay demasiado en proceso; reintente pronto")));
      resume();
    }
  };
  co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(std::move(initiate),
                                                                       asio::use_awaitable);
  co_return std::move(**kept);
}

}  // namespace son1k::api
