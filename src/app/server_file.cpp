#include "app/server_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>

#include "app/version.hpp"

namespace son1k::app {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr std::size_t file_bytes_max = 4'096;

fs::path file_of(const fs::path& data_dir) {
  return data_dir / "server.json";
}

error cannot_write(const fs::path& file, int code) {
  const std::string why = std::error_code(code, std::generic_category()).message();
  const auto kind = code == ENOSPC                    ? errc::storage_full
                    : code == EACCES || code == EROFS ? errc::forbidden
                                                      : errc::unavailable;
  return {kind, "data_dir",
          text("cannot write " + file.string() + ": " + why,
               "no se puede escribir " + file.string() + ": " + why)};
}

}  // namespace

result<server_file> server_file::write(const fs::path& data_dir, const std::string& address) {
  const auto file = file_of(data_dir);
  const fs::path part = file.string() + "." + std::to_string(::getpid()) + ".part";
  const auto content = json::serialize(
      json::value{{"address", address}, {"pid", ::getpid()}, {"version", app::version}});
  ::unlink(part.c_str());
  const int fd = ::open(part.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return cannot_write(part, errno);
  const auto wrote = ::write(fd, content.data(), content.size());
  const int code = wrote < 0 ? errno : ENOSPC;
  ::close(fd);
  if (wrote != static_cast<ssize_t>(content.size())) {
    ::unlink(part.c_str());
    return cannot_write(part, code);
  }
  if (::rename(part.c_str(), file.c_str()) != 0) return cannot_write(file, errno);
  return server_file(file, address);
}

server_file::~server_file() {
  if (!file_.empty() && noted_address(file_.parent_path()) == address_) ::unlink(file_.c_str());
}

std::optional<std::string> noted_address(const fs::path& data_dir) {
  const int fd = ::open(file_of(data_dir).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  struct stat facts {};
  char bytes[file_bytes_max];
  // A file that somebody else put there could send the caller's commands anywhere.
  const bool ours = ::fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) &&
                    (facts.st_uid == ::geteuid() || ::geteuid() == 0);
  const auto got = ours ? ::read(fd, bytes, sizeof bytes) : -1;
  ::close(fd);
  if (got <= 0) return std::nullopt;
  boost::system::error_code ec;
  const auto facts_json = json::parse({bytes, static_cast<std::size_t>(got)}, ec);
  if (ec || !facts_json.is_object()) return std::nullopt;
  const auto* address = facts_json.get_object().if_contains("address");
  if (address == nullptr || !address->is_string()) return std::nullopt;
  return std::string(address->get_string());
}

}  // namespace son1k::app
