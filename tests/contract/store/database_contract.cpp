#include "contract/store/database_contract.hpp"

#include "store/sqlite/sqlite_database.hpp"

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

const std::vector<backend>& backends() {
  static const std::vector<backend> rows{{"sqlite", open_sqlite_in}};
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
