// Turns the work done within stages into one fraction that never goes back. One owner, one thread.
#pragma once
#include <algorithm>
#include <utility>

#include "music/produce.hpp"

namespace son1k::music::render {

class progress_line {
 public:
  explicit progress_line(on_stage report) : report_(std::move(report)) {}

  // Begins a stage that ends at `until` of the whole.
  void begin(std::string_view stage, double until, text message) {
    from_ = until_;
    until_ = until;
    stage_ = stage;
    message_ = std::move(message);
    tell(from_);
  }
  // `share` 0..1 of the stage. Small steps are not reported.
  void at(double share) {
    const double now = from_ + (until_ - from_) * std::clamp(share, 0.0, 1.0);
    if (now >= told_ + smallest_step) tell(now);
  }

 private:
  static constexpr double smallest_step = 0.004;
  void tell(double fraction) {
    told_ = std::max(told_, fraction);
    if (report_) report_({stage_, told_, message_});
  }

  on_stage report_;
  std::string_view stage_;
  text message_;
  double from_ = 0.0, until_ = 0.0, told_ = 0.0;
};

}  // namespace son1k::music::render
