#include "contract/store/database_contract.hpp"

#include <sys/stat.h>

#include <fstream>
#include <optional>

#include "store/postgres/postgres_database.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/postgres_server.hpp"

namespace son1k::test {
namespace {

result<std::unique_ptr<store::database>> open_sqlite_in(const std::filesystem::path& folder,
                                                        database_options options) {
  store::sqlite_settings settings;
  settings.file = folder / "son1k.db";
  settings.queued_writes_max = options.queued_writes_max;
  settings.queued_reads_max = options.queued_reads_max;
  settings.group_max = options.group_max;
  settings.migrations = {};
  return store::open_sqlite(settings);
}

bool on_a_disk_of_its_own(const std::filesystem::path& folder) {
  struct stat own {};
  struct stat above {};
  return stat(folder.c_str(), &own) == 0 && stat(folder.parent_path().c_str(), &above) == 0 &&
         own.st_dev != above.st_dev;
}

// A server with a PgBouncer before it, which starts when it is first needed.
class servers {
 public:
  std::string direct_url(const std::string& database) { return server_.url(database); }
  std::string pooled_url(const std::string& database) {
    if (!bouncer_) bouncer_.emplace(server_);
    return bouncer_->url(database);
  }
  postgres_server& server() { return server_; }

 private:
  postgres_server server_;
  std::optional<pgbouncer> bouncer_;
};

// One for all cases of this process; those that spoil a disk have one of their own.
servers& servers_for(bool spoils_disk) {
  static std::vector<std::unique_ptr<servers>> all;
  if (all.empty() || spoils_disk) all.push_back(std::make_unique<servers>());
  return spoils_disk ? *all.back() : *all.front();
}

// A folder is known by the URL that stands in it, also in another process. Where the folder is a
// disk of its own, the tables stand there.
result<std::unique_ptr<store::database>> open_postgres_in(
    const std::filesystem::path& folder, database_options options,
    std::string (servers::*url_of)(const std::string& database)) {
  const auto note = folder / "url";
  store::postgres_settings settings;
  if (std::ifstream known(note); !std::getline(known, settings.url)) {
    static int count = 0;
    const auto name = "contract_" + std::to_string(++count);
    const bool own_disk = on_a_disk_of_its_own(folder);
    servers& place = servers_for(own_disk);
    place.server().create_database(name, own_disk ? folder : "");
    settings.url = (place.*url_of)(name);
    std::ofstream(note) << settings.url;
  }
  settings.queued_writes_max = options.queued_writes_max;
  settings.queued_reads_max = options.queued_reads_max;
  settings.group_max = options.group_max;
  settings.migrations = {};
  // Slow under a sanitizer or a load.
  settings.connect_max = settings.away_max = std::chrono::minutes(1);
  return store::open_postgres(settings);
}

bool always() {
  return true;
}
bool with_pgbouncer() {
  return postgres_server::installed() && pgbouncer::installed();
}

const std::vector<backend>& backends() {
  auto opens = [](auto url_of) {
    return [url_of](const std::filesystem::path& folder, database_options options) {
      return open_postgres_in(folder, options, url_of);
    };
  };
  static const std::vector<backend> rows{
      {"sqlite", always, "BLOB", open_sqlite_in},
      {"postgres", postgres_server::installed, "BYTEA", opens(&servers::direct_url)},
      {"pgbouncer", with_pgbouncer, "BYTEA", opens(&servers::pooled_url)}};
  return rows;
}

}  // namespace

const backend& backend_named(const std::string& name) {
  return *std::ranges::find(backends(), name, &backend::name);
}

std::vector<std::string> backend_names() {
  std::vector<std::string> names;
  for (const backend& b : backends()) names.push_back(b.name);
  return names;
}

store::transaction::step writes_note(std::int64_t number, std::string words) {
  return [number, words = std::move(words)](store::connection& c) -> result<void> {
    auto written = c.execute(insert_note, {number, words});
    if (!written) return written.error();
    return {};
  };
}

store::transaction note_transaction(std::int64_t number, store::durability d) {
  store::transaction tx(d);
  tx.stage(writes_note(number));
  return tx;
}

result<std::vector<std::int64_t>> numbers_in(store::connection& c) {
  std::vector<std::int64_t> numbers;
  auto queried = c.query(select_numbers, {}, [&](const store::row& r) {
    numbers.push_back(r.integer(0));
    return true;
  });
  if (!queried) return queried.error();
  return numbers;
}

result<std::vector<std::int64_t>> numbers_in(store::database& db) {
  return store::read_and_wait(db, [](store::connection& c) { return numbers_in(c); });
}

store::database::commit_handler outcomes::handler(int id) {
  return [this, id](result<void> outcome) {
    std::lock_guard lock(mutex_);
    seen_.emplace_back(id, std::move(outcome));
    --missing_;
    changed_.notify_all();
  };
}

const std::vector<std::pair<int, result<void>>>& outcomes::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return missing_ <= 0; });
  return seen_;
}

}  // namespace son1k::test
