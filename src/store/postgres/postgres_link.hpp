// A connection that comes back: lost, it is opened again, at growing intervals, when somebody asks
// for it. Who asks waits until the server has been away for a while; from then on the answer is no
// at once, until it is back. Not thread-safe; `figures` and `closing` are the database's.
#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

#include "store/postgres/postgres_connection.hpp"
#include "store/postgres/postgres_figures.hpp"

namespace son1k::store {

class postgres_link {
 public:
  using clock = std::chrono::steady_clock;

  struct settings {
    postgres_connection::settings connection;
    std::chrono::milliseconds away_max;
    const char* role;  // in log lines: "writer", "reader"
  };

  // `closing`: no attempt waits any longer.
  postgres_link(postgres_place place, settings s, postgres_figures& figures,
                const std::atomic<bool>& closing);
  ~postgres_link();
  postgres_link(const postgres_link&) = delete;
  postgres_link& operator=(const postgres_link&) = delete;

  // The connection, opened if there is none that lives. unavailable and the errors of
  // postgres_place::connect(): why the last attempt failed.
  result<postgres_connection*> get();
  // What get() gave is of no more use.
  void drop();
  bool connected() const { return connection_ != nullptr; }

 private:
  result<void> open();
  bool wait_for_turn(clock::time_point until);

  const postgres_place place_;
  const settings settings_;
  postgres_figures& figures_;
  const std::atomic<bool>& closing_;
  std::unique_ptr<postgres_connection> connection_;
  bool had_one_ = false;
  std::optional<clock::time_point> away_since_;
  result<void> last_;  // of the last attempt
  std::chrono::milliseconds pause_{0};
  clock::time_point next_attempt_{};
};

}  // namespace son1k::store
