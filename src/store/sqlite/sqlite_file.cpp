#include "store/sqlite/sqlite_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace son1k::store {
namespace {

constexpr std::string_view sqlite_magic{"SQLite format 3\0", 16};

error system_failure(const std::filesystem::path& path, int number) {
  std::string reason = std::strerror(number);
  switch (number) {
    case EACCES:
    case EPERM:
      return {errc::forbidden, path.string(),
              text("No permission (" + reason +
                       "). Change its owner or mode, or choose another "
                       "data folder.",
                   "Sin permiso (" + reason +
                       "). Cambia el dueño o los permisos, o elige otra "
                       "carpeta de datos.")};
    case EROFS:
      return {errc::forbidden, path.string(),
              text("The file system is read-only. Choose a data folder that can be written.",
                   "El sistema de archivos es de solo lectura. Elige una carpeta de datos con "
                   "escritura.")};
    case ENOSPC:
    case EDQUOT:
      return {errc::storage_full, path.string(),
              text("The disk is full; free some space.", "El disco está lleno; libera espacio.")};
    default:
      return {errc::unavailable, path.string(),
              text("It cannot be opened (" + reason + ").", "No se puede abrir (" + reason + ").")};
  }
}

// The process id that the owner wrote into its lock file; 0 if there is none.
long owner_of(int descriptor) {
  std::array<char, 24> digits{};
  ssize_t size = pread(descriptor, digits.data(), digits.size(), 0);
  long pid = 0;
  if (size > 0) std::from_chars(digits.data(), digits.data() + size, pid);
  return pid;
}

error in_use(const std::filesystem::path& database, long pid) {
  std::string en = pid > 0 ? fmt::format(" (process {})", pid) : "";
  std::string es = pid > 0 ? fmt::format(" (proceso {})", pid) : "";
  error e(errc::unavailable, database.string(),
          text("Another son1k" + en +
                   " is using this database. Stop it, or choose another data "
                   "folder.",
               "Otro son1k" + es +
                   " está usando esta base de datos. Detenlo o elige otra carpeta "
                   "de datos."));
  if (pid > 0) e.details["pid"] = pid;
  return e;
}

}  // namespace

result<owner_lock> owner_lock::take(const std::filesystem::path& database) {
  std::filesystem::path path = database.string() + ".lock";
  int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return system_failure(path, errno);
  owner_lock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    int number = errno;
    if (number == EWOULDBLOCK) return in_use(database, owner_of(descriptor));
    return system_failure(path, number);
  }
  // The text only helps a person; a full disk must not keep a database closed that can be read.
  std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(descriptor, 0) == 0 && pwrite(descriptor, pid.data(), pid.size(), 0) < 0) {
    return lock;
  }
  return lock;
}

owner_lock::~owner_lock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

result<void> make_folder_of(const std::filesystem::path& file) {
  std::filesystem::path folder = file.parent_path();
  std::filesystem::path built;
  for (const auto& part : folder) {
    built /= part;
    if (mkdir(built.c_str(), 0700) == 0) continue;
    int number = errno;
    struct stat found {};
    bool is_folder = stat(built.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
    if (!is_folder) return system_failure(built, number == EEXIST ? ENOTDIR : number);
  }
  return {};
}

result<void> prepare_file(const std::filesystem::path& file) {
  int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return system_failure(file, errno);
  std::array<char, 16> header{};
  ssize_t size = pread(descriptor, header.data(), header.size(), 0);
  int number = errno;
  ::close(descriptor);
  if (size < 0) return system_failure(file, number);
  if (size == 0) return {};
  if (std::string_view(header.data(), static_cast<std::size_t>(size)) == sqlite_magic) return {};
  return error(errc::storage_corrupt, file.string(),
               text("This is not a database, or its header is damaged. It was left as it is: "
                    "restore a backup, or move it away to begin anew.",
                    "Esto no es una base de datos, o su cabecera está dañada. Se dejó como está: "
                    "restaura una copia, o muévelo para empezar de nuevo."));
}

void lengthen_log(const std::filesystem::path& database, std::size_t bytes) {
  // SQLite keeps its locks on other files, so closing this descriptor drops none of them.
  int descriptor = ::open((database.string() + "-wal").c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat found {};
  struct statvfs disk {};
  bool known = fstat(descriptor, &found) == 0 && fstatvfs(descriptor, &disk) == 0;
  if (known && disk.f_bavail * disk.f_frsize > 16 * bytes) {
    const std::string zeros(64 * 1'024, '\0');
    auto at = static_cast<std::size_t>(found.st_size);
    bool written = true;
    while (written && at < bytes) {
      auto size = std::min(zeros.size(), bytes - at);
      written = pwrite(descriptor, zeros.data(), size, static_cast<off_t>(at)) ==
                static_cast<ssize_t>(size);
      at += size;
    }
    if (!written && ftruncate(descriptor, found.st_size) != 0) written = false;
    if (written) fsync(descriptor);
  }
  ::close(descriptor);
}

}  // namespace son1k::store
