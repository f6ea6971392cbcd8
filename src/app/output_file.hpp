// A file that appears whole or not at all: written beside its place, fsynced, renamed. Removed
// again if it is not finished. One owner.
#pragma once
#include <filesystem>

#include "base/error.hpp"

namespace son1k::app {

class output_file {
 public:
  // Claims the place at once, so that an unwritable target is known before the work begins.
  // forbidden, storage_full, unavailable, validation (it is a folder), with field "out".
  static result<output_file> open(std::filesystem::path target);
  output_file(output_file&& other) noexcept;
  output_file& operator=(output_file&&) = delete;
  ~output_file();

  // Copies `source` and puts it in place; replaces what was there.
  result<void> copy_from(const std::filesystem::path& source);
  const std::filesystem::path& target() const { return target_; }

 private:
  output_file(std::filesystem::path target, std::filesystem::path pending, int descriptor)
      : target_(std::move(target)), pending_(std::move(pending)), descriptor_(descriptor) {}
  std::filesystem::path target_;
  std::filesystem::path pending_;  // empty once it is in place
  int descriptor_;
};

}  // namespace son1k::app
