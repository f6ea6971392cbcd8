// What can be seen: one job, pages by state, counts, names.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class queue_contract_read : public queue_contract {};
class queue_contract_read_lists : public queue_contract {
 protected:
  std::vector<std::string> list(job_state state, std::size_t page_size = 100) {
    list_request r;
    r.queue = "songs";
    r.state = state;
    r.limit = page_size;
    std::vector<std::string> ids;
    for (int pages = 0; pages < 100; ++pages) {
      auto page = run(q().list(r));
      EXPECT_TRUE(page) << page.error().what();
      if (!page) break;
      EXPECT_LE(page->jobs.size(), page_size);
      for (const auto& job : page->jobs) {
        EXPECT_EQ(job.state, state);
        ids.push_back(job.id);
      }
      if (page->next.empty()) break;
      r.after = page->next;
    }
    return ids;
  }
};

TEST_P(queue_contract_read, one_job_is_seen_whole) {
  auto s = spec("a", 4);
  s.user = "ana";
  s.data = R"({"prompt":"x"})";
  s.options.group = "team";
  s.options.attempts = 7;
  s.options.backoff = {backoff_kind::fixed, 250, 0.5};
  s.options.timeout_ms = 9'000;
  s.options.keep_logs = 3;
  s.options.traceparent = "00-aa-bb-01";
  ASSERT_TRUE(add(s));
  reopen();
  const auto view = get("a");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->queue, "songs");
  EXPECT_EQ(view->kind, "probe");
  EXPECT_EQ(view->state, job_state::prioritized);
  EXPECT_EQ(view->user, "ana");
  EXPECT_EQ(view->data, s.data);
  EXPECT_EQ(view->options.priority, 4);
  EXPECT_EQ(view->options.group, "team");
  EXPECT_EQ(view->options.attempts, 7);
  EXPECT_EQ(view->options.backoff.kind, backoff_kind::fixed);
  EXPECT_EQ(view->options.backoff.delay_ms, 250);
  EXPECT_EQ(view->options.backoff.jitter, 0.5);
  EXPECT_EQ(view->options.timeout_ms, 9'000);
  EXPECT_EQ(view->options.keep_logs, 3);
  EXPECT_EQ(view->options.traceparent, "00-aa-bb-01");
  EXPECT_EQ(view->added_at_ms, clock().now_ms());
  EXPECT_EQ(view->starts, 0);
}

TEST_P(queue_contract_read, a_claimed_job_says_whose_it_is_and_since_when_it_was_ready) {
  auto s = spec("a");
  s.user = "ana";
  s.options.delay_ms = 100;
  ASSERT_TRUE(add(s));
  clock().advance(100);
  const auto since = clock().now_ms();
  EXPECT_THAT(claim_ids(0), testing::SizeIs(testing::Le(1u)));
  ASSERT_TRUE(add(spec("b")));
  clock().advance(50);
  const auto view = get("a");
  EXPECT_EQ(view->user, "ana");
  const auto job = claim().at(0);
  EXPECT_EQ(job.ready_at_ms, since);
}

TEST_P(queue_contract_read, the_worker_of_a_run_is_seen) {
  ASSERT_TRUE(add(spec("a")));
  const auto held = claim().at(0).held;
  EXPECT_EQ(get("a")->worker, "w");
  ASSERT_TRUE(finish(held, outcome::complete("1")));
  EXPECT_EQ(get("a")->worker, "w");
}

TEST_P(queue_contract_read, counts_tell_since_when_the_oldest_waits) {
  EXPECT_EQ(counts().oldest_ready_at_ms, 0);
  const auto first = clock().now_ms();
  ASSERT_TRUE(add(spec("a", 3)));
  clock().advance(10);
  ASSERT_TRUE(add(spec("b")));
  EXPECT_EQ(counts().oldest_ready_at_ms, first);
  EXPECT_EQ(claim_ids(1).at(0), "b");
  EXPECT_EQ(counts().oldest_ready_at_ms, first);
  claim(1);
  EXPECT_EQ(counts().oldest_ready_at_ms, 0);
}

