#include "realtime/forward/redis/redis_node_book.hpp"

#include <openssl/rand.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <future>
#include <map>
#include <mutex>

#include "base/base64.hpp"
#include "base/log.hpp"

namespace son1k::realtime {
namespace {

constexpr std::chrono::milliseconds soon{1'000};
constexpr std::int64_t old_key_ms = 60'000;
constexpr std::size_t node_name_max = 64;

// KEYS: servers, the secret. ARGV: own name, own address or nothing, how long it counts, a secret
// if there is none. Replies the time, the secret and who lives; who does not is taken out.
const net::redis_script renew_script(R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', KEYS[2], ARGV[4], 'NX')
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %s', now + ARGV[3], ARGV[2]))
end
local all = redis.call('HGETALL', KEYS[1])
local living = {}
for i = 1, #all, 2 do
  local last = tonumber(string.match(all[i + 1], '^%d+'))
  if last and last > now then
    living[#living + 1] = all[i]
    living[#living + 1] = all[i + 1]
  else
    redis.call('HDEL', KEYS[1], all[i])
  end
end
return {now, redis.call('GET', KEYS[2]), living}
)lua");

struct book_entry {
  std::int64_t until_ms = 0;
  net::server_address address;
};

// "1763861000000 10.0.0.7:3001"; IPv6 stands without brackets, as the port is behind the last
// colon.
std::optional<book_entry> read_entry(std::string_view value) {
  book_entry out;
  const auto space = value.find(' ');
  const auto colon = value.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space) {
    return std::nullopt;
  }
  const auto whole = [](std::string_view digits, auto& number) {
    const auto end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, number);
    return read.ec == std::errc() && read.ptr == end;
  };
  if (!whole(value.substr(0, space), out.until_ms)) return std::nullopt;
  if (!whole(value.substr(colon + 1), out.address.port)) return std::nullopt;
  out.address.host = std::string(value.substr(space + 1, colon - space - 1));
  return out;
}

std::string new_secret() {
  std::array<unsigned char, 32> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    log::error("forward.no_random_bytes");
    std::abort();
  }
  std::string out;
  append_base64(out, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return out;
}

}  // namespace

struct redis_node_book::state : std::enable_shared_from_this<redis_node_book::state> {
  state(net::redis_client& r, const clock_port& c, redis_node_book_settings s)
      : redis(r), clock(c), settings(std::move(s)) {}

  std::string nodes_key() const { return settings.prefix + "nodes"; }
  std::string secret_key() const { return settings.prefix + "key"; }

  net::redis_command renewal() const {
    const std::scoped_lock lock(mutex);
    auto out = renew_script.run(2);
    out.add(nodes_key()).add(secret_key());
    out.add(settings.node).add(own).add(settings.alive_ms).add(new_secret());
    return out;
  }

  void renew_now() {
    const auto asked_ms = clock.steady_ms();
    net::redis_call_options options;
    options.time = soon;
    auto promise = std::make_shared<std::promise<void>>();
    auto done = [weak = weak_from_this(), asked_ms, promise](net::redis_reply reply) {
      const auto self = weak.lock();
      if (self && reply) self->take(*reply, asked_ms);
      promise->set_value();
    };
    const auto sent = redis.send_eval(renew_script, renewal(), std::move(done), options);
    if (sent) promise->get_future().wait_for(soon * 2);
  }

  void renew() {
    {
      const std::scoped_lock lock(mutex);
      if (stopped) return;
    }
    auto command = renewal();
    const auto asked_ms = clock.steady_ms();
    auto done = [weak = weak_from_this(), asked_ms](net::redis_reply reply) {
      const auto self = weak.lock();
      if (!self) return;
      if (reply) self->take(*reply, asked_ms);
      self->renew_later();
    };
    const auto sent = redis.send_eval(renew_script, std::move(command), std::move(done));
    if (!sent) renew_later();
  }

  void renew_later() {
    redis.later(std::chrono::milliseconds(settings.renew_ms), [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->renew();
    });
  }

  void take(const net::redis_value& reply, std::int64_t asked_ms) {
    const std::scoped_lock lock(mutex);
    const auto steady_ms = clock.steady_ms();
    // Redis looked at its clock somewhere between.
    ahead_ms = reply[0].number_or(0) - (asked_ms + (steady_ms - asked_ms) / 2);
    const std::string secret(reply[1].bytes());
    if (secret != secrets.now) {
      secrets.before = std::exchange(secrets.now, secret);
      changed_ms = steady_ms;
    } else if (steady_ms - changed_ms > old_key_ms) {
      secrets.before.clear();
    }
    known.clear();
    const auto& living = reply[2];
    for (std::size_t n = 0; n + 1 < living.size(); n += 2) {
      auto entry = read_entry(living[n + 1].bytes());
      if (entry) known.emplace(living[n].bytes(), std::move(*entry));
    }
  }

  net::redis_client& redis;
  const clock_port& clock;
  const redis_node_book_settings settings;
  mutable std::mutex mutex;
  std::string own;
  std::map<std::string, book_entry, std::less<>> known;
  node_keys secrets;
  std::int64_t changed_ms = 0;
  std::atomic<std::int64_t> ahead_ms{0};  // the time of Redis less our steady time
  bool stopped = false;
};

redis_node_book::redis_node_book(net::redis_client& redis, const clock_port& clock,
                                 redis_node_book_settings settings)
    : state_(std::make_shared<state>(redis, clock, std::move(settings))) {
  state_->ahead_ms = clock.now_ms() - clock.steady_ms();
}

redis_node_book::~redis_node_book() {
  stop();
}

void redis_node_book::start() {
  state_->renew_now();
  state_->renew_later();
}

void redis_node_book::enter(const net::server_address& own) {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->own = own.host + ":" + std::to_string(own.port);
  }
  state_->renew_now();
}

void redis_node_book::stop() {
  {
    const std::scoped_lock lock(state_->mutex);
    if (std::exchange(state_->stopped, true) || state_->own.empty()) return;
  }
  if (!state_->redis.connected()) return;
  // Else the entry goes by its time.
  net::redis_call_options options;
  options.time = soon;
  (void)state_->redis.call_and_wait(
      net::redis_command("HDEL", state_->nodes_key(), state_->settings.node), options);
}

boost::asio::awaitable<std::optional<net::server_address>> redis_node_book::find(std::string node) {
  const auto held = state_;
  if (node.empty() || node.size() > node_name_max) co_return std::nullopt;
  {
    const std::scoped_lock lock(held->mutex);
    const auto found = held->known.find(node);
    if (found != held->known.end()) co_return found->second.address;
    if (held->stopped) co_return std::nullopt;
  }
  // One that came since, or one that went.
  net::redis_command ask("HGET", held->nodes_key(), node);
  net::redis_call_options options;
  options.time = soon;
  auto asking = held->redis.call(std::move(ask), options);
  auto reply = co_await std::move(asking);
  if (!reply) co_return std::nullopt;
  auto entry = read_entry(reply->bytes());
  const std::scoped_lock lock(held->mutex);
  if (!entry || entry->until_ms <= held->ahead_ms + held->clock.steady_ms()) co_return std::nullopt;
  const auto address = entry->address;
  held->known.insert_or_assign(std::move(node), std::move(*entry));
  co_return address;
}

node_keys redis_node_book::keys() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->secrets;
}

std::int64_t redis_node_book::now_ms() const {
  return state_->ahead_ms + state_->clock.steady_ms();
}

}  // namespace son1k::realtime
