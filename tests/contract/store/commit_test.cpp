// Writes: atomicity, order, isolation of failures, hooks, bounds, stop.
#include <gmock/gmock.h>

#include <atomic>

#include "contract/store/database_contract.hpp"

namespace son1k::test {
namespace {

using store::commit_and_wait;
using store::connection;
using store::transaction;
using testing::ElementsAre;
using testing::IsEmpty;
using number_list = std::vector<std::int64_t>;

result<void> refuses(connection&) {
  return error(errc::lease_lost, text("an older start"));
}

number_list up_to(std::int64_t last) {
  number_list list;
  for (std::int64_t n = 1; n <= last; ++n) list.push_back(n);
  return list;
}

TEST_P(database_contract, a_commit_that_was_acknowledged_is_read) {
  ASSERT_TRUE(commit_and_wait(*db, note_transaction(1)));
  EXPECT_THAT(*numbers_in(*db), ElementsAre(1));
}

TEST_P(database_contract, all_steps_take_effect_or_none) {
  transaction tx;
  tx.stage(writes_note(1));
  tx.stage(writes_note(2));
  tx.stage(refuses);
  auto outcome = commit_and_wait(*db, std::move(tx));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, errc::lease_lost);
  EXPECT_THAT(*numbers_in(*db), IsEmpty());
}

TEST_P(database_contract, steps_run_in_the_order_of_staging_and_see_each_other) {
  number_list first;
  number_list second;
  transaction tx;
  tx.stage(
      [&first](connection& c) -> result<void> { return first = *numbers_in(c), result<void>{}; });
  tx.stage(writes_note(7));
  tx.stage(
      [&second](connection& c) -> result<void> { return second = *numbers_in(c), result<void>{}; });
  ASSERT_TRUE(commit_and_wait(*db, std::move(tx)));
  EXPECT_THAT(first, IsEmpty());
  EXPECT_THAT(second, ElementsAre(7));
}

TEST_P(database_contract, a_duplicate_key_is_a_conflict) {
  ASSERT_TRUE(commit_and_wait(*db, note_transaction(1)));
  auto outcome = commit_and_wait(*db, note_transaction(1));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, errc::conflict);
  EXPECT_FALSE(outcome.error().message.es.empty());
}

TEST_P(database_contract, transactions_take_effect_in_the_order_of_commit) {
  constexpr int count = 500;
  outcomes seen(count);
  writer_gate gate(*db);
  for (int i = 0; i < count; ++i) {
    transaction tx;
    tx.stage([i](connection& c) -> result<void> {
      auto before = numbers_in(c);
      if (!before) return before.error();
      if (static_cast<int>(before->size()) != i) return error(errc::internal, text("out of order"));
      return {};
    });
    tx.stage(writes_note(i));
    db->commit(std::move(tx), seen.handler(i));
  }
  gate.release();
  int expected = 0;
  for (const auto& [id, outcome] : seen.wait()) {
    EXPECT_TRUE(outcome);
    EXPECT_EQ(id, expected++);
  }
}

