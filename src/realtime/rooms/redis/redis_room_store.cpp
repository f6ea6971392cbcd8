#include "realtime/rooms/redis/redis_room_store.hpp"

#include <algorithm>

namespace son1k::realtime {
namespace {

// KEYS: the state. ARGV: the version seen, the new state, time to live. Replies whether it was
// written, the version and the state that stand.
const net::redis_script write_script(R"lua(
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or 0)
if version ~= tonumber(ARGV[1]) then
  return {0, version, redis.call('HGET', KEYS[1], 'state') or ''}
end
redis.call('HSET', KEYS[1], 'version', version + 1, 'state', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {1, version + 1, ARGV[2]}
)lua");

class redis_room_store final : public room_store {
 public:
  redis_room_store(net::redis_client& redis, std::string prefix)
      : redis_(redis), prefix_(std::move(prefix)) {}

  boost::asio::awaitable<result<room_content>> read(std::string room) override {
    auto ask_state = net::redis_command("HMGET");
    ask_state.add(state_key(room)).add("version").add("state");
    auto state = co_await redis_.call(std::move(ask_state));
    if (!state) co_return state.error();
    room_content out;
    if (state->size() == 2) {
      out.version = (*state)[0].number_or(0);
      out.state = std::string((*state)[1].bytes());
    }
    co_return out;
  }

  boost::asio::awaitable<result<room_write>> write(std::string room, std::int64_t seen,
                                                   std::string state) override {
    if (state.size() > room_state_bytes_max) co_return room_state_too_large();
    std::vector<std::string> keys{state_key(room)};
    std::vector<std::string> args{std::to_string(seen), std::move(state),
                                  std::to_string(room_idle_ms_max)};
    auto reply = co_await redis_.eval(write_script, keys, args);
    if (!reply) co_return reply.error();
    if (reply->size() != 3) {
      co_return error(errc::internal, text("Redis gave a room an answer that is none.",
                                           "Redis dio a una sala una respuesta que no lo es."));
    }
    room_write out;
    out.written = (*reply)[0].number_or(0) == 1;
    out.version = (*reply)[1].number_or(0);
    out.state = std::string((*reply)[2].bytes());
    co_return out;
  }

 private:
  std::string state_key(const std::string& room) const { return prefix_ + room + ":state"; }

  net::redis_client& redis_;
  const std::string prefix_;
};

}  // namespace

std::unique_ptr<room_store> make_redis_room_store(net::redis_client& redis, std::string prefix) {
  return std::make_unique<redis_room_store>(redis, std::move(prefix));
}

}  // namespace son1k::realtime
