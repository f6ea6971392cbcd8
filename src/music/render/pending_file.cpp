#include "music/render/pending_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace son1k::music::render {
namespace {

error storage_error(int code, const std::filesystem::path& target) {
  const auto folder = target.parent_path().string();
  const std::string reason = std::strerror(code);
  if (code == ENOSPC || code == EDQUOT || code == EFBIG)
    return {errc::storage_full, "folder",
            text{"no room left to write " + target.filename().string() + " in " + folder + " (" +
                     reason + "); free some space and try again",
                 "no queda espacio para escribir " + target.filename().string() + " en " + folder +
                     "; libere espacio y vuelva a intentarlo"}};
  return {
      errc::unavailable, "folder",
      text{"cannot write " + target.filename().string() + " in " + folder + ": " + reason,
           "no se puede escribir " + target.filename().string() + " en " + folder + ": " + reason}};
}

// Writes all of it or returns errno.
int write_all(int descriptor, const char* from, std::size_t count, std::uint64_t offset) {
  while (count > 0) {
    const auto done = ::pwrite(descriptor, from, count, static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno;
    if (done == 0) return ENOSPC;
    from += done;
    count -= static_cast<std::size_t>(done);
    offset += static_cast<std::uint64_t>(done);
  }
  return 0;
}

}  // namespace

pending_file::pending_file(int descriptor, std::filesystem::path temporary,
                           std::filesystem::path target)
    : descriptor_(descriptor), temporary_(std::move(temporary)), target_(std::move(target)) {}

pending_file::pending_file(pending_file&& other) noexcept {
  *this = std::move(other);
}

pending_file& pending_file::operator=(pending_file&& other) noexcept {
  if (this == &other) return *this;
  discard();
  descriptor_ = std::exchange(other.descriptor_, -1);
  failure_ = other.failure_;
  base_ = other.base_;
  position_ = other.position_;
  temporary_ = std::exchange(other.temporary_, {});
  target_ = other.target_;
  return *this;
}

pending_file::~pending_file() {
  discard();
}

void pending_file::discard() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

result<pending_file> pending_file::create(const std::filesystem::path& target) {
  auto name = (target.parent_path() / ("." + target.filename().string() + ".XXXXXX.part")).string();
  const int descriptor = ::mkostemps(name.data(), 5, O_CLOEXEC);
  if (descriptor < 0) return storage_error(errno, target);
  ::fchmod(descriptor, 0644);
  return pending_file(descriptor, name, target);
}

result<void> pending_file::note_failure(int code) {
  if (code == 0) return {};
  if (failure_ == 0) failure_ = code;
  return storage_error(code, target_);
}

result<void> pending_file::state() const {
  if (failure_ != 0) return storage_error(failure_, target_);
  return {};
}

std::uint64_t pending_file::size() const {
  struct stat st {};
  return ::fstat(descriptor_, &st) == 0 ? static_cast<std::uint64_t>(st.st_size) : 0;
}

result<void> pending_file::write(std::string_view bytes) {
  return write_at(size(), bytes);
}

result<void> pending_file::write_at(std::uint64_t offset, std::string_view bytes) {
  return note_failure(write_all(descriptor_, bytes.data(), bytes.size(), offset));
}

result<std::string> pending_file::read_at(std::uint64_t offset, std::size_t count) const {
  std::string out(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const auto got =
        ::pread(descriptor_, out.data() + have, count - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return storage_error(errno, target_);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  out.resize(have);
  return out;
}

result<void> pending_file::sync() {
  if (auto ok = state(); !ok) return ok.error();
  return note_failure(::fsync(descriptor_) == 0 ? 0 : errno);
}

result<void> pending_file::publish() {
  if (auto ok = state(); !ok) return ok.error();
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return note_failure(errno);
  temporary_.clear();
  // The new name must survive a power cut as well.
  const int folder = ::open(target_.parent_path().empty() ? "." : target_.parent_path().c_str(),
                            O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return {};
  ::fsync(folder);
  ::close(folder);
  return {};
}

SF_VIRTUAL_IO* pending_file::sound_io() {
  static SF_VIRTUAL_IO io{io_length, io_seek, io_read, io_write, io_tell};
  base_ = size();
  position_ = 0;
  return &io;
}

sf_count_t pending_file::io_length(void* user) {
  const auto& f = *static_cast<pending_file*>(user);
  return static_cast<sf_count_t>(f.size() - f.base_);
}

sf_count_t pending_file::io_seek(sf_count_t offset, int whence, void* user) {
  auto& f = *static_cast<pending_file*>(user);
  const auto from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? f.position_ : io_length(user);
  if (from + offset >= 0) f.position_ = from + offset;
  return f.position_;
}

sf_count_t pending_file::io_read(void* to, sf_count_t count, void* user) {
  auto& f = *static_cast<pending_file*>(user);
  const auto got = ::pread(f.descriptor_, to, static_cast<std::size_t>(count),
                           static_cast<off_t>(f.base_) + f.position_);
  if (got > 0) f.position_ += got;
  return got > 0 ? got : 0;
}

sf_count_t pending_file::io_write(const void* from, sf_count_t count, void* user) {
  auto& f = *static_cast<pending_file*>(user);
  const auto at = f.base_ + static_cast<std::uint64_t>(f.position_);
  const std::string_view bytes(static_cast<const char*>(from), static_cast<std::size_t>(count));
  if (f.failure_ != 0 || !f.write_at(at, bytes)) return 0;
  f.position_ += count;
  return count;
}

sf_count_t pending_file::io_tell(void* user) {
  return static_cast<pending_file*>(user)->position_;
}

}  // namespace son1k::music::render
