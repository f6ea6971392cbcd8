// The only way to start a coroutine that nobody awaits: what escapes it is logged under its name.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

namespace son1k {

// Runs `task` on `executor` and then `ended`, if there is one, also after an exception. `name` is a
// dotted log name ("worker.claim"); what escapes is logged as "<name>.escaped". Thread-safe.
void spawn(boost::asio::any_io_executor executor, std::string name,
           boost::asio::awaitable<void> task, std::function<void()> ended = {});

}  // namespace son1k
