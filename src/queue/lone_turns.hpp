// When jobs that must run alone in their process (suspects) get their turn beside ordinary work.
// The first turn is the suspects', as soon as nothing runs; while both wait they then take turns of
// a few seconds each, so that neither starves the other. A suspects' turn begins once everything
// that runs has ended; after a while nothing more is started until then. Pure: steady milliseconds
// come in as arguments. Not thread-safe.
#pragma once
#include <cstdint>

namespace son1k::queue {

class lone_turns {
 public:
  static constexpr std::int64_t turn_ms = 5'000;
  // How long a suspects' turn lasts that nobody uses.
  static constexpr std::int64_t unused_ms = 1'000;

  // Says what is so now: whether suspects wait that somebody would take, and whether anything runs.
  void look(std::int64_t steady, bool suspects_wait, bool idle) {
    if (!suspects_wait) {
      turn_ = turn::none;
      owed_ = false;
      return;
    }
    const auto enter = [&](turn next) {
      turn_ = next;
      since_ = steady;
      used_ = false;
    };
    if (turn_ == turn::none) enter(turn::ordinary);
    if (turn_ == turn::ordinary && steady >= ends_at()) enter(turn::draining);
    const bool now = turn_ == turn::draining || (turn_ == turn::ordinary && !owed_);
    if (now && idle) enter(turn::suspects);
    if (turn_ == turn::suspects && idle && steady >= ends_at()) {
      enter(turn::ordinary);
      owed_ = true;
    }
  }
  void used() { used_ = true; }

  bool ordinary_may_start() const { return turn_ == turn::none || turn_ == turn::ordinary; }
  // While nothing runs.
  bool suspects_may_start(bool ordinary_waits) const {
    return turn_ == turn::suspects || (turn_ == turn::ordinary && !ordinary_waits);
  }
  // Whether the time alone changes something, and when.
  bool timed() const { return turn_ == turn::ordinary || turn_ == turn::suspects; }
  std::int64_t ends_at() const {
    return since_ + (turn_ == turn::suspects && !used_ ? unused_ms : turn_ms);
  }

 private:
  enum class turn : std::uint8_t { none, ordinary, draining, suspects };
  turn turn_ = turn::none;
  bool used_ = false;  // a suspect has started in this turn
  bool owed_ = false;  // the ordinary turn lasts its time, also when nothing runs
  std::int64_t since_ = 0;
};

}  // namespace son1k::queue
