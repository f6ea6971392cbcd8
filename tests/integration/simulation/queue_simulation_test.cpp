// Thousands of random histories of the queue and its workers: crashes of processes and machines,
// leases that run out, clocks that are set, full disks. SON1K_SIM_SEEDS sets how many,
// SON1K_SIM_SEED repeats one, SON1K_SIM_STEPS its length.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>

#include "base/log.hpp"
#include "integration/simulation/world.hpp"

#if defined(__SANITIZE_ADDRESS__)
// A simulated death leaves its coroutines where they wait, as a real one does; what they hold is
// not given back. LeakSanitizer's own hook.
extern "C" int __lsan_is_turned_off() {
  return 1;
}
#endif

namespace son1k::simulation {
namespace {

std::uint64_t number_from(const char* name, std::uint64_t fallback) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != '\0' ? std::strtoull(text, nullptr, 10) : fallback;
}

TEST(queue_simulation, no_history_breaks_a_rule) {
  log::settings quiet;
  quiet.minimum = log::level::error;
  log::configure(quiet);
  const auto one = number_from("SON1K_SIM_SEED", 0);
  const auto first = one != 0 ? one : number_from("SON1K_SIM_FIRST", 1);
  const auto seeds = one != 0 ? 1 : number_from("SON1K_SIM_SEEDS", 400);
  const auto steps = static_cast<int>(number_from("SON1K_SIM_STEPS", 600));
  std::uint64_t starts = 0, deaths = 0, effects = 0, failures = 0;
  const auto began = std::chrono::steady_clock::now();
  for (auto seed = first; seed < first + seeds && failures < 5; ++seed) {
    world w(seed);
    try {
      w.live(steps);
    } catch (const broken_rule& e) {
      ++failures;
      ADD_FAILURE() << "SON1K_SIM_SEED=" << seed << ": " << e.what();
    }
    starts += w.starts();
    deaths += w.deaths();
    effects += w.effects();
  }
  const auto took = std::chrono::steady_clock::now() - began;
  std::cout << seeds << " seeds, " << starts << " starts, " << deaths << " deaths of the process, "
            << effects << " jobs ended, "
            << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms\n";
  EXPECT_GT(effects, 0U) << "the histories must hold work";
}

}  // namespace
}  // namespace son1k::simulation
