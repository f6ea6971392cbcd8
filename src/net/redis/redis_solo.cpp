#include "net/redis/redis_solo.hpp"

#include <boost/asio/post.hpp>
#include <optional>

#include "base/log.hpp"
#include "net/redis/redis_connection.hpp"

namespace son1k::net {

result<std::unique_ptr<redis_solo>> redis_solo::make(const redis_client& like, std::string name) {
  auto tls = make_tls_context(like.settings());
  if (!tls) return tls.error();
  auto core = std::make_shared<redis_core>(like.settings(), std::move(*tls));
  auto connection = core->add(std::move(name));
  connection->start();
  return std::unique_ptr<redis_solo>(new redis_solo(std::move(core), std::move(connection)));
}

redis_solo::redis_solo(std::shared_ptr<redis_core> core,
                       std::shared_ptr<redis_connection> connection)
    : redis_caller(std::move(core), std::move(connection)), work_(core_->loop.get_executor()) {}

redis_solo::~redis_solo() {
  connection_->close();
  core_->loop.poll();
}

redis_reply redis_solo::ask(redis_command command, redis_call_options options) {
  std::optional<redis_reply> got;
  auto done = [&got](redis_reply reply) { got.emplace(std::move(reply)); };
  if (auto begun = send(std::move(command), std::move(done), options); !begun) return begun.error();
  while (!got) run_one();
  return std::move(*got);
}

void redis_solo::run_one() {
  try {
    core_->loop.run_one();
  } catch (const std::exception& fault) {
    log::error("redis.escaped", {{"what", fault.what()}});
  }
}

void redis_solo::end() {
  boost::asio::post(core_->loop, [connection = connection_] { connection->close(); });
}

}  // namespace son1k::net
