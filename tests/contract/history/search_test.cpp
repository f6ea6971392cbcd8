// One search over what lives and what was.
#include <gmock/gmock.h>

#include <random>

#include "contract/history/history_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class history_search : public history_contract {};

TEST_P(history_search, an_ended_job_is_found_by_each_field_indexed_or_not) {
  auto other = failed_run("b", "disk is full");
  other.job.queue = "other";
  other.kind = "cover";
  other.user = "eva";
  other.group = "g2";
  other.worker = "w2";
  other.data = R"({"prompt":"house","n":4})";
  other.priority = 9;
  other.attempts_made = 3;
  other.stalls = 2;
  other.added_at_ms += 1'800'000;
  other.ready_at_ms = other.added_at_ms;
  other.started_at_ms = other.added_at_ms + 60'000;
  other.ended_at_ms = other.started_at_ms + 90'000;
  write({ended_run("a"), other});
  for (const bool indexed : {false, true}) {
    if (indexed) index();
    for (const auto* text : {"id:b",
                             "state:failed",
                             "kind:cover",
                             "queue:other",
                             "user:eva",
                             "group:g2",
                             "worker:w2",
                             "error:timeout",
                             "error~\"DISK is\"",
                             "data.prompt~hous",
                             "data.n:4",
                             "priority:9",
                             "priority>8",
                             "attempts>2",
                             "stalls>1",
                             "duration>1m",
                             "wait>59s",
                             "created<45m",
                             "finished<30m",
                             "-user:ana",
                             "-data.prompt~lofi -state:completed"}) {
      EXPECT_THAT(find(text), ElementsAre("b")) << text << indexed;
    }
    EXPECT_THAT(find(""), ElementsAre("b", "a")) << indexed;
    EXPECT_THAT(find("user:eva user:ana"), IsEmpty()) << indexed;
    EXPECT_THAT(find("attempts<0"), IsEmpty()) << indexed;
  }
}

// Random jobs and queries: the index finds what a look at every row finds, in the same order.
class random_history {
 public:
  explicit random_history(unsigned seed) : random_(seed) {}

