#include "api/realtime/news_desk.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "unit/live/fake_news.hpp"

namespace son1k::api {
namespace {

using queue::event_type;
using testing::ElementsAre;
using testing::IsEmpty;

struct told_item {
  std::vector<std::string> rooms;
  news_item item;
  std::int64_t progress() const {
    return boost::json::parse(item.data).at("progress").to_number<std::int64_t>();
  }
};

class noting_outlet final : public news_outlet {
 public:
  bool anybody() const override { return true; }
  void tell(std::vector<std::string> rooms, const news_item& item) override {
    told.push_back({std::move(rooms), item});
  }
  void tell_each(const std::vector<std::string>& rooms, const news_item& item) override {
    each.push_back({rooms, item});
  }
  void tell_of_hole() override { ++holes; }
  std::vector<told_item> told, each;
  int holes = 0;
};

class desk_test : public testing::Test {
 protected:
  void hear(const queue::job_event& e) { desk.hear(e, now); }
  std::vector<std::int64_t> percents() const {
    std::vector<std::int64_t> out;
    for (const auto& one : outlet.told)
      if (one.item.name == "generation:progress") out.push_back(one.progress());
    return out;
  }
  result<followed> follow(std::string id, std::optional<std::uint64_t> since,
                          news_mark entered = {}, std::string user = "ana", bool all = false) {
    return desk.follow({"generation", std::move(id), std::move(user), all, since, entered});
  }
  static std::vector<std::uint64_t> ids(const followed& f) {
    std::vector<std::uint64_t> out;
    for (const auto& one : f.missed) out.push_back(one.id);
    return out;
  }

