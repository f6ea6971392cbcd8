#include "accounts/limits/redis/redis_limiter.hpp"

#include "accounts/limits/limit_book.hpp"

namespace son1k::accounts {
namespace {

// KEYS: a bucket each. ARGV: the time in microseconds or 0 for Redis's own, then for each bucket
// its emission, tolerance and cost (see gcra). Replies the time and when each bucket was to be
// empty before the call; the caller draws the same conclusion from them. Numbers stay below 2^53.
const net::redis_script take_script(R"lua(
local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local reply, after, fits = {string.format('%.0f', now)}, {}, true
local found = redis.call('MGET', unpack(KEYS))
for i = 1, #KEYS do
  local emission, tolerance = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local cost = tonumber(ARGV[3 * i + 1])
  local empty_at = tonumber(found[i] or 0)
  reply[i + 1] = string.format('%.0f', empty_at)
  local level = math.min(math.max(empty_at - now, 0), tolerance) + cost * emission
  if level > tolerance then fits = false end
  after[i] = level
end
if fits then
  for i = 1, #KEYS do
    local empty_at = string.format('%.0f', now + after[i])
    redis.call('SET', KEYS[i], empty_at, 'PX', math.ceil(after[i] / 1000))
  end
end
return reply
)lua");

error not_understood() {
  return {errc::internal, text("Redis gave an answer to a limit that is none.",
                               "Redis dio a un límite una respuesta que no lo es.")};
}

}  // namespace

redis_limiter::redis_limiter(net::redis_client& redis, redis_limiter_settings settings)
    : redis_(redis), settings_(std::move(settings)) {}

boost::asio::awaitable<result<limit_verdict>> redis_limiter::take(std::vector<limit> limits) {
  if (auto ok = check(limits); !ok) co_return ok.error();
  auto command = take_script.run(limits.size());
  for (const auto& one : limits) command.add(settings_.prefix + one.key);
  command.add(settings_.clock == nullptr ? 0 : settings_.clock->now_ms() * 1'000);
  for (const auto& one : limits) {
    const auto bucket = gcra::of(one.count, one.period_ms);
    command.add(bucket.emission_us).add(bucket.tolerance_us).add(one.cost);
  }
  const net::redis_call_options within{settings_.answer_time};
  auto reply = co_await redis_.eval(take_script, std::move(command), within);
  if (!reply) co_return reply.error();
  std::vector<std::int64_t> numbers;
  for (const auto& item : reply->items())
    if (const auto number = item.number(); number) numbers.push_back(*number);
  if (numbers.size() != limits.size() + 1) co_return not_understood();
  co_return judge(limits, std::span(numbers).subspan(1), numbers[0]);
}

}  // namespace son1k::accounts
