#include "support/postgres_server.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace son1k::test {
namespace fs = std::filesystem;
namespace {

constexpr const char* debian_folder = "/usr/lib/postgresql";
constexpr const char* pgbouncer_program = "/usr/sbin/pgbouncer";
constexpr auto start_max = std::chrono::seconds(60);

fs::path programs() {
  fs::path newest;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator(debian_folder, ignored)) {
    if (fs::exists(version.path() / "bin/postgres") && version.path() > newest)
      newest = version.path();
  }
  return newest.empty() ? newest : newest / "bin";
}

const passwd* server_account() {
  return getuid() == 0 ? getpwnam("postgres") : nullptr;
}

std::string contents(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write(const fs::path& file, const std::string& words) {
  std::ofstream(file) << words;
}

// Waits until something answers at the URL.
void wait_until_ready(const std::string& url, const fs::path& log) {
  const auto until = std::chrono::steady_clock::now() + start_max;
  while (PQping(url.c_str()) != PQPING_OK) {
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error(contents(log));
    poll(nullptr, 0, 10);
  }
}

// The words that run a program as the user of servers, which ends with this process.
std::vector<std::string> as_server(std::vector<std::string> words) {
  std::vector<std::string> out{"setpriv", "--pdeathsig", "QUIT"};
  if (server_account() != nullptr) {
    for (const char* word : {"--reuid=postgres", "--regid=postgres", "--init-groups"})
      out.emplace_back(word);
  }
  out.insert(out.end(), words.begin(), words.end());
  return out;
}

std::string encoded(std::string_view word) {
  std::string out;
  for (unsigned char c : word)
    out += isalnum(c) ? std::string(1, char(c)) : fmt::format("%{:02X}", c);
  return out;
}

}  // namespace

bool postgres_server::installed() {
  return !programs().empty() && (getuid() != 0 || server_account() != nullptr);
}

void postgres_server::hand_over(const fs::path& folder) {
  const passwd* account = server_account();
  if (account != nullptr && chown(folder.c_str(), account->pw_uid, account->pw_gid) != 0)
    throw std::runtime_error("cannot give away " + folder.string());
}

postgres_server::postgres_server() : port_(free_port()) {
  hand_over(folder_.path());
  write(folder_ / "password", password);
  run_program(
      as_server({(programs() / "initdb").string(), "-D", (folder_ / "data").string(), "-U", user,
                 "--pwfile=" + (folder_ / "password").string(), "--auth-local=trust",
                 "--auth-host=scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"}),
      folder_ / "log");
  start();
}

void postgres_server::start() {
  server_ = child_process(as_server({(programs() / "postgres").string(), "-D",
                                     (folder_ / "data").string(), "-p", std::to_string(port_), "-k",
                                     folder_.path().string(), "-c", "listen_addresses=127.0.0.1",
                                     "-c", "max_connections=100", "-c", "shared_buffers=32MB"}),
                          folder_ / "log");
  wait_until_ready(local_url("postgres"), folder_ / "log");
}

void postgres_server::stop(bool fast) {
  server_.end(fast ? SIGINT : SIGQUIT);
}

std::string postgres_server::url(const std::string& database, const std::string& as,
                                 int through) const {
  return fmt::format("postgresql://{}:{}@127.0.0.1:{}/{}", user,
                     encoded(as.empty() ? password : as), through != 0 ? through : port_, database);
}

std::string postgres_server::local_url(const std::string& database) const {
  return fmt::format("postgresql://{}@{}:{}/{}", user, encoded(folder_.path().string()), port_,
                     database);
}

void postgres_server::create_database(const std::string& name, const fs::path& tables) {
  run(fmt::format("CREATE DATABASE {}", name));
  if (tables.empty()) return;
  hand_over(tables);
  fs::permissions(tables.parent_path(), fs::perms::others_exec, fs::perm_options::add);
  run(fmt::format("CREATE TABLESPACE disk_{} LOCATION '{}'", name, tables.string()));
  run(fmt::format("ALTER DATABASE {0} SET default_tablespace = disk_{0}", name));
}

std::string postgres_server::run(const std::string& sql, const std::string& database) const {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> c(PQconnectdb(local_url(database).c_str()),
                                                       &PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> reply(PQexec(c.get(), sql.c_str()), &PQclear);
  const auto status = PQresultStatus(reply.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    throw std::runtime_error(sql + ": " + PQerrorMessage(c.get()));
  return PQntuples(reply.get()) > 0 ? PQgetvalue(reply.get(), 0, 0) : "";
}

bool pgbouncer::installed() {
  return fs::exists(pgbouncer_program);
}

pgbouncer::pgbouncer(const postgres_server& before) : port_(free_port()) {
  postgres_server::hand_over(folder_.path());
  write(folder_ / "pgbouncer.ini",
        fmt::format("[databases]\n* = host={} port={} user={}\n[pgbouncer]\n"
                    "listen_addr = 127.0.0.1\nlisten_port = {}\nunix_socket_dir =\n"
                    "auth_type = any\npool_mode = transaction\nmax_client_conn = 200\n"
                    "default_pool_size = 4\nserver_login_retry = 1\n",
                    before.folder().string(), before.port(), postgres_server::user, port_));
  program_ = child_process(as_server({pgbouncer_program, (folder_ / "pgbouncer.ini").string()}),
                           folder_ / "log");
  wait_until_ready(url("postgres"), folder_ / "log");
}

std::string pgbouncer::url(const std::string& database) const {
  return fmt::format("postgresql://{}@127.0.0.1:{}/{}", postgres_server::user, port_, database);
}

}  // namespace son1k::test
