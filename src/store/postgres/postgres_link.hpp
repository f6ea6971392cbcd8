// A connection that comes back: lost, it is opened again, at growing intervals, as long as somebody
// waits for it. Not thread-safe; `figures` and what they outlive are the database's.
#pragma once
#include <atomic>
#include <chrono>
#include <memory>

#include "store/postgres/postgres_connection.hpp"
#include "store/postgres/postgres_figures.hpp"

namespace son1k::store {

class postgres_link {
 public:
  using clock = std::chrono::steady_clock;

  // `role` stands in log lines ("writer", "reader"). `closing`: no attempt waits any longer.
  postgres_link(postgres_place place, postgres_connection::settings s, const char* role,
                postgres_figures& figures, const std::atomic<bool>& closing);
  ~postgres_link();
  postgres_link(const postgres_link&) = delete;
  postgres_link& operator=(const postgres_link&) = delete;

  // The connection, opened if there is none that lives; tries until then at the latest.
  // unavailable and the errors of postgres_place::connect(): why the last attempt failed.
  result<postgres_connection*> get(clock::time_point until);
  // What get() gave is of no more use.
  void drop();
  bool connected() const { return connection_ != nullptr; }

 private:
  result<void> open();
  bool wait_for_turn(clock::time_point until);

  const postgres_place place_;
  const postgres_connection::settings settings_;
  const char* const role_;
  postgres_figures& figures_;
  const std::atomic<bool>& closing_;
  std::unique_ptr<postgres_connection> connection_;
  bool had_one_ = false;
  result<void> last_;  // of the last attempt
  std::chrono::milliseconds pause_{0};
  clock::time_point next_attempt_{};
};

}  // namespace son1k::store