  test::fake_news news;
  noting_outlet outlet;
  news_desk desk{test::fake_news::sources(),
                 [this](auto since, auto limit) { return news.page(since, limit); }, outlet};
  std::int64_t now = 1'000;
};

TEST_F(desk_test, the_owner_and_followers_of_a_thing_are_told) {
  hear(news.progress("a", 10));
  ASSERT_EQ(outlet.told.size(), 1u);
  EXPECT_THAT(outlet.told[0].rooms, ElementsAre("generation:a", "user:ana"));
  EXPECT_EQ(outlet.told[0].item.name, "generation:progress");
  EXPECT_TRUE(outlet.told[0].item.latest);
}

TEST_F(desk_test, progress_is_told_four_times_a_second_and_the_latest_wins) {
  for (int n = 1; n <= 100; ++n) {
    now += 10;
    desk.tick(now);
    hear(news.progress("a", n));
  }
  now += 250;
  desk.tick(now);
  EXPECT_THAT(percents(), ElementsAre(1, 25, 50, 75, 100));
}

TEST_F(desk_test, an_outlet_that_wants_each_progress_is_told_each_in_order) {
  for (int n = 1; n <= 10; ++n) hear(news.progress("a", n));
  hear(news.progress("bob-1", 1));
  ASSERT_EQ(outlet.each.size(), 11u);
  for (std::size_t n = 0; n < 11; ++n) EXPECT_EQ(outlet.each[n].item.id, n + 1);
  EXPECT_THAT(outlet.each[10].rooms, ElementsAre("generation:bob-1", "user:bob", "*"));
}

TEST_F(desk_test, who_may_not_be_told_for_want_of_an_owner_is_told_of_a_hole) {
  hear(news.progress("lost-1", 10));
  EXPECT_EQ(outlet.holes, 1);
  hear(news.progress("none-1", 10));
  EXPECT_EQ(outlet.holes, 1);
  EXPECT_THAT(outlet.each[0].rooms, ElementsAre("generation:lost-1", "*"));
}

TEST_F(desk_test, progress_of_one_thing_does_not_wait_for_that_of_another) {
  hear(news.progress("a", 1));
  hear(news.progress("b", 2));
  EXPECT_THAT(percents(), ElementsAre(1, 2));
}

TEST_F(desk_test, progress_never_goes_back_when_a_run_starts_again) {
  hear(news.progress("a", 60));
  now += 250;
  hear(news.add(event_type::stalled, "a"));
  now += 250;
  hear(news.progress("a", 5));
  now += 250;
  hear(news.progress("a", 70));
  EXPECT_THAT(percents(), ElementsAre(60, 60, 60, 70));
}

TEST_F(desk_test, an_end_is_told_at_once_and_only_once) {
  hear(news.progress("a", 10));
  hear(news.progress("a", 20));
  hear(news.add(event_type::cancelled, "a", 0, "active"));
  hear(news.add(event_type::removed, "a", 0, "active"));
  hear(news.progress("a", 30));
  now += 1'000;
  desk.tick(now);
  ASSERT_EQ(outlet.told.size(), 2u);
  EXPECT_EQ(outlet.told[1].item.name, "generation:error");
}

TEST_F(desk_test, a_finished_thing_that_is_forgotten_has_not_failed) {
  hear(news.add(event_type::completed, "a", 0, "{}"));
  hear(news.add(event_type::removed, "a", 0, "completed"));
  ASSERT_EQ(outlet.told.size(), 1u);
  EXPECT_EQ(outlet.told[0].item.name, "generation:complete");
}

TEST_F(desk_test, a_failed_attempt_that_is_tried_again_is_no_error) {
  hear(news.add(event_type::delayed, "a", 0, "123"));
  ASSERT_EQ(outlet.told.size(), 1u);
  EXPECT_EQ(outlet.told[0].item.name, "generation:progress");
}

TEST_F(desk_test, a_retried_thing_begins_anew) {
  hear(news.progress("a", 60));
  hear(news.add(event_type::failed, "a", 0, "broken"));
  now += 250;
  hear(news.add(event_type::waiting, "a", 0, "failed"));
  now += 250;
  hear(news.progress("a", 5));
  hear(news.add(event_type::failed, "a", 0, "broken"));
  EXPECT_THAT(percents(), ElementsAre(60, 0, 5));
  EXPECT_EQ(outlet.told.back().item.name, "generation:error");
}

TEST_F(desk_test, what_began_anew_while_nobody_listened_is_told) {
  hear(news.add(event_type::failed, "a", 0, "broken"));
  desk.pass_over(news.add(event_type::waiting, "a", 0, "failed"));
  hear(news.progress("a", 5));
  hear(news.add(event_type::failed, "b", 0, "broken"));
  news_mark passed;
  desk.pass_over_to(passed, news.add(event_type::waiting, "b", 0, "failed"));
  desk.pass_over(passed);
  hear(news.progress("b", 7));
  EXPECT_THAT(percents(), ElementsAre(5, 7));
}

TEST_F(desk_test, an_event_that_is_heard_again_is_not_told_again) {
  const auto e = news.progress("a", 10);
  hear(e);
  now += 1'000;
  hear(e);
  EXPECT_EQ(outlet.told.size(), 1u);
}

TEST_F(desk_test, what_was_before_the_start_is_not_news) {
  const auto old = news.progress("a", 10);
  desk.begin();
  hear(old);
  EXPECT_THAT(outlet.told, IsEmpty());
}

TEST_F(desk_test, another_ones_thing_is_as_if_it_were_not_there) {
  const auto foreign = follow("bob-1", std::nullopt);
  const auto none = follow("none", std::nullopt);
  ASSERT_TRUE(foreign.has_error());
  ASSERT_TRUE(none.has_error());
  EXPECT_EQ(foreign.error().code, errc::not_found);
  EXPECT_EQ(foreign.error().what(), none.error().what());
  EXPECT_TRUE(follow("bob-1", std::nullopt, {}, "ana", true).has_value());
}

TEST_F(desk_test, an_unknown_topic_is_refused) {
  const auto got = desk.follow({"weather", "a", "ana", true, std::nullopt, {}});
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error().field, "topic");
}

TEST_F(desk_test, what_came_after_since_is_given_again_in_order) {
  for (int n = 1; n <= 3; ++n) hear(news.progress("a", n * 10));
  hear(news.progress("b", 1));
  hear(news.add(event_type::completed, "a", 0, "{}"));
  const auto got = follow("a", 1);
  ASSERT_TRUE(got.has_value());
  EXPECT_THAT(ids(*got), ElementsAre(2u, 3u, 5u));
  EXPECT_FALSE(got->gap);
  EXPECT_EQ(got->last, 5u);
}

TEST_F(desk_test, a_replay_ends_where_the_client_hears_by_itself) {
  for (int n = 1; n <= 3; ++n) hear(news.progress("a", n * 10));
  const auto entered = desk.mark();
  // Not yet told when the client asks: it will hear it by itself.
  news.progress("a", 40);
  EXPECT_THAT(ids(*follow("a", 1, entered)), ElementsAre(2u, 3u));
}

TEST_F(desk_test, older_progress_is_not_given_after_newer_was_heard) {
  hear(news.progress("a", 10));
  hear(news.progress("a", 20));
  const auto entered = desk.mark();
  now += 1'000;
  hear(news.progress("a", 30));
  EXPECT_THAT(ids(*follow("a", 0, entered)), IsEmpty());
}

TEST_F(desk_test, a_hole_is_said) {
  for (int n = 1; n <= 3; ++n) hear(news.progress("a", n * 10));
  news.forget_until(2);
  const auto got = follow("a", 1);
  EXPECT_TRUE(got->gap);
  EXPECT_THAT(ids(*got), ElementsAre(3u));
}

TEST_F(desk_test, a_hole_is_said_also_where_nothing_has_happened_since) {
  news.forget_until(5);
  const auto got = follow("a", 3);
  EXPECT_TRUE(got->gap);
  EXPECT_THAT(ids(*got), IsEmpty());
}

TEST_F(desk_test, what_is_held_back_is_told_before_a_replay_and_not_in_it_twice) {
  hear(news.progress("a", 10));
  hear(news.progress("a", 20));
  ASSERT_EQ(outlet.told.size(), 1u);
  EXPECT_THAT(ids(*follow("a", 1)), ElementsAre(2u));
  EXPECT_EQ(outlet.told.size(), 2u);
  now += 1'000;
  desk.tick(now);
  EXPECT_EQ(outlet.told.size(), 2u);
}

TEST_F(desk_test, what_is_held_back_is_told_before_a_client_enters) {
  hear(news.progress("a", 10));
  hear(news.progress("a", 20));
  const auto entered = desk.enter("ana");
  EXPECT_EQ(outlet.told.size(), 2u);
  EXPECT_THAT(ids(*follow("a", 0, entered)), ElementsAre(1u, 2u));
  now += 1'000;
  desk.tick(now);
  EXPECT_EQ(outlet.told.size(), 2u);
}

TEST_F(desk_test, one_that_came_back_hears_how_its_things_stand) {
  hear(news.progress("a", 10));
  const auto before = desk.mark();
  hear(news.progress("a", 20));
  hear(news.progress("a", 30));
  hear(news.progress("b", 5));
  hear(news.add(event_type::completed, "b", 0, "{}"));
  hear(news.progress("bob-1", 50));
  hear(news.progress("bob-2", 60));
  EXPECT_THAT(ids(desk.catch_up("ana", {"generation:bob-2"}, before)), ElementsAre(3u, 5u, 7u));
}

TEST_F(desk_test, a_caller_listens_where_it_may) {
  const auto rooms = [this](listening who) { return desk.rooms_of(who).value(); };
  EXPECT_THAT(rooms({"ana", false, false, {}}), ElementsAre("user:ana"));
  EXPECT_THAT(rooms({"ana", false, true, {}}), ElementsAre("user:ana"));
  EXPECT_THAT(rooms({"ana", true, false, {}}), ElementsAre("user:ana"));
  EXPECT_THAT(rooms({"ana", true, true, {}}), ElementsAre("*"));
  EXPECT_THAT(rooms({"ana", false, false, {"generation:a"}}), ElementsAre("generation:a"));
  EXPECT_THAT(rooms({"ana", true, false, {"generation:bob-1"}}), ElementsAre("generation:bob-1"));
  const auto code = [this](listening who) { return desk.rooms_of(who).error().code; };
  EXPECT_EQ(code({"ana", false, true, {"generation:a", "generation:bob-1"}}), errc::not_found);
  EXPECT_EQ(code({"ana", true, true, {"generation:none"}}), errc::not_found);
  EXPECT_EQ(code({"ana", true, true, {"weather:a"}}), errc::validation);
  EXPECT_EQ(code({"ana", true, true, {"generation"}}), errc::validation);
}

TEST_F(desk_test, a_listener_that_comes_back_is_given_each_event_it_may_hear) {
  for (int n = 1; n <= 3; ++n) {
    hear(news.progress("a", n));
    hear(news.progress("bob-1", n));
  }
  news.progress("a", 4);  // not told yet: it follows by itself
  EXPECT_THAT(ids(desk.replay({"ana", false, false, {}}, 1)), ElementsAre(3u, 5u));
  EXPECT_THAT(ids(desk.replay({"bob", false, true, {}}, 1)), ElementsAre(2u, 4u, 6u));
  EXPECT_THAT(ids(desk.replay({"bob", true, true, {}}, 3)), ElementsAre(4u, 5u, 6u));
  EXPECT_THAT(ids(desk.replay({"x", true, false, {"generation:a"}}, 3)), ElementsAre(5u));
  EXPECT_EQ(desk.replay({"ana", false, false, {}}, 1).last, 6u);
  EXPECT_FALSE(desk.replay({"ana", false, false, {}}, 1).gap);
  news.forget_until(4);
  EXPECT_TRUE(desk.replay({"ana", false, false, {}}, 1).gap);
}

TEST_F(desk_test, more_than_is_read_again_is_a_hole) {
  for (std::size_t n = 0; n <= replay_events_max + 1'000; ++n) hear(news.progress("a", 1));
  EXPECT_TRUE(desk.replay({"ana", false, false, {}}, 1).gap);
  EXPECT_FALSE(desk.replay({"ana", false, false, {}}, 2'000).gap);
}

TEST_F(desk_test, many_things_cost_bounded_memory) {
  for (std::size_t n = 0; n < news_topics_max + 100; ++n)
    hear(news.progress("g" + std::to_string(n), 1));
  EXPECT_EQ(outlet.told.size(), news_topics_max + 100);
}

}  // namespace
}  // namespace son1k::api
