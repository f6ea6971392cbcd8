// A name that this process shares with those that follow it in its place, so that a queue knows at
// the start of one that what the one before it ran has no worker any more. Places are numbered
// files of the data folder. A process locks the first free one and the kernel lets go of it however
// the process ends, so whoever has the lock has outlived all earlier owners. Owns the lock.
#pragma once
#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace son1k::app {

class process_place {
 public:
  // unavailable, field "data_dir": no file of the folder can be locked.
  static result<process_place> take(const std::filesystem::path& data_dir);
  process_place() = default;
  process_place(process_place&& other) noexcept;
  process_place& operator=(process_place&& other) noexcept;
  ~process_place();

  // Unlike that of any place of another folder or machine.
  const std::string& name() const { return name_; }

 private:
  int file_ = -1;
  std::string name_;
};

}  // namespace son1k::app
