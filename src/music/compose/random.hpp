// The composer's own random numbers: the same on every machine, unlike std::distributions. One
// generator belongs to one thread; fork() makes independent streams so that a change in the drums
// leaves the melody as it was. Source: SplitMix64 (Steele, Lea, Flood 2014).
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace son1k::music {

class rng {
 public:
  explicit rng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  // 0 .. n-1; 0 for n <= 1.
  int below(int n) {
    return n <= 1 ? 0 : static_cast<int>((next() >> 33) % static_cast<std::uint64_t>(n));
  }
  // low .. high, both included.
  int between(int low, int high) { return low + below(high - low + 1); }
  bool chance(int percent) { return below(100) < percent; }
  // About normal around 0 with deviation `d`: the sum of three even draws.
  int around(int d) {
    return d <= 0 ? 0 : between(-d, d) / 2 + between(-d, d) / 2 + between(-d, d) / 2;
  }

  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(below(static_cast<int>(from.size())))];
  }

  // A stream of its own, named, that does not move this one.
  rng fork(std::string_view name) const {
    std::uint64_t h = 0xCBF29CE484222325ULL ^ state_;
    for (char c : name) {
      h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    }
    rng child(h);
    child.next();
    return child;
  }

 private:
  std::uint64_t state_;
};

}  // namespace son1k::music
