#include "kinds/probe/probe.hpp"

#include <signal.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdlib>

#include "base/json.hpp"

namespace son1k::kinds {
namespace asio = boost::asio;
using queue::outcome;

namespace {

constexpr std::int64_t sleep_ms_max = 86'400'000;
constexpr std::int64_t cpu_ms_max = 600'000;
constexpr std::int64_t steps_max = 10'000;
constexpr std::int64_t fail_times_max = 1'000'000;
constexpr std::size_t fail_with_max = 1'000;
constexpr std::int64_t hang_slice_ms = 3'600'000;

[[noreturn]] void crash() {
  kill(getpid(), SIGKILL);
  std::_Exit(134);
}

// Keeps one thread busy; looks at the stop token every few microseconds.
void compute(std::int64_t ms, const std::stop_token& stop) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  volatile std::uint64_t mixed = 1;
  while (std::chrono::steady_clock::now() < until && !stop.stop_requested()) {
    for (int i = 0; i < 1'000; ++i) mixed = mixed * 6364136223846793005U + 1442695040888963407U;
  }
}

outcome stopped() {
  return outcome::fail({"stopped", "the probe was asked to stop", true});
}

class probe final : public queue::job_kind {
 public:
  std::string_view name() const override { return "probe"; }
  void settle(const queue::job_view&, store::transaction&) override {}
  bool settles() const override { return false; }
  bool stays_inside() const override { return true; }

  asio::awaitable<outcome> run(queue::job_context& context) override {
    auto request = parse_probe(context.job().data);
    if (!request) {
      co_return outcome::fail({"validation", request.error().what(), false});
    }
    if (request->crash) crash();
    const bool works = request->sleep_ms > 0 || request->cpu_ms > 0 || request->hang ||
                       request->progress_steps > 0;
    if (works) {
      co_await work(context, *request);
      if (context.stop().stop_requested()) co_return stopped();
    }
    if (context.attempt() <= request->fail_times) {
      co_return outcome::fail({"probe", std::move(request->fail_with), !request->fatal});
    }
    co_return outcome::complete(std::move(request->result));
  }

 private:
  // The waits and the computing are spread over the steps, so that progress moves.
  static asio::awaitable<void> work(queue::job_context& context, probe_request request) {
    const std::stop_token stop = context.stop();
    const std::int64_t steps = std::max<std::int64_t>(request.progress_steps, 1);
    for (std::int64_t step = 1; step <= steps && !stop.stop_requested(); ++step) {
      const auto share = [steps, step](std::int64_t whole) {
        return whole * step / steps - whole * (step - 1) / steps;
      };
      co_await context.sleep(share(request.sleep_ms));
      if (const std::int64_t ms = share(request.cpu_ms); ms > 0) {
        std::function<void()> busy = [ms, stop] { compute(ms, stop); };
        co_await context.offload(std::move(busy));
      }
      if (request.progress_steps > 0 && !stop.stop_requested()) {
        context.progress(static_cast<int>(100 * step / steps), {});
      }
    }
    while (request.hang && !stop.stop_requested()) co_await context.sleep(hang_slice_ms);
  }
};

}  // namespace

result<probe_request> parse_probe(std::string_view data) {
  probe_request request;
  if (data.empty() || data == "{}") return request;
  auto json = parse_json(data);
  if (!json) return json.error();
  object_reader reader(*json);
  request.sleep_ms = reader.integer("sleepMs", 0, sleep_ms_max).value_or(0);
  request.cpu_ms = reader.integer("cpuMs", 0, cpu_ms_max).value_or(0);
  request.progress_steps = reader.integer("progressSteps", 0, steps_max).value_or(0);
  request.fail_times = reader.integer("failTimes", 0, fail_times_max).value_or(0);
  object_reader::text_bounds message;
  message.max_points = fail_with_max;
  if (auto text = reader.utf8("failWith", message)) request.fail_with = std::move(*text);
  request.fatal = reader.boolean("fatal").value_or(false);
  request.crash = reader.boolean("crash").value_or(false);
  request.hang = reader.boolean("hang").value_or(false);
  if (const auto* any = reader.any("result")) request.result = boost::json::serialize(*any);
  if (auto ok = reader.finish(); !ok) return ok.error();
  return request;
}

std::shared_ptr<queue::job_kind> make_probe_kind() {
  return std::make_shared<probe>();
}

}  // namespace son1k::kinds