TEST_P(database_contract, one_failure_in_a_group_leaves_the_others) {
  for (int failing : {0, 37, 99}) {
    outcomes seen(100);
    writer_gate gate(*db);
    for (int i = 0; i < 100; ++i) {
      transaction tx = note_transaction(failing * 1'000 + i);
      if (i == failing) tx.stage(refuses);
      db->commit(std::move(tx), seen.handler(i));
    }
    gate.release();
    for (const auto& [id, outcome] : seen.wait()) EXPECT_EQ(outcome.has_value(), id != failing);
    auto written = *numbers_in(*db);
    EXPECT_EQ(std::ranges::count(written, failing * 1'000 + failing), 0);
  }
  EXPECT_EQ(numbers_in(*db)->size(), 297u);
}

TEST_P(database_contract, a_transaction_in_a_group_sees_those_before_it_and_not_a_failed_one) {
  outcomes seen(3);
  number_list visible;
  writer_gate gate(*db);
  db->commit(note_transaction(1), seen.handler(1));
  transaction failing = note_transaction(2);
  failing.stage(refuses);
  db->commit(std::move(failing), seen.handler(2));
  transaction looking;
  looking.stage([&visible](connection& c) -> result<void> {
    visible = *numbers_in(c);
    return {};
  });
  db->commit(std::move(looking), seen.handler(3));
  gate.release();
  seen.wait();
  EXPECT_THAT(visible, ElementsAre(1));
}

TEST_P(database_contract, a_statement_that_fails_and_is_overlooked_undoes_nothing_else) {
  ASSERT_TRUE(commit_and_wait(*db, note_transaction(1)));
  transaction tx;
  tx.stage([](connection& c) -> result<void> {
    auto duplicate = c.execute(insert_note, {1, "again"});
    return duplicate ? result<void>(error(errc::internal, text("no conflict"))) : result<void>{};
  });
  tx.stage(writes_note(2));
  EXPECT_TRUE(commit_and_wait(*db, std::move(tx)));
  EXPECT_THAT(*numbers_in(*db), ElementsAre(1, 2));
}

TEST_P(database_contract, hooks_run_once_before_done_in_commit_order) {
  std::vector<std::string> told;
  outcomes seen(3);
  writer_gate gate(*db);
  for (int i = 0; i < 3; ++i) {
    transaction tx = note_transaction(i);
    if (i == 1) tx.stage(refuses);
    tx.on_outcome([&told, i](bool committed) {
      told.push_back(std::to_string(i) + (committed ? " yes" : " no"));
    });
    tx.on_outcome([&told, i](bool) { told.push_back(std::to_string(i) + " second"); });
    db->commit(std::move(tx), [&told, i, last = seen.handler(i)](result<void> outcome) {
      told.push_back(std::to_string(i) + " done");
      last(std::move(outcome));
    });
  }
  gate.release();
  seen.wait();
  EXPECT_THAT(told, ElementsAre("0 yes", "0 second", "0 done", "1 no", "1 second", "1 done",
                                "2 yes", "2 second", "2 done"));
}

TEST_P(database_contract, what_follows_from_a_written_commit_is_told_once_before_its_outcome) {
  std::vector<std::string> told;
  outcomes seen(2);
  writer_gate gate(*db);
  for (int i = 0; i < 2; ++i) {
    transaction tx = note_transaction(i);
    if (i == 1) tx.stage(refuses);
    tx.on_outcome([&told, i](bool) { told.push_back(std::to_string(i) + " certain"); });
    tx.on_written([&told, i](bool written) {
      told.push_back(std::to_string(i) + (written ? " yes" : " no"));
    });
    db->commit(std::move(tx),
               [last = seen.handler(i)](result<void> outcome) { last(std::move(outcome)); });
  }
  gate.release();
  seen.wait();
  EXPECT_THAT(told, ElementsAre("0 yes", "1 no", "0 certain", "1 certain"));
}

TEST_P(database_contract,
       a_commit_that_a_written_one_leads_to_and_the_first_are_both_acknowledged) {
  for (const auto promise : {store::durability::process, store::durability::power}) {
    const int first = promise == store::durability::power ? 1 : 3;
    outcomes seen(2);
    transaction tx = note_transaction(first);
    tx.on_written([&](bool) {
      transaction next(promise);
      next.stage(writes_note(first + 1));
      db->commit(std::move(next), seen.handler(2));
    });
    db->commit(std::move(tx), seen.handler(1));
    for (const auto& [who, ok] : seen.wait()) EXPECT_TRUE(ok) << who;
  }
  EXPECT_THAT(*numbers_in(*db), ElementsAre(1, 2, 3, 4));
}

TEST_P(database_contract, steps_that_read_what_outcomes_write_run_after_those_of_earlier_groups) {
  database_options one_by_one;
  one_by_one.group_max = 1;
  reopen(one_by_one);
  for (int round = 0; round < 50; ++round) {
    auto next_begun = std::make_shared<std::promise<void>>();
    auto begun = next_begun->get_future();
    std::promise<void> hook_may_end;
    auto may_end = hook_may_end.get_future();
    std::atomic<bool> told = false;
    bool seen = false;
    transaction slow = note_transaction(3 * round);
    slow.on_outcome([&](bool) {
      may_end.wait();
      told = true;
    });
    transaction next = note_transaction(3 * round + 1);
    next.stage([next_begun](connection&) { return next_begun->set_value(), result<void>{}; });
    transaction reads = note_transaction(3 * round + 2);
    reads.set_after_outcomes();
    reads.stage([&](connection&) -> result<void> { return seen = told, result<void>{}; });
    outcomes all(3);
    {
      writer_gate gate(*db);
      db->commit(std::move(slow), all.handler(1));
      db->commit(std::move(next), all.handler(2));
      db->commit(std::move(reads), all.handler(3));
    }
    // Where steps run while outcomes are told, the third may come before the hook ends: now.
    begun.wait_for(std::chrono::milliseconds(20));
    hook_may_end.set_value();
    all.wait();
    ASSERT_TRUE(seen);
  }
}

TEST_P(database_contract, when_done_runs_a_read_sees_the_transaction) {
  constexpr int count = 200;
  std::vector<std::promise<std::size_t>> sizes(count);
  for (int i = 0; i < count; ++i) {
    db->commit(note_transaction(i), [this, &sizes, i](result<void>) {
      auto queued = db->read([&sizes, i](connection& c) {
        sizes[static_cast<std::size_t>(i)].set_value(numbers_in(c)->size());
      });
      ASSERT_TRUE(queued);
    });
  }
  for (int i = 0; i < count; ++i) {
    EXPECT_GE(sizes[static_cast<std::size_t>(i)].get_future().get(),
              static_cast<std::size_t>(i) + 1);
  }
}

TEST_P(database_contract, done_may_commit_again) {
  outcomes seen(1);
  db->commit(note_transaction(1),
             [this, &seen](result<void>) { db->commit(note_transaction(2), seen.handler(2)); });
  EXPECT_TRUE(seen.wait().front().second);
  EXPECT_THAT(*numbers_in(*db), ElementsAre(1, 2));
}

TEST_P(database_contract, an_empty_transaction_is_acknowledged_in_order) {
  outcomes seen(3);
  writer_gate gate(*db);
  db->commit(note_transaction(1), seen.handler(1));
  db->commit(transaction(), seen.handler(2));
  db->commit(note_transaction(3), seen.handler(3));
  gate.release();
  auto& order = seen.wait();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(order[static_cast<std::size_t>(i)].first, i + 1);
    EXPECT_TRUE(order[static_cast<std::size_t>(i)].second);
  }
}

TEST_P(database_contract, more_writes_than_the_bound_are_refused_at_once) {
  reopen({.queued_writes_max = 10});
  outcomes seen(12);
  writer_gate gate(*db);  // one of the ten itself
  for (int i = 1; i <= 12; ++i) db->commit(note_transaction(i), seen.handler(i));
  gate.release();
  auto& order = seen.wait();
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(order[i].first, static_cast<int>(i) + 10);
    ASSERT_FALSE(order[i].second);
    EXPECT_EQ(order[i].second.error().code, errc::unavailable);
  }
  EXPECT_EQ(*numbers_in(*db), up_to(9));
  EXPECT_TRUE(commit_and_wait(*db, note_transaction(50)));
}

TEST_P(database_contract, groups_are_bounded_and_every_transaction_has_its_turn) {
  reopen({.group_max = 7});
  outcomes seen(100);
  writer_gate gate(*db);
  for (int i = 1; i <= 100; ++i) db->commit(note_transaction(i), seen.handler(i));
  gate.release();
  for (const auto& [id, outcome] : seen.wait()) EXPECT_TRUE(outcome) << id;
  EXPECT_EQ(*numbers_in(*db), up_to(100));
}

TEST_P(database_contract, stop_finishes_what_was_queued_and_refuses_what_comes_later) {
  outcomes seen(101);
  {
    writer_gate gate(*db);
    for (int i = 1; i <= 100; ++i) db->commit(note_transaction(i), seen.handler(i));
  }
  db->stop();
  bool hook_said_committed = true;
  transaction late = note_transaction(101);
  late.on_outcome([&](bool committed) { hook_said_committed = committed; });
  db->commit(std::move(late), seen.handler(101));
  for (const auto& [id, outcome] : seen.wait()) EXPECT_EQ(outcome.has_value(), id <= 100) << id;
  EXPECT_FALSE(hook_said_committed);
  EXPECT_FALSE(db->read([](connection&) {}));
  db->stop();
  reopen();
  EXPECT_EQ(*numbers_in(*db), up_to(100));
}

TEST_P(database_contract, mixed_promises_all_survive_a_reopening) {
  outcomes seen(60);
  for (int i = 1; i <= 60; ++i) {
    auto promise = i % 3 ? store::durability::process : store::durability::power;
    db->commit(note_transaction(i, promise), seen.handler(i));
  }
  for (const auto& [id, outcome] : seen.wait()) EXPECT_TRUE(outcome) << id;
  reopen();
  EXPECT_EQ(*numbers_in(*db), up_to(60));
}

TEST_P(database_contract, many_threads_commit_and_all_is_there) {
  constexpr int threads = 8;
  constexpr int each = 50;
  std::vector<std::thread> callers;
  std::atomic<int> failures = 0;
  for (int t = 0; t < threads; ++t) {
    callers.emplace_back([this, t, &failures] {
      for (int i = 0; i < each; ++i)
        if (!commit_and_wait(*db, note_transaction(t * each + i + 1))) ++failures;
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(*numbers_in(*db), up_to(threads * each));
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(store, database_contract, testing::ValuesIn(backend_names()),
                         [](const auto& backend) { return backend.param; });

}  // namespace son1k::test
