// The only way to start a coroutine that nobody awaits: what escapes it is logged under its name.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <string>

namespace son1k::net {

// Runs `task` on `executor`. `name` stands in the log as "<name>.escaped". Thread-safe.
void spawn(std::string name, boost::asio::any_io_executor executor,
           boost::asio::awaitable<void> task);

}  // namespace son1k::net
