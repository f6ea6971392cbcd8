#include "app/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace son1k::app {
namespace {

constexpr int bar_cells = 28;
constexpr int line_step_percent = 10;  // elsewhere than on a terminal, one line each

}  // namespace

progress_display::progress_display(bool quiet)
    : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1) {}

void progress_display::show(int percent, std::string_view doing) {
  if (quiet_ || percent < shown_ || (percent == shown_ && doing == doing_)) return;
  if (terminal_) {
    draw_bar(percent, doing);
  } else if (shown_ < 0 || percent / line_step_percent != shown_ / line_step_percent ||
             percent == 100) {
    fmt::print(stderr, "{:3d} % {}\n", percent, doing);
  }
  shown_ = percent;
  doing_ = doing;
}

void progress_display::draw_bar(int percent, std::string_view doing) {
  std::string bar;
  const int eighths = percent * bar_cells * 8 / 100;
  static constexpr std::string_view parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  int width = eighths / 8;
  for (int i = 0; i < width; ++i) bar += "█";
  if (eighths % 8 != 0) bar += parts[eighths % 8], ++width;
  for (; width < bar_cells; ++width) bar += " ";
  fmt::print(stderr, "\r\033[K{} {:3d} % {}", bar, percent, doing);
  std::fflush(stderr);
}

void progress_display::finish() {
  if (!quiet_ && terminal_ && shown_ >= 0) fmt::print(stderr, "\n");
}

}  // namespace son1k::app
