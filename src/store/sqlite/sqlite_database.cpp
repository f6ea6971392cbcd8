#include "store/sqlite/sqlite_database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <chrono>

#include "store/async.hpp"
#include "store/sqlite/sqlite_error.hpp"
#include "store/sqlite/sqlite_file.hpp"
#include "store/sqlite/sqlite_reader.hpp"
#include "store/sqlite/sqlite_writer.hpp"

namespace son1k::store {
namespace {

using opened_connection = result<std::unique_ptr<sqlite_connection>>;

constexpr int application_id = 0x534f4e31;  // "SON1" in the header of the file

class sqlite_database final : public database {
 public:
  sqlite_database(owner_lock lock, std::vector<migration> known, std::unique_ptr<read_pool> r,
                  std::unique_ptr<sqlite_writer> w)
      : lock_(std::move(lock)),
        known_(std::move(known)),
        writer_(std::move(w)),
        readers_(std::move(r)) {}
  ~sqlite_database() override { stop_threads(); }

  void commit(transaction tx, commit_handler done) override {
    if (writer_) return writer_->submit(std::move(tx), std::move(done));
    for (const auto& hook : tx.early_hooks()) hook(false);
    for (const auto& hook : tx.hooks()) hook(false);
    done(error(errc::forbidden, text("The database is open for reading only.",
                                     "La base de datos está abierta solo para leer.")));
  }

  result<void> read(read_work work) override { return readers_->submit(std::move(work)); }

  result<std::vector<migration_status>> migrations() override;
  result<std::vector<migration_status>> migrate() override { return apply_missing(*this, known_); }
  void stop() override { stop_threads(); }

 private:
  // The writer first: its acknowledgements may still ask for reads.
  void stop_threads() {
    if (writer_) writer_->stop();
    readers_->stop();
  }

