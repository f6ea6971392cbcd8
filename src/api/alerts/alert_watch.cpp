#include "api/alerts/alert_watch.hpp"

#include <algorithm>

#include "api/queue_names.hpp"
#include "base/log.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace {

constexpr auto look_every = std::chrono::seconds(15);
constexpr std::size_t queues_max = 256;

void read_queues(const services& with, std::vector<alert_reading>& out) {
  const auto names = known_queues(with);
  if (!names) return;  // what cannot be read is not said to be well
  std::vector<queue::letters_of_queue> letters;
  if (with.history != nullptr) letters = with.history->figures().letters;
  const auto now = with.clock.now_ms();
  for (std::size_t n = 0; n < names->size() && n < queues_max; ++n) {
    const auto& name = (*names)[n];
    const auto counts = with.queue.counts(name);
    if (counts) {
      const auto since = counts->paused ? 0 : counts->oldest_ready_at_ms;
      const auto waited = since == 0 ? 0 : std::max<std::int64_t>(now - since, 0);
      out.emplace_back("oldest-job", name, static_cast<double>(waited) / 1'000.0);
    }
    const auto of = std::ranges::find(letters, name, &queue::letters_of_queue::queue);
    const auto jobs = of == letters.end() ? 0 : of->jobs;
    out.emplace_back("dead-letters", name, static_cast<double>(jobs));
  }
}

void read_disk(const services& with, const std::string& name, std::vector<alert_reading>& out) {
  std::error_code ec;
  const auto space = std::filesystem::space(with.artifacts, ec);
  if (ec || space.capacity == 0) return;
  // What only root may still use counts as used.
  const auto left = static_cast<double>(space.available) / static_cast<double>(space.capacity);
  out.emplace_back("disk", name + ":" + with.artifacts.string(), 1.0 - left);
}

}  // namespace

alert_watch::alert_watch(const services& with, std::string name,
                         std::function<request_totals()> requests)
    : with_(with), name_(std::move(name)), requests_(std::move(requests)) {}

alert_watch::~alert_watch() {
  stop();
}

std::vector<alert_reading> alert_watch::read() {
  auto out = window_.observe(name_, requests_(), with_.clock.steady_ms());
  read_queues(with_, out);
  read_disk(with_, name_, out);
  return out;
}

result<void> alert_watch::look() {
  store::transaction tx(store::durability::process);
  tx.stage([readings = read(), now = with_.clock.now_ms()](store::connection& db) {
    return write_readings(db, readings, now);
  });
  return store::commit_and_wait(with_.database, std::move(tx));
}

void alert_watch::start() {
  thread_ = std::thread([this] { run(); });
}

void alert_watch::run() {
  std::unique_lock hold(mutex_);
  while (!stopping_) {
    hold.unlock();
    if (auto ok = look(); !ok) log::warn("alerts.not_written", {{"error", ok.error().what()}});
    hold.lock();
    ended_.wait_for(hold, look_every, [this] { return stopping_; });
  }
}

void alert_watch::stop() {
  {
    const std::scoped_lock hold(mutex_);
    stopping_ = true;
  }
  ended_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace son1k::api