TEST_P(queue_contract_read_lists, a_queue_is_known_by_what_is_set_about_it) {
  ASSERT_TRUE(run(q().set_group_limits("grouped", "a", group_limits{1, std::nullopt})));
  ASSERT_TRUE(run(q().set_limits("limited", [] {
    queue_limits limits;
    limits.concurrency = 1;
    return limits;
  }())));
  ASSERT_TRUE(run(q().pause("paused", true)));
  EXPECT_THAT(*q().queues(), ElementsAre("grouped", "limited", "paused"));
  reopen();
  EXPECT_THAT(*q().queues(), ElementsAre("grouped", "limited", "paused"));
  ASSERT_TRUE(run(q().set_group_limits("grouped", "a", std::nullopt)));
  ASSERT_TRUE(run(q().set_limits("limited", {})));
  ASSERT_TRUE(run(q().pause("paused", false)));
  EXPECT_THAT(*q().queues(), IsEmpty());
}

TEST_P(queue_contract_read_lists, queues_have_names_in_order) {
  EXPECT_THAT(*q().queues(), IsEmpty());
  ASSERT_TRUE(add(spec("a")));
  auto other = spec("b");
  other.queue = "films";
  ASSERT_TRUE(add(other));
  EXPECT_THAT(*q().queues(), ElementsAre("films", "songs"));
  reopen();
  EXPECT_THAT(*q().queues(), ElementsAre("films", "songs"));
}

TEST_P(queue_contract_read_lists, each_state_has_its_order) {
  const auto late = [&](const char* id, std::int64_t ms) {
    auto s = spec(id);
    s.options.delay_ms = ms;
    return s;
  };
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c"), spec("d"), spec("p5", 5), spec("p2", 2),
                   spec("p2b", 2), late("late", 9'000), late("soon", 5'000)}));
  for (const char* id : {"a", "b"}) {
    const auto job = claim().at(0);
    ASSERT_EQ(job.held.id, id);
    ASSERT_TRUE(finish(job.held, outcome::complete("1")));
    clock().advance(1);
  }
  claim();
  EXPECT_THAT(list(job_state::waiting), ElementsAre("d"));
  EXPECT_THAT(list(job_state::prioritized), ElementsAre("p2", "p2b", "p5"));
  EXPECT_THAT(list(job_state::delayed), ElementsAre("soon", "late"));
  EXPECT_THAT(list(job_state::active), ElementsAre("c"));
  EXPECT_THAT(list(job_state::completed), ElementsAre("b", "a"));
  EXPECT_THAT(list(job_state::failed), IsEmpty());
}

TEST_P(queue_contract_read_lists, pages_join_without_gap_or_repeat) {
  std::vector<std::string> ids;
  std::vector<job_spec> specs;
  for (int n = 0; n < 25; ++n) {
    ids.push_back("job-" + std::to_string(100 + n));
    specs.push_back(spec(ids.back()));
  }
  ASSERT_TRUE(add(specs));
  EXPECT_EQ(list(job_state::waiting, 7), ids);
  EXPECT_EQ(list(job_state::waiting, 25), ids);
  for (const auto& job : claim(25)) ASSERT_TRUE(finish(job.held, outcome::complete("1")));
  EXPECT_EQ(list(job_state::completed, 4).size(), 25u);
}

TEST_P(queue_contract_read_lists, a_page_is_bounded_and_a_bad_cursor_refused) {
  list_request r;
  r.queue = "songs";
  r.limit = list_jobs_max + 1;
  EXPECT_EQ(run(q().list(r)).error().code, errc::validation);
  r.limit = 0;
  EXPECT_EQ(run(q().list(r)).error().code, errc::validation);
  r.limit = 10;
  r.after = "nonsense";
  EXPECT_EQ(run(q().list(r)).error().code, errc::validation);
  r.after.clear();
  EXPECT_TRUE(run(q().list(r))->jobs.empty());
}

TEST_P(queue_contract_read_lists, listed_jobs_carry_what_a_reader_needs) {
  auto s = spec("a");
  s.user = "ana";
  s.data = R"({"n":1})";
  ASSERT_TRUE(add(s));
  ASSERT_TRUE(finish(claim().at(0).held, outcome::fail(broken(false))));
  list_request r;
  r.queue = "songs";
  r.state = job_state::failed;
  const auto page = run(q().list(r));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->jobs.size(), 1u);
  const auto& job = page->jobs[0];
  EXPECT_EQ(job.user, "ana");
  EXPECT_EQ(job.data, R"({"n":1})");
  EXPECT_EQ(job.error->message, "it broke");
  EXPECT_EQ(job.attempts_made, 1);
  EXPECT_TRUE(page->next.empty());
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_read);
SON1K_QUEUE_CONTRACT(queue_contract_read_lists);

}  // namespace son1k::queue::test