  const owner_lock lock_;  // outlives the connections
  const std::vector<migration> known_;
  const std::unique_ptr<sqlite_writer> writer_;  // null when inspecting
  const std::unique_ptr<read_pool> readers_;     // goes first: the writer's connection closes last
};

const statement sql_has_migrations{
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migration'"};

result<std::vector<migration_status>> statuses_of(connection& c, std::span<const migration> known) {
  bool migrated = false;
  auto looked = c.query(sql_has_migrations, {}, [&](const row&) { return migrated = true, false; });
  if (!looked) return looked.error();
  if (!migrated) return compare(known, {});
  auto applied = read_applied(c);
  if (!applied) return applied.error();
  return compare(known, *applied);
}

result<std::vector<migration_status>> sqlite_database::migrations() {
  return read_and_wait(*this, [this](connection& c) { return statuses_of(c, known_); });
}

// Looks for damage with a bound on its time: a large file is only checked in part.
result<void> quick_check(sqlite_connection& c, const sqlite_settings& s) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(s.check_ms_max);
  auto expired = [](void* until) -> int {
    return std::chrono::steady_clock::now() > *static_cast<decltype(deadline)*>(until);
  };
  sqlite3_progress_handler(c.handle(), 1'000, expired, &deadline);
  auto verdict = c.text_of("PRAGMA quick_check(1)");
  sqlite3_progress_handler(c.handle(), 0, nullptr, nullptr);
  if (!verdict) return verdict.error().code == errc::cancelled ? result<void>{} : verdict.error();
  if (*verdict == "ok") return {};
  return sqlite_failure(SQLITE_CORRUPT, 0, *verdict, s.file.string());
}

// A database of another program is refused; an empty one becomes ours.
result<void> claim(sqlite_connection& c, const sqlite_settings& s) {
  auto id = c.text_of("PRAGMA application_id");
  if (!id) return id.error();
  if (*id == std::to_string(application_id)) return {};
  auto tables = c.text_of("SELECT count(*) FROM sqlite_master");
  if (!tables) return tables.error();
  if (*tables != "0" || *id != "0") {
    return error(errc::storage_corrupt, s.file.string(),
                 text("This database belongs to another program and was left as it is.",
                      "Esta base de datos es de otro programa y se dejó como está."));
  }
  if (s.access == sqlite_access::inspect) return {};
  return c.run_script(fmt::format("PRAGMA application_id={}", application_id));
}

result<void> use_log(sqlite_connection& c, const sqlite_settings& s) {
  auto mode = c.text_of("PRAGMA journal_mode=WAL");
  if (!mode) return mode.error();
  if (*mode == "wal") return {};
  return error(errc::unavailable, s.file.string(),
               text("The file system cannot keep a write-ahead log (a network share?). Choose a "
                    "data folder on a local disk.",
                    "El sistema de archivos no admite un registro de escritura anticipada (¿una "
                    "unidad de red?). Elige una carpeta de datos en un disco local."));
}

constexpr const char* common_pragmas =
    "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
    "PRAGMA cell_size_check=ON;";
// Deleted rows are not overwritten with zeros (a Debian default): it doubles the pages written.
constexpr const char* writer_pragmas =
    "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0; PRAGMA secure_delete=OFF;"
    "PRAGMA cache_size=-32768; PRAGMA journal_size_limit=67108864;";
constexpr const char* aside_pragmas = "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;";
constexpr const char* reader_pragmas = "PRAGMA query_only=ON; PRAGMA cache_size=-8192;";

opened_connection open_reader(const sqlite_settings& s) {
  using mode = sqlite_connection::mode;
  auto opened = sqlite_connection::open(
      s.file.string(), s.access == sqlite_access::own ? mode::read_write : mode::read_only,
      s.busy_ms, s.vfs);
  if (!opened) return opened;
  if (auto set = (*opened)->run_script(common_pragmas); !set) return set.error();
  if (auto set = (*opened)->run_script(reader_pragmas); !set) return set.error();
  return opened;
}

// For checkpoints: its fsyncs are those of synchronous=FULL too.
opened_connection open_aside(const sqlite_settings& s) {
  auto opened = sqlite_connection::open(s.file.string(), sqlite_connection::mode::read_write,
                                        s.busy_ms, s.vfs);
  if (!opened) return opened;
  if (auto set = (*opened)->run_script(aside_pragmas); !set) return set.error();
  return opened;
}

opened_connection open_writer(const sqlite_settings& s) {
  auto opened = sqlite_connection::open(s.file.string(), sqlite_connection::mode::read_write,
                                        s.busy_ms, s.vfs);
  if (!opened) return opened;
  sqlite_connection& c = **opened;
  // Damage is looked for before anything may write.
  if (auto sound = quick_check(c, s); !sound) return sound.error();
  if (auto logged = use_log(c, s); !logged) return logged.error();
  if (auto set = c.run_script(common_pragmas); !set) return set.error();
  if (auto set = c.run_script(writer_pragmas); !set) return set.error();
  if (auto ours = claim(c, s); !ours) return ours.error();
  return opened;
}

result<std::unique_ptr<read_pool>> open_readers(const sqlite_settings& s) {
  std::vector<std::unique_ptr<reader>> readers;
  for (int i = 0; i < std::max(1, s.readers); ++i) {
    auto opened = open_reader(s);
    if (!opened) return opened.error();
    readers.push_back(std::make_unique<sqlite_reader>(std::move(*opened)));
  }
  const read_pool::settings pool{"sqlite-reader", s.queued_reads_max, std::nullopt};
  return std::make_unique<read_pool>(std::move(readers), pool);
}

error about(error e, const sqlite_settings& s) {
  if (e.field.empty()) e.field = s.file.string();
  return e;
}

result<std::unique_ptr<database>> open_inspected(const sqlite_settings& s,
                                                 std::vector<migration> known) {
  std::error_code ignored;
  if (!std::filesystem::exists(s.file, ignored)) {
    return error(errc::not_found, s.file.string(),
                 text("There is no database yet.", "Todavía no hay base de datos."));
  }
  auto probe = open_reader(s);
  if (!probe) return about(probe.error(), s);
  if (auto ours = claim(**probe, s); !ours) return about(ours.error(), s);
  if (auto read = statuses_of(**probe, known); !read) return about(read.error(), s);
  auto readers = open_readers(s);
  if (!readers) return about(readers.error(), s);
  return std::make_unique<sqlite_database>(owner_lock(), std::move(known), std::move(*readers),
                                           nullptr);
}

}  // namespace

result<std::unique_ptr<database>> open_sqlite(const sqlite_settings& settings) {
  auto known = parse_migrations(settings.migrations);
  if (!known) return known.error();
  if (settings.access == sqlite_access::inspect) return open_inspected(settings, std::move(*known));

  if (auto made = make_folder_of(settings.file); !made) return made.error();
  auto lock = owner_lock::take(settings.file);
  if (!lock) return lock.error();
  if (auto prepared = prepare_file(settings.file); !prepared) return prepared.error();
  auto writing = open_writer(settings);
  if (!writing) return about(writing.error(), settings);
  if (auto read = statuses_of(**writing, *known); !read) return about(read.error(), settings);
  lengthen_log(settings.file, settings.log_bytes_min);
  auto aside = open_aside(settings);
  if (!aside) return about(aside.error(), settings);
  auto readers = open_readers(settings);
  if (!readers) return about(readers.error(), settings);
  sqlite_writer::limits limits{settings.queued_writes_max,
                               std::max<std::size_t>(1, settings.group_max), settings.busy_ms,
                               settings.log_pages_max, settings.commit_seconds};
  auto writer = std::make_unique<sqlite_writer>(std::move(*writing), std::move(*aside), limits,
                                                settings.file.string());
  return std::make_unique<sqlite_database>(std::move(*lock), std::move(*known), std::move(*readers),
                                           std::move(writer));
}

}  // namespace son1k::store
