#include "app/process_place.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "base/uuid.hpp"

namespace son1k::app {
namespace fs = std::filesystem;
namespace {

constexpr int places_max = 1'024;

error cannot_lock(const fs::path& file, int code) {
  const auto why = std::error_code(code, std::generic_category()).message();
  return {errc::unavailable, "data_dir",
          text("cannot lock " + file.string() + ": " + why,
               "no se puede bloquear " + file.string() + ": " + why)};
}

// Made once for a place; a copy of the folder on another machine goes by another host's name.
std::string name_in(int file) {
  std::array<char, 64> bytes{};
  const auto had = ::pread(file, bytes.data(), 36, 0);
  std::string id(bytes.data(), had > 0 ? static_cast<std::size_t>(had) : 0);
  if (!is_uuid(id)) {
    id = uuid_v7();
    if (::ftruncate(file, 0) != 0 || ::pwrite(file, id.data(), id.size(), 0) < 0) return {};
  }
  std::array<char, HOST_NAME_MAX + 1> host{};
  ::gethostname(host.data(), host.size() - 1);
  return id + '@' + host.data();
}

}  // namespace

process_place::process_place(process_place&& other) noexcept
    : file_(std::exchange(other.file_, -1)), name_(std::move(other.name_)) {}

process_place& process_place::operator=(process_place&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(name_, other.name_);
  return *this;
}

process_place::~process_place() {
  if (file_ >= 0) ::close(file_);
}

result<process_place> process_place::take(const fs::path& data_dir) {
  const auto folder = data_dir / "processes";
  std::error_code ec;
  fs::create_directories(folder, ec);
  process_place out;
  for (int n = 0; n < places_max; ++n) {
    const auto file = folder / std::to_string(n);
    out.file_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (out.file_ < 0) return cannot_lock(file, errno);
    if (::flock(out.file_, LOCK_EX | LOCK_NB) == 0) {
      out.name_ = name_in(out.file_);
      if (out.name_.empty()) return cannot_lock(file, errno);
      return out;
    }
    const int code = errno;
    ::close(std::exchange(out.file_, -1));
    if (code != EWOULDBLOCK) return cannot_lock(file, code);
  }
  return cannot_lock(folder, EBUSY);
}

}  // namespace son1k::app
