#include "support/postgres_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
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

int free_port() {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound = bind(probe, generic, size) == 0 && getsockname(probe, generic, &size) == 0;
  close(probe);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
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

void run_to_end(const std::vector<std::string>& words, const fs::path& log) {
  child_program program(words, log);
  if (program.end() != 0) throw std::runtime_error(words[0] + ": " + contents(log));
}

std::string encoded(std::string_view word) {
  std::string out;
  for (unsigned char c : word)
    out += isalnum(c) ? std::string(1, char(c)) : fmt::format("%{:02X}", c);
  return out;
}

}  // namespace

child_program::child_program(const std::vector<std::string>& words, const fs::path& log) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const passwd* account = server_account();
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ != 0) {
    close(out);
    return;
  }
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  if (account != nullptr && (setgroups(1, &account->pw_gid) != 0 || setgid(account->pw_gid) != 0 ||
                             setuid(account->pw_uid) != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != parent) _exit(126);
  execv(arguments[0], arguments.data());
  _exit(127);
}

child_program::~child_program() {
  end(SIGQUIT);
}

int child_program::end(int with_signal) {
  if (pid_ == 0) return 0;
  if (with_signal != 0) kill(pid_, with_signal);
  int status = 0;
  waitpid(std::exchange(pid_, 0), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

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
  run_to_end({(programs() / "initdb").string(), "-D", (folder_ / "data").string(), "-U", user,
              "--pwfile=" + (folder_ / "password").string(), "--auth-local=trust",
              "--auth-host=scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"},
             folder_ / "log");
  start();
}

void postgres_server::start() {
  server_ = child_program(
      {(programs() / "postgres").string(), "-D", (folder_ / "data").string(), "-p",
       std::to_string(port_), "-k", folder_.path().string(), "-c", "listen_addresses=127.0.0.1",
       "-c", "max_connections=100", "-c", "shared_buffers=32MB"},
      folder_ / "log");
  wait_until_ready(local_url("postgres"), folder_ / "log");
}

void postgres_server::stop(bool fast) {
  server_.end(fast ? SIGINT : SIGQUIT);
}

void postgres_server::signal(int number) const {
  kill(server_.pid(), number);
}

std::string postgres_server::url(const std::string& database, const std::string& as) const {
  return fmt::format("postgresql://{}:{}@127.0.0.1:{}/{}", user,
                     encoded(as.empty() ? password : as), port_, database);
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
  program_ =
      child_program({pgbouncer_program, (folder_ / "pgbouncer.ini").string()}, folder_ / "log");
  wait_until_ready(url("postgres"), folder_ / "log");
}

std::string pgbouncer::url(const std::string& database) const {
  return fmt::format("postgresql://{}@127.0.0.1:{}/{}", postgres_server::user, port_, database);
}

}  // namespace son1k::test