  run_record record(int i) {
    auto r = pick(3) == 0 ? failed_run(std::to_string(i), message()) : ended_run(std::to_string(i));
    r.job.queue = one({"music", "mail", "probe"});
    r.user = one({"", "ana", "eva", "ñandú"});
    r.group = one({"", "g1", "g2"});
    r.worker = one({"w1", "w2"});
    r.priority = static_cast<std::int32_t>(pick(40));
    r.attempts_made = static_cast<std::int32_t>(pick(5));
    r.stalls = static_cast<std::int32_t>(pick(3));
    r.added_at_ms = start_ms + static_cast<std::int64_t>(pick(3'500)) * 1'000;
    r.ready_at_ms = r.added_at_ms;
    r.started_at_ms = r.added_at_ms + static_cast<std::int64_t>(pick(100'000));
    r.ended_at_ms = r.started_at_ms + static_cast<std::int64_t>(pick(1u << pick(20)));
    r.data = R"({"prompt":")" + message() + R"(","deep":{"n":)" + std::to_string(pick(9)) + "}}";
    return r;
  }

  std::string query() {
    std::string out;
    for (auto terms = 1 + pick(3); terms > 0; --terms) out += term() + " ";
    return out;
  }

 private:
  std::string term() {
    const std::string number = std::to_string(pick(40));
    const std::string sign = one({"<", ">"});
    const std::string not_or = pick(4) == 0 ? "-" : "";
    return not_or +
           one({"state:" + one({"failed", "completed"}), "queue:" + one({"music", "mail"}),
                "user:" + one({"ana", "\"\"", "ñandú"}), "group:g1", "worker:w2", "error:timeout",
                "error~\"" + message() + "\"", "data.prompt~\"" + message() + "\"",
                "data.deep.n:" + number, "priority" + sign + number,
                "attempts" + sign + one({"1", "3"}), "stalls:" + one({"0", "2"}),
                "duration" + sign + number + "s", "duration" + sign + number + "ms",
                "wait" + sign + number + "s", "created" + sign + number + "m",
                "finished" + sign + number + "m", "started" + sign + number + "m"});
  }
  std::string message() {
    return one({"timed ", "refused ", "full ", "gone "}) + one({"out", "of", "Árbol"}) +
           std::to_string(pick(30));
  }
  std::string one(std::vector<std::string> of) { return of[pick(of.size())]; }
  std::size_t pick(std::size_t below) { return random_() % below; }
  std::mt19937 random_;
};

TEST_P(history_search, random_queries_find_what_a_look_at_every_row_finds) {
  const unsigned seed = 20'260'131;
  SCOPED_TRACE(seed);
  random_history random(seed);
  std::vector<run_record> records;
  for (int i = 0; i < 2'000; ++i) records.push_back(random.record(i));
  // Several parts, and a rest that no part covers.
  write({records.begin(), records.begin() + 1'500});
  index(100, 600);
  write({records.begin() + 1'500, records.end()});
  std::vector<found_job> all;
  const auto looked = store::read_and_wait(*db_, [&](store::connection& c) -> result<void> {
    return tables().visit_candidates(c, words_of({}), 1'000'000, [&](const store::row& r) {
      all.push_back(read_row(r));
      read_wide(r, all.back());
      return true;
    });
  });
  ASSERT_TRUE(looked) << looked.error().what();
  ASSERT_EQ(all.size(), records.size());
  std::size_t hits = 0;
  for (int i = 0; i < 300; ++i) {
    // The index is being put in order meanwhile.
    if (i % 10 == 9 && i < 290) index_some(40, 400);
    const auto text = random.query();
    const auto query = parse_query(text, clock_.now_ms());
    ASSERT_TRUE(query) << query.error().what();
    std::vector<std::string> expected;
    for (const auto& one : all) {
      if (matches(*query, one.job, {one.fingerprint, one.ready_at_ms})) {
        expected.push_back(one.job.id);
      }
    }
    hits += expected.size();
    ASSERT_EQ(find(text, i % 2 == 0 ? 100 : 29), expected) << text;
    const auto counted = run(history_->count(*query, 1'000'000));
    ASSERT_TRUE(counted);
    EXPECT_EQ(counted->found, static_cast<std::int64_t>(expected.size())) << text;
    EXPECT_TRUE(counted->exact);
  }
  EXPECT_GT(hits, 1'000U);
}

TEST_P(history_search, the_living_come_first_and_pages_join) {
  for (int i = 0; i < 30; ++i) {
    job_view job;
    job.queue = i % 2 == 0 ? "mail" : "music";
    job.id = "live" + std::to_string(i);
    job.kind = "generation";
    job.state = i % 3 == 0 ? job_state::active : job_state::waiting;
    job.user = i % 5 == 0 ? "eva" : "ana";
    jobs_.put(std::move(job));
  }
  write({ended_run("past")});
  const auto all = find("", 4);
  ASSERT_EQ(all.size(), 31U);
  EXPECT_EQ(all.back(), "past");
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 31U);
  EXPECT_EQ(find("user:eva", 4).size(), 6U);
  EXPECT_EQ(find("state:active queue:mail", 2).size(), 5U);
  EXPECT_THAT(find("id:live7"), ElementsAre("live7"));
  EXPECT_THAT(find("state:completed"), ElementsAre("past"));
}

TEST_P(history_search, a_cursor_belongs_to_its_query) {
  std::vector<run_record> records;
  for (int i = 0; i < 5; ++i) records.push_back(ended_run(std::to_string(i)));
  write(records);
  const auto one = *parse_query("user:ana", 0);
  const auto page = run(history_->search(one, "", 2));
  ASSERT_TRUE(page);
  ASSERT_FALSE(page->next.empty());
  for (const auto& cursor :
       {page->next, page->next + "00", std::string("zz"), std::string(20, '0')}) {
    const auto other = run(history_->search(*parse_query("user:eva", 0), cursor, 2));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().field, "cursor");
  }
  for (const std::size_t limit : {0, 101}) {
    const auto bad = run(history_->search(one, "", limit));
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().field, "limit");
  }
}

TEST_P(history_search, counts_stop_at_their_bound) {
  std::vector<run_record> records;
  for (int i = 0; i < 50; ++i) records.push_back(ended_run(std::to_string(i)));
  write(records);
  const auto bounded = run(history_->count(*parse_query("user:ana", 0), 20));
  ASSERT_TRUE(bounded);
  EXPECT_EQ(bounded->found, 20);
  EXPECT_FALSE(bounded->exact);
}

TEST_P(history_search, a_job_that_ended_again_stands_once_with_all_its_runs) {
  auto first = failed_run("a");
  first.fence = 2;
  auto retried = first;
  retried.ended = false;
  retried.fence = 1;
  retried.state = job_state::delayed;
  auto again = ended_run("a");
  again.fence = 3;
  again.ended_at_ms += 60'000;
  write({retried, first});
  write({again, again});
  EXPECT_THAT(find(""), ElementsAre("a"));
  EXPECT_THAT(find("state:failed"), IsEmpty());
  const auto story = run(history_->show("", "a"));
  ASSERT_TRUE(story) << story.error().what();
  ASSERT_EQ(story->runs.size(), 3U);
  EXPECT_EQ(story->runs[0].fence, 1);
  EXPECT_EQ(story->runs[0].outcome, "failed");
  EXPECT_EQ(story->runs[1].outcome, "failed");
  EXPECT_EQ(story->runs[2].outcome, "completed");
  EXPECT_EQ(story->job.job.state, job_state::completed);
  const auto none = run(history_->show("music", "b"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, errc::not_found);
}

TEST_P(history_search, what_is_told_twice_is_recorded_once) {
  auto retried = failed_run("a");
  retried.ended = false;
  retried.state = job_state::delayed;
  auto dead = failed_run("a");
  dead.fence = 2;
  for (int i = 0; i < 2; ++i) write({retried, dead});
  const auto story = run(history_->show("music", "a"));
  ASSERT_TRUE(story) << story.error().what();
  EXPECT_EQ(story->runs.size(), 2U);
  const auto groups = run(history_->groups("", 10));
  ASSERT_TRUE(groups);
  ASSERT_EQ(groups->groups.size(), 1U);
  EXPECT_EQ(groups->groups[0].letters, 1);
}

TEST_P(history_search, a_text_of_any_bytes_is_recorded) {
  auto odd = failed_run("odd", std::string("no \0 use: \xff\xfe", 12));
  odd.user = std::string("\0\x80", 2);
  write({odd, ended_run("a")});
  for (const bool indexed : {false, true}) {
    if (indexed) index();
    EXPECT_THAT(find("error~\" use:\""), ElementsAre("odd"));
  }
  const auto none = run(history_->show("music", std::string("\0\xff", 2)));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, errc::not_found);
}

}  // namespace

SON1K_HISTORY_CONTRACT(history_search);

}  // namespace son1k::queue::test
