// The database file before SQLite sees it: its folder, its owner's lock, its header.
#pragma once
#include <filesystem>

#include "base/error.hpp"

namespace son1k::store {

// An advisory lock on `<file>.lock`, held while it lives. The lock file stays: removing it would
// let two programs lock different files of one name.
class owner_lock {
 public:
  // unavailable: another program holds it (named by its process id) · forbidden · storage_full.
  static result<owner_lock> take(const std::filesystem::path& database);
  owner_lock() = default;
  owner_lock(owner_lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  owner_lock& operator=(owner_lock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~owner_lock();

 private:
  explicit owner_lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

// Makes the folder of the file (0700) unless it is there. forbidden · storage_full · unavailable.
result<void> make_folder_of(const std::filesystem::path& file);

// Makes an empty file (0600) if there is none. Otherwise looks at its header without writing.
// storage_corrupt: it is not an SQLite file · forbidden: not readable and writable.
result<void> prepare_file(const std::filesystem::path& file);

// Extends the write-ahead log of an open database by zeros, which SQLite takes for no frames: an
// fsync of bytes that are overwritten costs half of one that also makes the file longer. Does
// nothing where room is scarce or the log is long enough; a failure only costs the speed.
void lengthen_log(const std::filesystem::path& database, std::size_t bytes);

}  // namespace son1k::store
