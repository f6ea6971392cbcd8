#include "queue/embedded/worker_board.hpp"

namespace son1k::queue::embedded {
namespace {

constexpr std::size_t workers_max = 10'000;

}  // namespace

void worker_board::forget_silent(std::int64_t steady) {
  std::erase_if(places_,
                [&](const auto& item) { return steady - item.second.seen >= worker_silence_ms; });
}

worker_order worker_board::beat(const worker_facts& facts) {
  const auto steady = clock_.steady_ms();
  std::lock_guard lock(mutex_);
  auto known = places_.find(facts.name);
  if (known == places_.end()) {
    forget_silent(steady);
    // One too many works all the same, unseen.
    if (places_.size() >= workers_max) return {};
    known = places_.emplace(facts.name, place{}).first;
  }
  known->second.facts = facts;
  known->second.facts.seen_at_ms = clock_.now_ms();
  known->second.seen = steady;
  return known->second.order;
}

void worker_board::leave(const std::string& worker) {
  std::lock_guard lock(mutex_);
  places_.erase(worker);
}

std::vector<worker_facts> worker_board::workers() {
  const auto steady = clock_.steady_ms();
  std::lock_guard lock(mutex_);
  forget_silent(steady);
  std::vector<worker_facts> out;
  out.reserve(places_.size());
  for (const auto& [name, at] : places_) out.push_back(at.facts);
  return out;
}

result<void> worker_board::order(const std::string& worker, worker_order what) {
  const auto steady = clock_.steady_ms();
  std::lock_guard lock(mutex_);
  forget_silent(steady);
  const auto known = places_.find(worker);
  if (known == places_.end())
    return error(errc::not_found, "worker", {"no such worker", "no existe ese trabajador"});
  known->second.order = what;
  return {};
}

}  // namespace son1k::queue::embedded
