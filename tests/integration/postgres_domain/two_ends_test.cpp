// An end and a newer start of one job, by two processes at the same time: one of them stands.
#include <atomic>
#include <thread>

#include "base/clock.hpp"
#include "integration/postgres/postgres_case.hpp"
#include "queue/redis/outbox.hpp"

namespace son1k::test {
namespace {

using queue::lease;
using queue::redis::outbox;
using store::commit_and_wait;
using store::connection;
using store::transaction;

constexpr int looks_max = 200;

class postgres_two_ends : public postgres_case {
 protected:
  void SetUp() override {
    postgres_case::SetUp();
    settings_.migrations = store::postgres_sources();
    first_ = open();
    second_ = open();
    ASSERT_TRUE(first_->migrate());
  }
  // Whether somebody waits for a lock. Not for ever: without locks nobody would.
  bool comes_to_wait() {
    for (int look = 0; look < looks_max; ++look)
      if (in_database("SELECT count(*) FROM pg_locks WHERE NOT granted") != "0") return true;
    return false;
  }
  // What an end writes when the step that commits it has looked.
  static result<void> end(connection& c, const lease& held) {
    if (auto ok = outbox::take_turn(c, held.queue, held.id); !ok) return ok;
    if (auto ok = outbox::check_fence(c, held); !ok) return ok;
    transaction row;
    outbox::stage_as(row, "row", "finish", {}, held.queue, held.id, 1);
    return row.steps().front()(c);
  }
  // What a claim of a job that had stalled writes; whether it has found an end.
  static result<bool> start(connection& c, const lease& held) {
    if (auto ok = outbox::take_turn(c, held.queue, held.id); !ok) return ok.error();
    auto ended = outbox::end_of(c, held);
    if (!ended) return ended.error();
    if (*ended) return true;
    if (auto ok = outbox::raise_fence(c, held, 1); !ok) return ok.error();
    return false;
  }

  std::unique_ptr<store::database> first_, second_;
  const lease old_{"songs", "a", 1, 0}, newer_{"songs", "a", 2, 0};
};

TEST_F(postgres_two_ends, an_end_that_is_committed_first_is_found_by_the_newer_start) {
  std::promise<void> written;
  std::atomic<bool> found = false;
  std::thread claim([&] {
    written.get_future().wait();
    transaction tx;
    tx.stage([&](connection& c) -> result<void> {
      auto ended = start(c, newer_);
      if (!ended) return ended.error();
      found = *ended;
      return {};
    });
    EXPECT_TRUE(commit_and_wait(*second_, std::move(tx)));
  });
  transaction tx;
  tx.stage([&](connection& c) -> result<void> {
    if (auto ok = end(c, old_); !ok) return ok;
    written.set_value();
    EXPECT_TRUE(comes_to_wait());
    return {};
  });
  EXPECT_TRUE(commit_and_wait(*first_, std::move(tx)));
  claim.join();
  EXPECT_TRUE(found);
}

TEST_F(postgres_two_ends, an_end_is_refused_when_a_newer_start_is_committed_first) {
  std::promise<void> raised;
  result<void> ended;
  std::thread late([&] {
    raised.get_future().wait();
    transaction tx;
    tx.stage([&](connection& c) { return end(c, old_); });
    ended = commit_and_wait(*second_, std::move(tx));
  });
  transaction tx;
  tx.stage([&](connection& c) -> result<void> {
    auto found = start(c, newer_);
    if (!found) return found.error();
    EXPECT_FALSE(*found);
    raised.set_value();
    EXPECT_TRUE(comes_to_wait());
    return {};
  });
  EXPECT_TRUE(commit_and_wait(*first_, std::move(tx)));
  late.join();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, errc::lease_lost);
}

}  // namespace
}  // namespace son1k::test
