#include "app/server_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "app/setup_file.hpp"
#include "app/version.hpp"

namespace son1k::app {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr std::size_t file_bytes_max = 4'096;

fs::path file_of(const fs::path& data_dir) {
  return data_dir / "server.json";
}

bool is_noted(const fs::path& data_dir, const std::string& address) {
  const auto noted = read_noted_server(data_dir);
  return noted && noted->address == address;
}

}  // namespace

result<server_file> server_file::write(const fs::path& data_dir, const noted_server& server) {
  const auto file = file_of(data_dir);
  json::object content{{"address", server.address}, {"pid", ::getpid()}, {"version", app::version}};
  if (!server.token.empty()) content["token"] = server.token;
  if (auto ok = write_private_file(file, json::serialize(content)); !ok) return ok.error();
  return server_file(file, server.address);
}

server_file::~server_file() {
  if (!file_.empty() && is_noted(file_.parent_path(), address_)) ::unlink(file_.c_str());
}

std::optional<noted_server> read_noted_server(const fs::path& data_dir) {
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
  noted_server out{std::string(address->get_string()), {}};
  const auto* token = facts_json.get_object().if_contains("token");
  if (token != nullptr && token->is_string()) out.token = std::string(token->get_string());
  return out;
}

}  // namespace son1k::app
