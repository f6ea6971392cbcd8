// Schedules as their callers handle them.
#include "queue/schedules/schedules.hpp"

#include <gtest/gtest.h>

#include "schedule_place.hpp"

namespace son1k::queue::test {
namespace {

class schedule_book : public testing::Test {
 protected:
  error refused(schedule_spec spec) {
    const auto made = place.run(place.book().create(std::move(spec)));
    return made ? error() : made.error();
  }
  schedule_place place;
};

TEST_F(schedule_book, what_is_created_reads_back_whole) {
  auto spec = place.by_cron("nightly", "0 3 * * *", "America/Santiago");
  spec.data = R"({"a":[1,2]})";
  spec.user = "ana";
  spec.options.priority = 5;
  spec.options.group = "g";
  spec.options.attempts = 1;
  spec.options.timeout_ms = 5'000;
  spec.options.dedup.id = "d";
  spec.start_at_ms = midnight + hour;
  spec.end_at_ms = midnight + 1'000 * hour;
  spec.limit = 10;
  spec.missed = missed_rule::once;
  spec.overlap = overlap_rule::cancel_running;
  place.create(spec);
  const auto got = place.get("nightly");
  EXPECT_EQ(got.spec.cron, "0 3 * * *");
  EXPECT_EQ(got.spec.zone, "America/Santiago");
  EXPECT_EQ(got.spec.data, spec.data);
  EXPECT_EQ(got.spec.user, "ana");
  EXPECT_EQ(got.spec.options.priority, 5);
  EXPECT_EQ(got.spec.options.group, "g");
  EXPECT_EQ(got.spec.options.attempts, 1);
  EXPECT_EQ(got.spec.options.timeout_ms, 5'000);
  EXPECT_EQ(got.spec.options.dedup.id, "d");
  EXPECT_EQ(got.spec.start_at_ms, spec.start_at_ms);
  EXPECT_EQ(got.spec.end_at_ms, spec.end_at_ms);
  EXPECT_EQ(got.spec.limit, 10);
  EXPECT_EQ(got.spec.missed, missed_rule::once);
  EXPECT_EQ(got.spec.overlap, overlap_rule::cancel_running);
  EXPECT_EQ(got.next_run_ms, midnight + 6 * hour);  // 03:00 in Santiago, summer time
  EXPECT_EQ(got.created_at_ms, midnight);
  EXPECT_FALSE(got.last_job);
}

TEST_F(schedule_book, a_wrong_schedule_is_refused_by_the_name_of_the_field) {
  struct row {
    const char* field;
    std::function<void(schedule_spec&)> spoil;
  };
  const row rows[] = {
      {"id", [](auto& s) { s.id = ""; }},
      {"id", [](auto& s) { s.id = "a:b"; }},
      {"id", [](auto& s) { s.id = std::string(65, 'a'); }},
      {"id", [](auto& s) { s.id = "ñ"; }},
      {"queue", [](auto& s) { s.queue = "a b"; }},
      {"kind", [](auto& s) { s.kind = ""; }},
      {"data", [](auto& s) { s.data = "{"; }},
      {"options.priority", [](auto& s) { s.options.priority = -1; }},
      {"options.attempts", [](auto& s) { s.options.attempts = 0; }},
      {"options.delay", [](auto& s) { s.options.delay_ms = 1; }},
      {"options.traceparent", [](auto& s) { s.options.traceparent = "00"; }},
      {"cron", [](auto& s) { s.cron = ""; }},
      {"cron", [](auto& s) { s.every_ms = 1'000; }},
      {"cron", [](auto& s) { s.cron = "61 * * * *"; }},
      {"cron", [](auto& s) { s.cron = "0 0 30 2 *"; }},
      {"zone", [](auto& s) { s.zone = "Mars"; }},
      {"every", [](auto& s) { s.cron = "", s.every_ms = 999; }},
      {"startAt", [](auto& s) { s.start_at_ms = -1; }},
      {"startAt", [](auto& s) { s.start_at_ms = time_ms_max + 1; }},
      {"endAt", [](auto& s) { s.start_at_ms = s.end_at_ms = midnight + hour; }},
      {"endAt", [](auto& s) { s.end_at_ms = midnight + 1; }},
      {"limit", [](auto& s) { s.limit = -1; }},
  };
  for (const auto& row : rows) {
    auto spec = place.by_cron("s", "* * * * *");
    row.spoil(spec);
    const auto why = refused(spec);
    EXPECT_EQ(why.code, errc::validation) << row.field;
    EXPECT_EQ(why.field, row.field) << why.what();
    EXPECT_FALSE(why.message.es.empty()) << row.field;
  }
  EXPECT_TRUE(place.run(place.book().list("", 10)).value().empty());
}

TEST_F(schedule_book, an_id_is_used_once) {
  place.create(place.every("s", minute));
  EXPECT_EQ(refused(place.every("s", hour)).code, errc::conflict);
  EXPECT_EQ(place.get("s").spec.every_ms, minute);
}

TEST_F(schedule_book, an_edit_needs_the_version_it_was_made_from) {
  place.create(place.every("s", minute));
  const auto edited = place.run(place.book().replace(place.every("s", hour), 1)).value();
  EXPECT_EQ(edited.version, 2);
  EXPECT_EQ(edited.next_run_ms, midnight + hour);
  const auto late = place.run(place.book().replace(place.every("s", 2 * hour), 1));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, errc::conflict);
  EXPECT_EQ(late.error().field, "version");
  EXPECT_EQ(place.get("s").spec.every_ms, hour);
  EXPECT_TRUE(place.run(place.book().replace(place.every("s", 2 * hour), std::nullopt)));
  const auto missing = place.run(place.book().replace(place.every("t", hour), std::nullopt));
  EXPECT_EQ(missing.error().code, errc::not_found);
}

TEST_F(schedule_book, pausing_twice_is_pausing_once) {
  place.create(place.every("s", minute));
  EXPECT_EQ(place.run(place.book().pause("s", true)).value().version, 2);
  EXPECT_EQ(place.run(place.book().pause("s", true)).value().version, 2);
  EXPECT_FALSE(place.run(place.book().pause("s", false)).value().spec.paused);
  EXPECT_EQ(place.run(place.book().pause("none", true)).error().code, errc::not_found);
}

TEST_F(schedule_book, the_programs_own_schedules_are_made_once_edited_and_not_removed) {
  EXPECT_TRUE(place.book().ensure(place.every("system.tidy", hour)));
  EXPECT_TRUE(place.run(place.book().replace(place.every("system.tidy", 2 * hour), 1)));
  EXPECT_TRUE(place.book().ensure(place.every("system.tidy", hour)));
  const auto got = place.get("system.tidy");
  EXPECT_TRUE(got.system);
  EXPECT_EQ(got.spec.every_ms, 2 * hour);
  EXPECT_EQ(place.run(place.book().remove("system.tidy")).error().code, errc::forbidden);
  EXPECT_TRUE(place.get("system.tidy").system);
}

TEST_F(schedule_book, what_is_removed_is_gone) {
  place.create(place.every("s", minute));
  EXPECT_TRUE(place.run(place.book().remove("s")));
  EXPECT_EQ(place.run(place.book().get("s")).error().code, errc::not_found);
  EXPECT_EQ(place.run(place.book().remove("s")).error().code, errc::not_found);
}

TEST_F(schedule_book, lists_come_in_pages_by_id) {
  for (const char* id : {"b", "a", "d", "c"}) place.create(place.every(id, minute));
  const auto ids = [&](const std::string& after, std::size_t limit) {
    std::string out;
    for (const auto& one : place.run(place.book().list(after, limit)).value()) out += one.spec.id;
    return out;
  };
  EXPECT_EQ(ids("", 3), "abc");
  EXPECT_EQ(ids("c", 3), "d");
  EXPECT_FALSE(place.run(place.book().list("", 0)));
  EXPECT_FALSE(place.run(place.book().list("", 101)));
}

TEST_F(schedule_book, a_run_by_hand_is_besides_the_others) {
  auto spec = place.every("s", hour);
  spec.limit = 1;
  place.create(spec);
  const auto added = place.run(place.book().run_now("s")).value();
  EXPECT_EQ(added.job.id, "run:s:" + std::to_string(midnight));
  EXPECT_EQ(place.waiting(), 1);
  const auto now = place.get("s");
  EXPECT_EQ(now.runs, 0);
  EXPECT_EQ(now.next_run_ms, midnight + hour);
  EXPECT_EQ(now.last_job, added.job);
  EXPECT_EQ(place.run(place.book().run_now("none")).error().code, errc::not_found);
}

TEST_F(schedule_book, a_preview_tells_the_next_runs_within_end_and_limit) {
  auto spec = place.by_cron("s", "0 * * * *");
  const std::vector<std::int64_t> two{midnight + hour, midnight + 2 * hour};
  EXPECT_EQ(place.book().preview(spec, 2).value(), two);
  EXPECT_EQ(place.book().preview(spec, 1'000).value().size(), preview_max);
  spec.limit = 2;
  EXPECT_EQ(place.book().preview(spec, 10).value(), two);
  spec.limit = 0;
  spec.end_at_ms = midnight + 2 * hour;
  EXPECT_EQ(place.book().preview(spec, 10).value(), two);
  place.create(spec);
  EXPECT_EQ(place.run(place.book().preview("s", 10)).value(), two);
  EXPECT_EQ(place.run(place.book().preview("none", 10)).error().code, errc::not_found);
  EXPECT_EQ(place.book().preview(place.by_cron("s", "x"), 1).error().field, "cron");
}

}  // namespace
}  // namespace son1k::queue::test
