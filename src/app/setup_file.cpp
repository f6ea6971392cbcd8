#include "app/setup_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace son1k::app {
namespace fs = std::filesystem;
namespace {

error cannot_keep(const fs::path& file, int code) {
  const std::string why = std::error_code(code, std::generic_category()).message();
  const auto kind = code == ENOSPC                    ? errc::storage_full
                    : code == EACCES || code == EROFS ? errc::forbidden
                                                      : errc::unavailable;
  return {kind, "data_dir",
          text("cannot write " + file.string() + ": " + why,
               "no se puede escribir " + file.string() + ": " + why)};
}

}  // namespace

result<void> write_private_file(const fs::path& file, const std::string& content) {
  const fs::path part = file.string() + "." + std::to_string(::getpid()) + ".part";
  ::unlink(part.c_str());
  const int fd = ::open(part.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return cannot_keep(part, errno);
  const auto wrote = ::write(fd, content.data(), content.size());
  const int code = wrote < 0 ? errno : ENOSPC;
  ::close(fd);
  if (wrote != static_cast<ssize_t>(content.size())) {
    ::unlink(part.c_str());
    return cannot_keep(part, code);
  }
  if (::rename(part.c_str(), file.c_str()) != 0) return cannot_keep(file, errno);
  return {};
}

fs::path setup_file_of(const fs::path& data_dir) {
  return data_dir / "setup-url";
}

}  // namespace son1k::app
