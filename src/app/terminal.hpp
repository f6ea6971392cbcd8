// Progress for a person: a bar on a terminal, plain lines elsewhere. One thread.
#pragma once
#include <string>
#include <string_view>

namespace son1k::app {

class progress_display {
 public:
  explicit progress_display(bool quiet);
  // Draws `percent` with a word on what is being done; never goes back.
  void show(int percent, std::string_view doing);
  // Ends the bar's line, so that other output starts on its own.
  void finish();

 private:
  void draw_bar(int percent, std::string_view doing);

  const bool quiet_;
  const bool terminal_;
  int shown_ = -1;
  std::string doing_;
};

}  // namespace son1k::app
