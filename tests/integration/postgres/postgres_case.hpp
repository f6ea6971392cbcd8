// What the cases of the PostgreSQL backend share: one server for the program, a database a case.
#pragma once
#include <gmock/gmock.h>

#include "store/async.hpp"
#include "store/postgres/postgres_database.hpp"
#include "support/postgres_server.hpp"

namespace son1k::test {

class postgres_case : public testing::Test {
 protected:
  void SetUp() override {
    if (postgres_server::installed()) {
      name_ = "case_" + std::to_string(++count());
      server().create_database(name_);
      settings_.url = server().url(name_);
      settings_.migrations = {};
      settings_.figures = &figures_;
      // Nothing here is about being slow.
      settings_.away_max = std::chrono::minutes(1);
      settings_.connect_max = std::chrono::minutes(1);
      return;
    }
    if (getenv("CI") != nullptr) FAIL() << "postgresql-15 must be installed (tools/setup)";
    GTEST_SKIP() << "postgresql-15 is not installed (tools/setup)";
  }

  static postgres_server& server() {
    static postgres_server one;
    return one;
  }

  std::unique_ptr<store::database> open() {
    auto opened = store::open_postgres(settings_);
    EXPECT_TRUE(opened) << opened.error().what();
    return opened ? std::move(*opened) : nullptr;
  }
  // With the table of notes.
  std::unique_ptr<store::database> open_with_notes() {
    server().run("CREATE TABLE note (number BIGINT PRIMARY KEY, words TEXT)", name_);
    return open();
  }
  std::string in_database(const std::string& sql) { return server().run(sql, name_); }

  store::postgres_figures figures_;
  store::postgres_settings settings_;
  std::string name_;

 private:
  static int& count() {
    static int cases = 0;
    return cases;
  }
};

inline store::transaction executes(const store::statement& sql,
                                   store::durability d = store::durability::power) {
  store::transaction tx(d);
  tx.stage([&sql](store::connection& c) -> result<void> {
    auto done = c.execute(sql, {});
    return done ? result<void>{} : done.error();
  });
  return tx;
}

inline store::transaction note_of(std::int64_t number) {
  static const store::statement insert("INSERT INTO note (number, words) VALUES ($1, 'x')");
  store::transaction tx;
  tx.stage([number](store::connection& c) { return c.send(insert, {number}); });
  return tx;
}

inline result<std::vector<std::int64_t>> notes_in(store::database& db) {
  static const store::statement select("SELECT number FROM note ORDER BY number");
  return store::read_and_wait(db, [](store::connection& c) -> result<std::vector<std::int64_t>> {
    std::vector<std::int64_t> out;
    auto asked = c.query(select, {}, [&](const store::row& r) {
      out.push_back(r.integer(0));
      return true;
    });
    if (!asked) return asked.error();
    return out;
  });
}

}  // namespace son1k::test
