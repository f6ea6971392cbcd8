// A `database` without SQL, for tests of what stands on the port: steps run in the caller's thread
// over a connection that accepts everything, counts it and finds nothing. Thread-safe.
#pragma once
#include <atomic>
#include <mutex>

#include "store/database.hpp"

namespace son1k::test {

class memory_database final : public store::database {
 public:
  void commit(store::transaction tx, commit_handler done) override {
    result<void> outcome;
    {
      const std::lock_guard lock(mutex_);
      if (failing_) outcome = error(errc::unavailable, "the database is away");
      empty_connection none;
      for (const auto& step : tx.steps()) {
        if (outcome) outcome = step(none);
      }
      if (outcome) executed_ += none.executed;
      for (const auto& hook : tx.early_hooks()) hook(outcome.has_value());
      for (const auto& hook : tx.hooks()) hook(outcome.has_value());
    }
    done(std::move(outcome));
  }
  result<void> read(read_work work) override {
    empty_connection none;
    work(none);
    return {};
  }
  result<std::vector<store::migration_status>> migrations() override {
    return std::vector<store::migration_status>{};
  }
  result<std::vector<store::migration_status>> migrate() override { return migrations(); }
  void stop() override {}

  void fail_commits(bool failing) { failing_ = failing; }
  // Statements of the transactions that were committed.
  std::int64_t executed() const { return executed_; }

 private:
  class empty_connection final : public store::connection {
   public:
    result<std::int64_t> execute(const store::statement&, std::span<const store::value>) override {
      ++executed;
      return 1;
    }
    result<void> query(const store::statement&, std::span<const store::value>,
                       const std::function<bool(const store::row&)>&) override {
      return {};
    }

    std::int64_t executed = 0;
  };
  std::mutex mutex_;
  std::atomic<bool> failing_{false};
  std::atomic<std::int64_t> executed_{0};
};

}  // namespace son1k::test
