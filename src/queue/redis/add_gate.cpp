#include "queue/redis/add_gate.hpp"

#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

#include "base/completion.hpp"

namespace son1k::queue::redis {
namespace {

// Redis works on one while the next is on its way; more would only make them small.
constexpr int under_way_max = 2;
constexpr std::size_t jobs_max = 1'000;  // of one call, unless a single caller has more
constexpr std::size_t bytes_max = 4 << 20;
// Pushes of fewer keep Redis no longer than the calls they would let pass.
constexpr std::size_t held_jobs_min = 8;
constexpr std::chrono::milliseconds held_for{1};

}  // namespace

struct add_gate::caller {
  added_trees what;
  std::size_t bytes = 0;
  std::function<void(link::reply)> done;
};

boost::asio::awaitable<link::reply> add_gate::add(added_trees some, std::function<void()> gone) {
  auto answer = std::make_shared<std::optional<link::reply>>();
  auto start = [self = shared_from_this(), answer, gone = std::move(gone),
                trees = std::move(some)](std::shared_ptr<waiting> waiter) mutable {
    auto done = [answer, waiter = std::move(waiter)](link::reply got) {
      answer->emplace(std::move(got));
      resume_soon(waiter);
    };
    const auto then = std::move(gone);  // what waits may end before send() does
    const bool left = self->send(std::move(trees), std::move(done));
    if (left && then) then();
  };
  co_await suspend_until_resumed(std::move(start));
  co_return std::move(**answer);
}

bool add_gate::send(added_trees some, std::function<void(link::reply)> done) {
  auto one = std::make_shared<caller>();
  one->what = std::move(some);
  one->done = std::move(done);
  for (const auto& word : one->what.nodes.all()) one->bytes += word.size();
  std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(one));
  const bool leaves = under_way_ < under_way_max;
  if (leaves) send_some();
  return leaves;
}

void add_gate::push(words args, std::size_t jobs, std::function<void(link::reply)> done) {
  std::lock_guard lock(mutex_);
  if (held_.empty() && jobs < held_jobs_min) return link_->send("push", args, std::move(done));
  held_.push_back({std::move(args), std::move(done)});
  if (held_.size() > 1) return;
  link_->later(held_for, [self = weak_from_this()] {
    const auto gate = self.lock();
    if (!gate) return;
    std::lock_guard again(gate->mutex_);
    gate->send_held();
  });
}

void add_gate::send_held() {
  for (auto& one : std::exchange(held_, {})) link_->send("push", one.args, std::move(one.done));
}

void add_gate::flush() {
  std::lock_guard lock(mutex_);
  send_held();
  while (!waiting_.empty()) send_some();
}

void add_gate::send_some() {
  send_held();
  callers some;
  std::size_t jobs = 0, bytes = 0;
  while (!waiting_.empty()) {
    const auto& next = waiting_.front();
    const bool fits = jobs + next->what.jobs <= jobs_max && bytes + next->bytes <= bytes_max;
    if (!some.empty() && !fits) break;
    jobs += next->what.jobs;
    bytes += next->bytes;
    some.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  words args;
  args.add(jobs);
  std::string said;
  for (const auto& one : some) {
    for (const auto n : one->what.shapes) {
      auto& shape = one->what.nodes.at(n);
      if (shape == said) {
        shape = "=";
      } else {
        said = shape;
      }
    }
    args.append(std::move(one->what.nodes));
  }
  ++under_way_;
  link_->send("add", args, [self = shared_from_this(), some = std::move(some)](link::reply got) {
    self->answered(some, std::move(got));
  });
}

void add_gate::answered(const callers& some, link::reply got) {
  {
    std::lock_guard lock(mutex_);
    --under_way_;
    if (!waiting_.empty() && under_way_ < under_way_max) send_some();
  }
  std::vector<net::redis_value> all;
  if (got) all = got->take_items();
  std::size_t from = 0;
  const completion_batch together;
  for (const auto& one : some) {
    const auto count = one->what.trees;
    link::reply own = error(errc::internal, "redis", "an add was answered in part");
    if (!got) {
      own = got.error();
    } else if (from + count <= all.size()) {
      const auto begin = std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(from));
      own = net::redis_value(
          std::vector<net::redis_value>(begin, begin + static_cast<std::ptrdiff_t>(count)));
    }
    from += count;
    one->done(std::move(own));
  }
}

}  // namespace son1k::queue::redis
