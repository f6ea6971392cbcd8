#include "accounts/limits/redis/redis_limiter.hpp"

#include <array>
#include <deque>
#include <mutex>
#include <optional>

#include "accounts/limits/limit_book.hpp"
#include "base/completion.hpp"

namespace son1k::accounts {
namespace {

// Steps of several callers, one after the other. KEYS: the buckets of all. ARGV: the time in
// microseconds or 0 for Redis's own, then of each step how many buckets it has and of each its
// emission, tolerance and cost (see gcra). Replies the time and when each bucket was to be empty
// before its step; the caller draws the same conclusion from them. Numbers stay below 2^53.
const net::redis_script take_script(R"lua(
local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local found = redis.call('MGET', unpack(KEYS))
local empty_at, kept_for = {}, {}
for i = 1, #KEYS do empty_at[KEYS[i]] = tonumber(found[i] or 0) end
local reply, key, at = {now}, 0, 2
while ARGV[at] do
  local buckets, fits, after = tonumber(ARGV[at]), true, {}
  for i = 1, buckets do
    local emission, tolerance = tonumber(ARGV[at + 3 * i - 2]), tonumber(ARGV[at + 3 * i - 1])
    local before = empty_at[KEYS[key + i]]
    reply[#reply + 1] = before
    local level = math.min(math.max(before - now, 0), tolerance) +
                  tonumber(ARGV[at + 3 * i]) * emission
    if level > tolerance then fits = false end
    after[i] = level
  end
  if fits then
    for i = 1, buckets do
      empty_at[KEYS[key + i]] = now + after[i]
      kept_for[KEYS[key + i]] = math.ceil(after[i] / 1000)
    end
  end
  key, at = key + buckets, at + 3 * buckets + 1
end
for name, ms in pairs(kept_for) do
  redis.call('SET', name, string.format('%.0f', empty_at[name]), 'PX', ms)
end
return reply
)lua");

// Redis works on one while the next is on its way; more would only make them small.
constexpr int under_way_max = 2;
constexpr std::size_t steps_max = 128;  // of one call

error not_understood() {
  return {errc::internal, text("Redis gave an answer to a limit that is none.",
                               "Redis dio a un límite una respuesta que no lo es.")};
}

}  // namespace

// Those who wait for Redis: at most the requests that the server works on. Thread-safe.
class redis_limiter::line : public std::enable_shared_from_this<line> {
 public:
  line(net::redis_client& redis, redis_limiter_settings settings)
      : redis_(redis), settings_(std::move(settings)) {}

  struct caller {
    explicit caller(std::vector<limit> wanted) : limits(std::move(wanted)) {}
    const std::vector<limit> limits;
    std::shared_ptr<waiting> waiter;
    std::optional<error> fault;
    std::int64_t now_us = 0;
    std::array<std::int64_t, limits_at_once_max> empty_at_us{};
  };
  using caller_ptr = std::shared_ptr<caller>;

  void join(caller_ptr one) {
    callers some;
    {
      std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(one));
      if (under_way_ < under_way_max) some = next();
    }
    if (!some.empty()) send(std::move(some));
  }

 private:
  using callers = std::vector<caller_ptr>;

  // With the lock.
  callers next() {
    callers some;
    while (!waiting_.empty() && some.size() < steps_max) {
      some.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    ++under_way_;
    return some;
  }

  void send(callers some) {
    std::size_t buckets = 0;
    for (const auto& one : some) buckets += one->limits.size();
    auto command = take_script.run(buckets);
    for (const auto& one : some)
      for (const auto& each : one->limits) command.add(settings_.prefix + each.key);
    command.add(settings_.clock == nullptr ? 0 : settings_.clock->now_ms() * 1'000);
    for (const auto& one : some) {
      command.add(one->limits.size());
      for (const auto& each : one->limits) {
        const auto bucket = gcra::of(each.count, each.period_ms);
        command.add(bucket.emission_us).add(bucket.tolerance_us).add(each.cost);
      }
    }
    auto done = [self = shared_from_this(), some](net::redis_reply reply) {
      self->answered(some, std::move(reply));
    };
    const net::redis_call_options within{settings_.answer_time};
    const auto sent = redis_.send_eval(take_script, std::move(command), std::move(done), within);
    if (!sent) answered(std::move(some), sent.error());
  }

  // One that Redis does not answer is all that wait: none of them waits for it a second time.
  void answered(callers some, net::redis_reply reply) {
    callers following;
    {
      std::lock_guard lock(mutex_);
      --under_way_;
      if (!reply) {
        some.insert(some.end(), waiting_.begin(), waiting_.end());
        waiting_.clear();
      } else if (!waiting_.empty()) {
        following = next();
      }
    }
    if (!following.empty()) send(std::move(following));
    if (reply) {
      read(some, *reply);
    } else {
      for (const auto& one : some) one->fault = reply.error();
    }
    const completion_batch together;
    for (const auto& one : some) resume_soon(std::move(one->waiter));
  }

  static void read(const callers& some, const net::redis_value& reply) {
    std::size_t at = 1;
    for (const auto& one : some) {
      one->now_us = reply[0].number_or(-1);
      bool whole = one->now_us >= 0;
      for (std::size_t n = 0; n < one->limits.size(); ++n) {
        one->empty_at_us[n] = at < reply.size() ? reply[at].number_or(-1) : -1;
        whole = whole && one->empty_at_us[n] >= 0;
        ++at;
      }
      if (!whole) one->fault = not_understood();
    }
  }

  net::redis_client& redis_;
  const redis_limiter_settings settings_;
  std::mutex mutex_;
  std::deque<caller_ptr> waiting_;
  int under_way_ = 0;
};

redis_limiter::redis_limiter(net::redis_client& redis, redis_limiter_settings settings)
    : line_(std::make_shared<line>(redis, std::move(settings))) {}

boost::asio::awaitable<result<limit_verdict>> redis_limiter::take(std::vector<limit> limits) {
  if (auto ok = check(limits); !ok) co_return ok.error();
  const auto one = std::make_shared<line::caller>(std::move(limits));
  auto start = [to = line_, one](std::shared_ptr<waiting> waiter) {
    one->waiter = std::move(waiter);
    to->join(one);
  };
  co_await suspend_until_resumed(std::move(start));
  if (one->fault) co_return *one->fault;
  const auto found = std::span(one->empty_at_us).first(one->limits.size());
  co_return judge(one->limits, found, one->now_us);
}

}  // namespace son1k::accounts
