#include "accounts/limits/shared_limiter.hpp"

#include <algorithm>
#include <atomic>

#include "base/log.hpp"
#include "base/uuid.hpp"

namespace son1k::accounts {
namespace {

// KEYS: who is there. ARGV: who asks, and after how many ms somebody silent is gone. By the time of
// Redis, as no two servers need agree on theirs. Replies how many there are.
const net::redis_script look_script(R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now - tonumber(ARGV[2])))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
)lua");

// What this server may give alone of each limit: never less than one call costs.
void divide(std::vector<limit>& limits, std::int64_t servers) {
  for (auto& one : limits) one.count = std::max(one.cost, (one.count + servers - 1) / servers);
}

}  // namespace

struct shared_limiter::core {
  core(net::redis_client& client, std::unique_ptr<limiter> far, std::unique_ptr<limiter> near,
       shared_limiter_settings with)
      : redis(client), settings(std::move(with)), all(std::move(far)), here(std::move(near)) {}

  net::redis_command question() const {
    auto command = look_script.run(1);
    command.add(settings.servers).add(name).add(settings.absent_after.count());
    return command;
  }
  void heard(const net::redis_reply& reply) {
    if (!reply) return lost(reply.error());
    servers.store(std::max<std::int64_t>(1, reply->number_or(1)));
    if (!answers.exchange(true)) log::info("limits.shared", {{"servers", servers.load()}});
  }
  void lost(const error& why) {
    if (answers.exchange(false))
      log::warn("limits.local", {{"why", why.what()}, {"servers", servers.load()}});
  }

  net::redis_client& redis;
  const shared_limiter_settings settings;
  const std::string name = uuid_v7();
  const std::unique_ptr<limiter> all;
  const std::unique_ptr<limiter> here;
  std::atomic<bool> answers{true};
  std::atomic<bool> left{false};
  std::atomic<std::int64_t> servers{1};
  metrics::tally taken_shared{0}, taken_here{0}, unanswered{0};
};

shared_limiter::shared_limiter(net::redis_client& redis, std::unique_ptr<limiter> all,
                               std::unique_ptr<limiter> here, shared_limiter_settings settings)
    : core_(std::make_shared<core>(redis, std::move(all), std::move(here), std::move(settings))) {}

shared_limiter::~shared_limiter() {
  stop();
}

void shared_limiter::start() {
  look();
  look_later(core_);
}

boost::asio::awaitable<result<limit_verdict>> shared_limiter::take(std::vector<limit> limits) {
  if (auto ok = check(limits); !ok) co_return ok.error();
  const auto self = core_;
  if (shared()) {
    auto verdict = co_await self->all->take(limits);
    if (verdict) {
      ++self->taken_shared;
      co_return verdict;
    }
    ++self->unanswered;
    self->lost(verdict.error());
  }
  ++self->taken_here;
  divide(limits, self->servers.load());
  auto verdict = co_await self->here->take(std::move(limits));
  co_return verdict;
}

void shared_limiter::look() {
  const net::redis_call_options within{core_->settings.answer_time};
  core_->heard(core_->redis.eval_and_wait(
      look_script, {core_->settings.servers},
      {core_->name, std::to_string(core_->settings.absent_after.count())}, within));
}

// The timer holds nothing alive, so that it ends with the limiter.
void shared_limiter::look_later(const std::shared_ptr<core>& self) {
  auto again = [weak = std::weak_ptr<core>(self)] {
    const auto here = weak.lock();
    if (!here || here->left.load()) return;
    auto told = [weak](const net::redis_reply& reply) {
      if (const auto there = weak.lock(); there) {
        there->heard(reply);
        look_later(there);
      }
    };
    const net::redis_call_options within{here->settings.answer_time};
    const auto sent = here->redis.send_eval(look_script, here->question(), std::move(told), within);
    if (sent) return;
    here->lost(sent.error());
    look_later(here);
  };
  if (!self->left.load()) self->redis.later(self->settings.look_every, std::move(again));
}

void shared_limiter::stop() {
  if (core_->left.exchange(true) || !core_->redis.connected()) return;
  const net::redis_call_options within{core_->settings.answer_time};
  const auto gone =
      core_->redis.call_and_wait({"ZREM", core_->settings.servers, core_->name}, within);
  if (!gone) log::debug("limits.not_left", {{"why", gone.error().what()}});
}

bool shared_limiter::shared() const {
  return core_->answers.load() && core_->redis.connected();
}

std::int64_t shared_limiter::servers() const {
  return core_->servers.load();
}

void shared_limiter::gather_figures(std::vector<metrics::family>& out) const {
  using metrics::family_type;
  const auto count = [](const metrics::tally& of) { return static_cast<double>(of.load()); };
  metrics::add_figure(out, "son1k_limits_shared", "1 while Redis holds the limits of callers",
                      family_type::gauge, shared() ? 1.0 : 0.0);
  metrics::add_figure(out, "son1k_limits_servers",
                      "Servers that share the limits, as far as was last known", family_type::gauge,
                      static_cast<double>(servers()));
  metrics::family taken;
  taken.name = "son1k_limits_takes_total";
  taken.help = "Limits of calls that were looked at, by the place that held them";
  taken.type = family_type::counter;
  taken.add({{"place", "redis"}}, count(core_->taken_shared));
  taken.add({{"place", "local"}}, count(core_->taken_here));
  out.push_back(std::move(taken));
  metrics::add_figure(out, "son1k_limits_unanswered_total",
                      "Calls whose limits Redis did not answer for in time", family_type::counter,
                      count(core_->unanswered));
}

}  // namespace son1k::accounts
