// What the owner of a piece does to it, in either database.
#include "api/piece_edits.hpp"
#include "api/piece_search.hpp"
#include "contract/pieces/pieces_place.hpp"

namespace son1k::api::test {
namespace {

using store::transaction;
using testing::ElementsAre;
using testing::IsEmpty;

class piece_edits : public pieces_contract {
 protected:
  result<void> again(const std::string& id, accounts::quota_limits limits = {},
                     const std::string& account = ana) {
    accounts::reservation charge;
    charge.account = account;
    charge.generation = id;
    charge.limits = limits;
    charge.now_ms = clock.now_ms();
    return commit([&](transaction& tx) { stage_piece_again(tx, charge); });
  }
  result<void> edit(const std::string& id, piece_edit to, std::int64_t version = 0,
                    const std::string& owner = ana) {
    return commit([&](transaction& tx) { stage_piece_edit(tx, owner, id, version, to); });
  }
  std::vector<std::string> found(history_query query) {
    query.owner = ana;
    const auto rows = read([&](store::connection& c) { return list_generations(c, query); });
    EXPECT_TRUE(rows);
    std::vector<std::string> out;
    for (const auto& one : rows.value()) out.push_back(one.id);
    query.offset = 0;
    const auto total = read([&](store::connection& c) { return count_generations(c, query); });
    EXPECT_GE(total.value(), static_cast<std::int64_t>(out.size()));
    return out;
  }
};

TEST_P(piece_edits, a_failed_piece_waits_again_and_is_charged_once) {
  add("a");
  fail("a");
  ASSERT_TRUE(again("a"));
  EXPECT_EQ(row("a").status, "pending");
  EXPECT_EQ(row("a").error_code, "");
  EXPECT_THAT(charges("a"), ElementsAre("reserve", "refund", "reserve"));
  const auto twice = again("a");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, errc::conflict);
  EXPECT_THAT(charges("a"), ElementsAre("reserve", "refund", "reserve"));
  fail("a");
  EXPECT_THAT(charges("a"), ElementsAre("reserve", "refund", "reserve", "refund"));
}

TEST_P(piece_edits, a_piece_that_is_finished_or_waits_is_not_made_again) {
  add("waits");
  add("done");
  complete("done");
  for (const auto* id : {"waits", "done"}) {
    const auto refused = again(id);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::conflict) << id;
  }
  EXPECT_EQ(again("nothing").error().code, errc::not_found);
  fail("waits");
  EXPECT_EQ(again("waits", {}, "eve").error().code, errc::not_found) << "somebody else's";
}

TEST_P(piece_edits, beyond_the_quota_a_piece_stays_as_it_ended) {
  add("a");
  fail("a");
  add("b");
  const auto refused = again("a", {1, 0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::quota_exceeded);
  EXPECT_EQ(row("a").status, "failed");
  EXPECT_THAT(charges("a"), ElementsAre("reserve", "refund"));
}

TEST_P(piece_edits, an_edit_changes_what_it_names_and_counts_versions) {
  add("a", "un bolero", {"early"});
  EXPECT_THAT(row("a").tags, ElementsAre("early"));
  piece_edit to;
  to.title = "Noche";
  ASSERT_TRUE(edit("a", to, 1));
  EXPECT_EQ(row("a").title, "Noche");
  EXPECT_THAT(row("a").tags, ElementsAre("early"));
  EXPECT_EQ(row("a").version, 2);
  piece_edit more;
  more.tags = std::vector<std::string>{"uno", "dos tres"};
  more.favourite = true;
  const auto stale = edit("a", more, 1);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, errc::conflict);
  EXPECT_EQ(stale.error().field, "If-Match");
  ASSERT_TRUE(edit("a", more, 2));
  EXPECT_THAT(row("a").tags, ElementsAre("uno", "dos tres"));
  EXPECT_TRUE(row("a").favourite);
  EXPECT_EQ(row("a").title, "Noche");
  more.tags = std::vector<std::string>();
  more.favourite = false;
  ASSERT_TRUE(edit("a", more));
  EXPECT_THAT(row("a").tags, IsEmpty());
  EXPECT_FALSE(row("a").favourite);
  EXPECT_EQ(edit("a", more, 0, "eve").error().code, errc::not_found);
}

