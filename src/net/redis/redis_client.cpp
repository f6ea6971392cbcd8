#include "net/redis/redis_client.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <optional>

#include "base/completion.hpp"
#include "base/log.hpp"
#include "base/thread_name.hpp"
#include "net/redis/redis_connection.hpp"
#include "net/redis/redis_subscriber.hpp"

namespace son1k::net {
namespace asio = boost::asio;
namespace {

void run_loop(asio::io_context& loop) {
  name_thread("redis");
  const auto guard = asio::make_work_guard(loop);
  for (;;) {
    try {
      loop.run();
      return;
    } catch (const std::exception& fault) {
      log::error("redis.escaped", {{"what", fault.what()}});
    }
  }
}

asio::awaitable<redis_reply> finish(std::shared_ptr<redis_connection> connection, redis_call call) {
  auto answer = std::make_shared<std::optional<redis_reply>>();
  auto start = [connection, answer, held = std::make_shared<redis_call>(std::move(call))](
                   std::shared_ptr<waiting> waiter) {
    held->done = [answer, waiter](redis_reply reply) {
      answer->emplace(std::move(reply));
      resume_soon(waiter);
    };
    auto begun = connection->submit(std::move(*held));
    if (begun) return;
    answer->emplace(begun.error());
    resume_soon(waiter);
  };
  co_await suspend_until_resumed(std::move(start));
  co_return std::move(**answer);
}

}  // namespace

redis_caller::redis_caller(std::shared_ptr<redis_core> core,
                           std::shared_ptr<redis_connection> connection)
    : core_(std::move(core)), connection_(std::move(connection)) {}

redis_caller::~redis_caller() = default;

redis_call redis_caller::make(redis_command command, const redis_script* script, redis_done done,
                              redis_call_options options) const {
  redis_call out;
  out.command = std::move(command);
  if (script != nullptr) out.script = *script;
  out.done = std::move(done);
  out.block = options.block;
  out.begun = redis_call::clock::now();
  const auto time = options.time.count() > 0 ? options.time : core_->settings.call_time;
  out.deadline = out.begun + time + options.block;
  return out;
}

asio::awaitable<redis_reply> redis_caller::call(redis_command command, redis_call_options options) {
  return finish(connection_, make(std::move(command), nullptr, {}, options));
}

asio::awaitable<redis_reply> redis_caller::eval(const redis_script& script,
                                                const std::vector<std::string>& keys,
                                                const std::vector<std::string>& args,
                                                redis_call_options options) {
  return finish(connection_, make(script.run(keys, args), &script, {}, options));
}

asio::awaitable<redis_reply> redis_caller::eval(const redis_script& script, redis_command command,
                                                redis_call_options options) {
  return finish(connection_, make(std::move(command), &script, {}, options));
}

result<void> redis_caller::send(redis_command command, redis_done done,
                                redis_call_options options) {
  return connection_->submit(make(std::move(command), nullptr, std::move(done), options));
}

result<void> redis_caller::send_eval(const redis_script& script, redis_command command,
                                     redis_done done, redis_call_options options) {
  return connection_->submit(make(std::move(command), &script, std::move(done), options));
}

redis_reply redis_caller::call_and_wait(redis_command command, redis_call_options options) {
  auto promise = std::make_shared<std::promise<redis_reply>>();
  auto future = promise->get_future();
  auto done = [promise](redis_reply reply) { promise->set_value(std::move(reply)); };
  if (auto begun = send(std::move(command), std::move(done), options); !begun) {
    return begun.error();
  }
  return future.get();
}

redis_reply redis_caller::eval_and_wait(const redis_script& script,
                                        const std::vector<std::string>& keys,
                                        const std::vector<std::string>& args,
                                        redis_call_options options) {
  auto promise = std::make_shared<std::promise<redis_reply>>();
  auto future = promise->get_future();
  auto done = [promise](redis_reply reply) { promise->set_value(std::move(reply)); };
  auto begun = send_eval(script, script.run(keys, args), std::move(done), options);
  if (!begun) return begun.error();
  return future.get();
}

bool redis_caller::connected() const {
  return connection_->up();
}

std::uint64_t redis_caller::times_connected() const {
  return connection_->times_up();
}

std::chrono::milliseconds redis_caller::away_for() const {
  return connection_->away();
}

redis_dedicated::redis_dedicated(std::shared_ptr<redis_core> core,
                                 std::shared_ptr<redis_connection> connection)
    : redis_caller(std::move(core), std::move(connection)) {}

redis_dedicated::~redis_dedicated() {
  asio::post(core_->loop, [connection = connection_] { connection->close(); });
}

void redis_dedicated::interrupt() {
  connection_->interrupt();
}

redis_subscription& redis_subscription::operator=(redis_subscription&& other) noexcept {
  if (this == &other) return *this;
  end();
  core_ = std::move(other.core_);
  from_ = std::move(other.from_);
  id_ = other.id_;
  return *this;
}

void redis_subscription::end() {
  if (from_) from_->remove(id_);
  from_.reset();
}

result<std::unique_ptr<redis_client>> redis_client::make(redis_settings settings) {
  auto tls = make_tls_context(settings);
  if (!tls) return tls.error();
  auto core = std::make_shared<redis_core>(std::move(settings), std::move(*tls));
  return std::unique_ptr<redis_client>(new redis_client(std::move(core)));
}

redis_client::redis_client(std::shared_ptr<redis_core> core)
    : redis_caller(core, core->add(core->settings.client_name)),
      subscriber_(std::make_shared<redis_subscriber>(*core)) {}

redis_client::~redis_client() {
  stop();
}

void redis_client::start() {
  if (thread_.joinable() || core_->stopped) return;
  connection_->start();
  thread_ = std::thread([&loop = core_->loop] { run_loop(loop); });
}

void redis_client::stop() {
  if (core_->stopped.exchange(true)) return;
  auto close_all = [core = core_.get(), subscriber = subscriber_] {
    subscriber->close();
    for (auto& one : core->take_connections()) one->close();
  };
  if (thread_.joinable()) {
    std::promise<void> closed;
    auto there = [&] {
      close_all();
      closed.set_value();
    };
    asio::post(core_->loop, std::move(there));
    closed.get_future().wait();
    core_->loop.stop();
    thread_.join();
  } else {
    close_all();
  }
}

void redis_client::later(std::chrono::milliseconds wait, std::function<void()> work) {
  auto timer = std::make_shared<asio::steady_timer>(core_->loop, wait);
  timer->async_wait([timer, work = std::move(work)](const boost::system::error_code& ec) {
    if (!ec) work();
  });
}

std::unique_ptr<redis_dedicated> redis_client::dedicated(std::string name) {
  auto connection = core_->add(std::move(name));
  connection->start();
  return std::make_unique<redis_dedicated>(core_, std::move(connection));
}

redis_subscription redis_client::subscribe(std::string channel, redis_listener listener,
                                           redis_channel how) {
  const auto id = subscriber_->add(std::move(channel), std::move(listener), how);
  return {core_, subscriber_, id};
}

const redis_settings& redis_client::settings() const {
  return core_->settings;
}

void redis_client::gather_figures(std::vector<metrics::family>& out) const {
  using metrics::family_type;
  const auto& f = core_->figures;
  const auto figure = [&out](const char* name, const char* help, family_type type,
                             const metrics::tally& value) {
    metrics::add_figure(out, name, help, type, static_cast<double>(value.load()));
  };
  metrics::add_figure(out, "son1k_redis_up", "1 while the connection that calls share is up",
                      family_type::gauge, connected() ? 1.0 : 0.0);
  figure("son1k_redis_connections", "Connections to Redis that are up", family_type::gauge,
         f.connected);
  figure("son1k_redis_calls_in_flight", "Calls to Redis that wait for their reply",
         family_type::gauge, f.in_flight);
  figure("son1k_redis_connections_lost_total", "Connections to Redis that broke",
         family_type::counter, f.lost);
  figure("son1k_redis_reconnects_total", "Connections to Redis that came back after they broke",
         family_type::counter, f.back);
  metrics::add_figure(out, "son1k_redis_away_seconds_total",
                      "Time that connections to Redis were away until they came back",
                      family_type::counter, static_cast<double>(f.away_ms.load()) / 1'000.0);
  figure("son1k_redis_dials_failed_total", "Attempts to reach Redis that failed",
         family_type::counter, f.refused_dials);
  figure("son1k_redis_calls_total", "Calls to Redis that ended", family_type::counter, f.calls);
  figure("son1k_redis_calls_failed_total", "Calls to Redis that ended in an error",
         family_type::counter, f.failed);
  figure("son1k_redis_calls_unknown_total", "Calls to Redis whose outcome is not known",
         family_type::counter, f.unknown);
  metrics::family seconds{
      "son1k_redis_call_seconds", "From a call to its reply", family_type::histogram, {}};
  seconds.add({}, f.seconds);
  out.push_back(std::move(seconds));
}

}  // namespace son1k::net
