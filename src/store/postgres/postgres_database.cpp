#include "store/postgres/postgres_database.hpp"

#include <algorithm>
#include <atomic>

#include "store/async.hpp"
#include "store/postgres/postgres_reader.hpp"
#include "store/postgres/postgres_writer.hpp"

namespace son1k::store {
namespace {

// Of the advisory lock around migrations: "son1k" in ASCII.
const statement sql_lock{"SELECT pg_advisory_xact_lock(495790125419)"};
const statement sql_patience{"SELECT set_config('statement_timeout', $1, true)"};
const statement sql_has_migrations{"SELECT to_regclass('schema_migration') IS NOT NULL"};

class postgres_database final : public database {
 public:
  postgres_database(postgres_place place, const postgres_settings& s, std::vector<migration> known);
  ~postgres_database() override { stop(); }

  void commit(transaction tx, commit_handler done) override {
    writer_->submit(std::move(tx), std::move(done));
  }
  result<void> read(read_work work) override { return readers_->submit(std::move(work)); }
  result<std::vector<migration_status>> migrations() override;
  result<std::vector<migration_status>> migrate() override;
  void stop() override {
    closing_ = true;
    // The writer first: its acknowledgements may still ask for reads.
    writer_->stop();
    readers_->stop();
  }

 private:
  std::unique_ptr<postgres_link> link(const char* role) {
    const postgres_connection::settings how{settings_.connect_max, settings_.statement_max,
                                            settings_.idle_max, settings_.prepare};
    const postgres_link::settings s{how, settings_.away_max, role};
    return std::make_unique<postgres_link>(place_, s, *figures_, closing_);
  }
  std::vector<std::unique_ptr<reader>> make_readers();

  const postgres_place place_;
  const postgres_settings settings_;
  const std::vector<migration> known_;
  postgres_figures own_figures_;
  postgres_figures* const figures_;
  std::atomic<bool> closing_ = false;
  std::unique_ptr<read_pool> readers_;
  std::unique_ptr<postgres_writer> writer_;
};

postgres_database::postgres_database(postgres_place place, const postgres_settings& s,
                                     std::vector<migration> known)
    : place_(std::move(place)),
      settings_(s),
      known_(std::move(known)),
      figures_(s.figures != nullptr ? s.figures : &own_figures_) {
  const read_pool::settings pool{"pg-reader", s.queued_reads_max, s.pool_rest};
  readers_ = std::make_unique<read_pool>(make_readers(), pool);
  const postgres_writer::bounds writing{s.queued_writes_max, s.group_max, s.commit_seconds};
  writer_ = std::make_unique<postgres_writer>(link("writer"), writing, *figures_);
}

std::vector<std::unique_ptr<reader>> postgres_database::make_readers() {
  std::vector<std::unique_ptr<reader>> out;
  const int most = std::max({1, settings_.pool_min, settings_.pool_max});
  for (int n = 0; n < most; ++n) {
    out.push_back(
        std::make_unique<postgres_reader>(link("reader"), n < settings_.pool_min, *figures_));
  }
  return out;
}

result<std::vector<migration_status>> statuses_of(connection& c, std::span<const migration> known) {
  bool migrated = false;
  auto looked = c.query(sql_has_migrations, {}, [&](const row& r) {
    migrated = r.integer(0) == 1;
    return false;
  });
  if (!looked) return looked.error();
  if (!migrated) return compare(known, {});
  auto applied = read_applied(c);
  if (!applied) return applied.error();
  return compare(known, *applied);
}

result<std::vector<migration_status>> postgres_database::migrations() {
  return read_and_wait(*this, [this](connection& c) { return statuses_of(c, known_); });
}

result<std::vector<migration_status>> postgres_database::migrate() {
  // One program at a time; the lock goes with the transaction, so it serves behind a pooler too.
  auto lock = [this](connection& c) -> result<void> {
    auto& own = static_cast<postgres_connection&>(c);  // the writer's steps see nothing else
    own.allow(settings_.migration_max);
    const std::string limit = std::to_string(settings_.migration_max.count());
    auto ignore = [](const row&) { return false; };
    auto patient = c.query(sql_patience, {std::string_view(limit)}, ignore);
    if (!patient) return patient;
    return c.query(sql_lock, {}, ignore);
  };
  return apply_missing(*this, known_, lock);
}

}  // namespace

result<std::unique_ptr<database>> open_postgres(const postgres_settings& settings) {
  auto known = parse_migrations(settings.migrations);
  if (!known) return known.error();
  auto place = postgres_place::parse(settings.url);
  if (!place) return place.error();
  auto first = postgres_connection::open(
      *place, {settings.connect_max, settings.statement_max, settings.idle_max, settings.prepare});
  if (!first) return first.error();
  if (auto read = statuses_of(**first, *known); !read) return read.error();
  return std::make_unique<postgres_database>(std::move(*place), settings, std::move(*known));
}

}  // namespace son1k::store
