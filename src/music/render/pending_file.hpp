// A file that is written under a temporary name beside its final one and becomes visible only when
// it is complete: create, write, sync, publish. An object that is not published removes its
// temporary file. Movable, one owner, one thread.
#pragma once
#include <sndfile.h>

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/error.hpp"

namespace son1k::music::render {

class pending_file {
 public:
  // Errors: unavailable, field "folder", if the folder is missing or not writable; storage_full.
  static result<pending_file> create(const std::filesystem::path& target);
  pending_file(pending_file&& other) noexcept;
  pending_file& operator=(pending_file&& other) noexcept;
  ~pending_file();

  // Appends. Errors: storage_full; unavailable, field "folder".
  result<void> write(std::string_view bytes);
  // What libsndfile needs to write after the bytes that are already there. The pending_file must
  // stay where it is meanwhile; `this` is the user data. Failures show up in state().
  SF_VIRTUAL_IO* sound_io();
  // The first failure of any write, if there was one.
  result<void> state() const;

  // Overwrites bytes within what was written; reads them back. Bounds are the caller's.
  result<void> write_at(std::uint64_t offset, std::string_view bytes);
  result<std::string> read_at(std::uint64_t offset, std::size_t count) const;
  std::uint64_t size() const;

  result<void> sync();     // on the disk, still under the temporary name
  result<void> publish();  // under the final name; replaces what was there
  const std::filesystem::path& temporary() const { return temporary_; }
  const std::filesystem::path& target() const { return target_; }

 private:
  pending_file(int descriptor, std::filesystem::path temporary, std::filesystem::path target);
  void discard();
  result<void> note_failure(int code);

  static sf_count_t io_length(void* user);
  static sf_count_t io_seek(sf_count_t offset, int whence, void* user);
  static sf_count_t io_read(void* to, sf_count_t count, void* user);
  static sf_count_t io_write(const void* from, sf_count_t count, void* user);
  static sf_count_t io_tell(void* user);

  int descriptor_ = -1;
  int failure_ = 0;            // errno of the first failed write
  std::uint64_t base_ = 0;     // where libsndfile's part starts
  std::int64_t position_ = 0;  // of libsndfile, from base_
  std::filesystem::path temporary_, target_;
};

}  // namespace son1k::music::render
