#include "base/spawn.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "base/log.hpp"

namespace son1k {
namespace {

void report(const std::string& name, std::exception_ptr escaped) {
  const std::string event = name + ".escaped";
  try {
    std::rethrow_exception(std::move(escaped));
  } catch (const std::exception& e) {
    log::error(event, {{"what", e.what()}});
  } catch (...) {
    log::error(event, {{"what", "not a std::exception"}});
  }
}

}  // namespace

void spawn(boost::asio::any_io_executor executor, std::string name,
           boost::asio::awaitable<void> task, std::function<void()> ended) {
  auto done = [name = std::move(name), ended = std::move(ended)](std::exception_ptr escaped) {
    if (escaped) report(name, std::move(escaped));
    if (ended) ended();
  };
  boost::asio::co_spawn(std::move(executor), std::move(task), std::move(done));
}

}  // namespace son1k
