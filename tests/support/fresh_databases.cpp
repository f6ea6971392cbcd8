#include "support/fresh_databases.hpp"

#include <chrono>

#include "store/postgres/postgres_database.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/postgres_server.hpp"

namespace son1k::test {

std::vector<std::unique_ptr<store::database>> open_fresh(const std::string& kind,
                                                         const std::filesystem::path& folder,
                                                         std::size_t nodes) {
  std::vector<std::unique_ptr<store::database>> out;
  if (kind == "sqlite") {
    store::sqlite_settings settings;
    settings.file = folder / "son1k.db";
    out.push_back(std::move(store::open_sqlite(settings).value()));
    return out;
  }
  if (!postgres_server::installed()) return out;
  static postgres_server server;
  static int count = 0;
  const auto name = "fresh_" + std::to_string(++count);
  server.create_database(name);
  store::postgres_settings settings;
  settings.url = server.url(name);
  settings.connect_max = settings.away_max = std::chrono::minutes(1);
  for (std::size_t n = 0; n < nodes; ++n)
    out.push_back(std::move(store::open_postgres(settings).value()));
  return out;
}

}  // namespace son1k::test
