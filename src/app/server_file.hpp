// DATA_DIR/server.json: where the server of a data folder listens, for commands on the same
// machine. Written by `serve` (0600, whole or not at all) and removed at its end; a server that was
// killed leaves it behind, so a reader asks the address whether anybody is there. Of several
// servers of one folder (the cluster profile) the one that started last stands in it.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace son1k::app {

// Where a server listens, and what shows that a caller can read the folder; may be empty.
struct noted_server {
  std::string address;
  std::string token;
};

class server_file {
 public:
  // unavailable, forbidden, storage_full with the field "data_dir".
  static result<server_file> write(const std::filesystem::path& data_dir,
                                   const noted_server& server);
  ~server_file();
  server_file(server_file&& other) noexcept
      : file_(std::exchange(other.file_, {})), address_(std::move(other.address_)) {}
  server_file& operator=(server_file&&) = delete;

 private:
  server_file(std::filesystem::path file, std::string address)
      : file_(std::move(file)), address_(std::move(address)) {}
  std::filesystem::path file_;
  std::string address_;
};

// What stands in the folder's file; nothing if there is none that can be read and is ours.
std::optional<noted_server> read_noted_server(const std::filesystem::path& data_dir);

}  // namespace son1k::app
