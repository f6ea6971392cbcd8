#include "app/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace son1k::app {
namespace fs = std::filesystem;
namespace {

error out_error(const fs::path& target, int code) {
  const std::string why = std::error_code(code, std::generic_category()).message();
  const auto kind = code == ENOSPC || code == EDQUOT                   ? errc::storage_full
                    : code == EACCES || code == EPERM || code == EROFS ? errc::forbidden
                                                                       : errc::unavailable;
  return {kind, "out",
          text("cannot write " + target.string() + ": " + why + "; choose another file with --out",
               "no se puede escribir " + target.string() + ": " + why +
                   "; elija otro archivo con --out")};
}

bool write_all(int to, const char* bytes, std::size_t count) {
  while (count > 0) {
    const auto done = ::write(to, bytes, count);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes += done;
    count -= static_cast<std::size_t>(done);
  }
  return true;
}

}  // namespace

result<output_file> output_file::open(fs::path target) {
  std::error_code ec;
  if (fs::is_directory(target, ec)) {
    return error(errc::validation, "out",
                 text(target.string() + " is a folder; name a file in it",
                      target.string() + " es una carpeta; indique un archivo en ella"));
  }
  auto pending = target;
  pending += ".part-" + std::to_string(::getpid());
  // Whoever had this process number before and left such a file is gone.
  ::unlink(pending.c_str());
  const int fd = ::open(pending.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
  if (fd < 0) return out_error(target, errno);
  return output_file(std::move(target), std::move(pending), fd);
}

output_file::output_file(output_file&& other) noexcept
    : target_(std::move(other.target_)),
      pending_(std::exchange(other.pending_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

output_file::~output_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!pending_.empty()) ::unlink(pending_.c_str());
}

result<void> output_file::copy_from(const fs::path& source) {
  const int from = ::open(source.c_str(), O_RDONLY | O_CLOEXEC);
  if (from < 0) return out_error(source, errno);
  std::array<char, 64 * 1024> block;
  bool good = true;
  ssize_t got = 0;
  while (good && (got = ::read(from, block.data(), block.size())) > 0) {
    good = write_all(descriptor_, block.data(), static_cast<std::size_t>(got));
  }
  good = good && got == 0 && ::fsync(descriptor_) == 0;
  const int code = errno;
  ::close(from);
  if (!good) return out_error(target_, code);
  if (::rename(pending_.c_str(), target_.c_str()) != 0) return out_error(target_, errno);
  pending_.clear();
  return {};
}

}  // namespace son1k::app