TEST_P(piece_edits, a_deleted_piece_is_gone_and_given_back_if_it_had_not_ended) {
  add("waits");
  add("done");
  complete("done");
  for (const auto* id : {"waits", "done"}) {
    ASSERT_TRUE(commit([&](transaction& tx) { stage_piece_delete(tx, ana, id, clock.now_ms()); }));
    const auto looked = read([&](store::connection& c) { return find_generation(c, ana, id); });
    EXPECT_EQ(looked.error().code, errc::not_found) << id;
  }
  EXPECT_THAT(charges("waits"), ElementsAre("reserve", "refund"));
  EXPECT_THAT(charges("done"), ElementsAre("reserve", "commit"));
  const auto left = [&] {
    return read([](store::connection& c) { return deleted_pieces(c, 10); }).value();
  };
  EXPECT_THAT(left(), ElementsAre("done", "waits"));
  const auto forget = [&](std::int64_t until) {
    return commit([&](transaction& tx) { stage_deleted_forgotten(tx, {"waits"}, until); });
  };
  ASSERT_TRUE(forget(clock.now_ms()));
  EXPECT_THAT(left(), ElementsAre("done", "waits")) << "a late run may still write";
  ASSERT_TRUE(forget(clock.now_ms() + 1));
  EXPECT_THAT(left(), ElementsAre("done"));
  EXPECT_EQ(commit([&](transaction& tx) { stage_piece_delete(tx, ana, "done", 1); }).error().code,
            errc::not_found);
}

TEST_P(piece_edits, the_job_of_a_piece_is_told_as_it_was_added) {
  add("a");
  const auto job = read([](store::connection& c) { return job_of_piece(c, ana, "a"); });
  ASSERT_TRUE(job);
  EXPECT_EQ(job->id, "a");
  EXPECT_EQ(job->user, ana);
  EXPECT_EQ(job->data, row("a").request);
  EXPECT_EQ(read([](store::connection& c) { return job_of_piece(c, "eve", "a"); }).error().code,
            errc::not_found);
}

TEST_P(piece_edits, a_search_finds_by_words_tags_style_and_favourites) {
  add("1", "quiet piano", {"Sleep"});
  add("2", "loud drums");
  add("3", "piano at night", {"sleepless"});
  complete("2", "Thunder", "rock");
  complete("3", "Lluvia", "lofi");
  piece_edit loved;
  loved.favourite = true;
  ASSERT_TRUE(edit("2", loved));
  const auto by = [&](auto set) {
    history_query query;
    set(query);
    return found(query);
  };
  EXPECT_THAT(by([](auto& q) { q.search = "PIANO"; }), ElementsAre("3", "1"));
  EXPECT_THAT(by([](auto& q) { q.search = "thund"; }), ElementsAre("2")) << "of the title";
  EXPECT_THAT(by([](auto& q) { q.search = "sleep"; }), ElementsAre("3", "1")) << "of a tag";
  EXPECT_THAT(by([](auto& q) { q.tag = "sleep"; }), ElementsAre("1")) << "a whole tag";
  EXPECT_THAT(by([](auto& q) { q.tag = "%"; }), IsEmpty());
  EXPECT_THAT(by([](auto& q) { q.style = "LoFi"; }), ElementsAre("3"));
  EXPECT_THAT(by([](auto& q) { q.favourites = true; }), ElementsAre("2"));
  EXPECT_THAT(by([](auto& q) { q.status = "completed", q.search = "i"; }), ElementsAre("3"));
  EXPECT_THAT(by([](auto& q) { q.order = history_order::oldest; }), ElementsAre("1", "2", "3"));
  EXPECT_THAT(by([](auto& q) { q.order = history_order::oldest, q.before = "1"; }),
              ElementsAre("2", "3"));
  EXPECT_THAT(by([](auto& q) { q.order = history_order::title; }), ElementsAre("1", "3", "2"));
  EXPECT_THAT(by([](auto& q) { q.order = history_order::title, q.offset = 2; }), ElementsAre("2"));
}

INSTANTIATE_TEST_SUITE_P(, piece_edits, testing::Values("sqlite", "postgres"),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace son1k::api::test
