#include "ops/bench_parts.hpp"

#include <stdlib.h>

#include <algorithm>

#include "base/spawn.hpp"

namespace son1k::ops {
namespace asio = boost::asio;

result<std::unique_ptr<bench_folder>> bench_folder::make(std::filesystem::path parent) {
  std::error_code ec;
  if (parent.empty()) parent = std::filesystem::temp_directory_path(ec);
  std::string pattern = (parent / "son1k-bench-XXXXXX").string();
  if (ec || mkdtemp(pattern.data()) == nullptr) {
    return error(errc::forbidden, "data_dir",
                 {"cannot make a folder in " + parent.string(),
                  "no se puede crear una carpeta en " + parent.string()});
  }
  return std::unique_ptr<bench_folder>(new bench_folder(std::move(pattern)));
}

bench_folder::~bench_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

bench_stack::~bench_stack() {
  backend_.history.reset();
  backend_.queue->stop();
  backend_.database->stop();
}

namespace {

// Shared by the adders of one crowd, which run on one thread.
struct crowd_state {
  queue::queue_port& queue;
  const queue::job_spec& model;
  std::size_t batch;
  std::size_t left;
  result<void> verdict;
};

asio::awaitable<void> add_some(crowd_state& state) {
  while (state.left > 0 && state.verdict) {
    const std::size_t now = std::min(state.batch, state.left);
    state.left -= now;
    std::vector<queue::job_spec> specs(now, state.model);
    auto added = co_await state.queue.add(std::move(specs));
    if (!added) state.verdict = added.error();
  }
}

}  // namespace

result<void> add_crowd(queue::queue_port& queue, const queue::job_spec& model, crowd size) {
  asio::io_context loop(1);
  crowd_state state{queue, model, size.batch, size.jobs, {}};
  for (std::size_t i = 0; i < size.in_flight; ++i) {
    spawn(loop.get_executor(), "bench.add", add_some(state));
  }
  loop.run();  // until the last adder has ended
  return state.verdict;
}

double at_share(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(index, sorted.size() - 1)];
}

}  // namespace son1k::ops
