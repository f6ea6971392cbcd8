// A PostgreSQL server of Debian's package in a folder of its own, for as long as it lives; and a
// PgBouncer before one. As root they run as the user postgres, who must be able to reach the folder
// of temporary files. Local connections are trusted, those over TCP need the password.
//
// Not thread-safe. Ends with the process that made it, however that ends.
#pragma once
#include <filesystem>
#include <string>

#include "support/child_process.hpp"
#include "support/temp_folder.hpp"

namespace son1k::test {

class postgres_server {
 public:
  // Whether the package is there; where CI is set, its absence is the test's failure.
  static bool installed();
  static constexpr const char* user = "son1k";
  static constexpr const char* password = "s3cret:with/marks";

  postgres_server();  // throws std::runtime_error with the server's log
  ~postgres_server() { stop(false); }
  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;

  void start();
  // Fast: as an operator does. Otherwise at once, as after a crash.
  void stop(bool fast = true);

  // Over TCP, with the password; `as` in place of it, `through` in place of the port.
  std::string url(const std::string& database, const std::string& as = {}, int through = 0) const;
  std::string local_url(const std::string& database) const;
  int port() const { return port_; }
  const std::filesystem::path& folder() const { return folder_.path(); }
  // Gives the folder to who the server runs as.
  static void hand_over(const std::filesystem::path& folder);

  // A new database; its tables stand in `tables`, a folder on a disk of its own, unless empty.
  void create_database(const std::string& name, const std::filesystem::path& tables = {});
  // Runs SQL beside the tests' own connections; the first column of the first row, or "".
  std::string run(const std::string& sql, const std::string& database = "postgres") const;

 private:
  temp_folder folder_;
  int port_;
  child_process server_;
};

// In transaction mode, with few connections to the server.
class pgbouncer {
 public:
  static bool installed();
  explicit pgbouncer(const postgres_server& before);
  std::string url(const std::string& database) const;

 private:
  temp_folder folder_;
  int port_;
  child_process program_;
};

}  // namespace son1k::test
