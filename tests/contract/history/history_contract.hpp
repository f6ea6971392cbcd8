// What the lasting history is held to, over each database.
#pragma once
#include <optional>

#include "queue/history/postgres/postgres_history.hpp"
#include "store/postgres/postgres_database.hpp"
#include "support/postgres_server.hpp"
#include "support/queue/history_fixture.hpp"

namespace son1k::queue::test {

// One server for the program, with a PgBouncer before it once that is needed.
class history_servers {
 public:
  static history_servers& get() {
    static history_servers one;
    return one;
  }
  history_place new_place(bool pooled) {
    const auto name = "history_" + std::to_string(++count_);
    server_.create_database(name);
    if (pooled && !bouncer_) bouncer_.emplace(server_);
    store::postgres_settings with;
    with.url = pooled ? bouncer_->url(name) : server_.url(name);
    with.pool_max = 2;
    // Nothing here is about being slow.
    with.connect_max = with.away_max = std::chrono::minutes(1);
    return {[with] { return store::open_postgres(with); }, &postgres_history()};
  }

 private:
  son1k::test::postgres_server server_;
  std::optional<son1k::test::pgbouncer> bouncer_;
  int count_ = 0;
};

class history_contract : public history_test, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    using son1k::test::pgbouncer;
    using son1k::test::postgres_server;
    const bool pooled = GetParam() == "pgbouncer";
    if (GetParam() != "sqlite") {
      if (!postgres_server::installed() || (pooled && !pgbouncer::installed())) {
        if (getenv("CI") != nullptr) FAIL() << GetParam() << " must be installed (tools/setup)";
        GTEST_SKIP() << GetParam() << " is not installed (tools/setup)";
      }
      place_ = history_servers::get().new_place(pooled);
    }
    history_test::SetUp();
  }
};

#define SON1K_HISTORY_CONTRACT(suite)                                                          \
  INSTANTIATE_TEST_SUITE_P(history, suite, testing::Values("sqlite", "postgres", "pgbouncer"), \
                           [](const auto& one) { return one.param; })

}  // namespace son1k::queue::test
