// Share links, in either database.
#include "api/piece_edits.hpp"
#include "api/share_records.hpp"
#include "contract/pieces/pieces_place.hpp"

namespace son1k::api::test {
namespace {

using store::transaction;
using testing::ElementsAre;

class share_links : public pieces_contract {
 protected:
  result<void> make(const std::string& id, const std::string& piece, std::int64_t expires = 0,
                    const std::string& owner = ana) {
    share link;
    link.id = id;
    link.owner = owner;
    link.piece = piece;
    link.digest = "digest of " + id;
    link.ending = "last";
    link.created_at_ms = clock.now_ms();
    link.expires_at_ms = expires;
    return commit([&](transaction& tx) { stage_share(tx, link); });
  }
  result<shared_piece> find(const std::string& id) {
    return read(
        [&](store::connection& c) { return find_shared(c, "digest of " + id, clock.now_ms()); });
  }
  std::vector<std::string> listed(const std::string& piece) {
    std::vector<std::string> out;
    for (const auto& one :
         read([&](store::connection& c) { return list_shares(c, ana, piece); }).value())
      out.push_back(one.id);
    return out;
  }
};

TEST_P(share_links, a_link_leads_to_its_piece_until_it_is_revoked) {
  add("a");
  complete("a", "Noche");
  ASSERT_TRUE(make("1", "a"));
  ASSERT_TRUE(make("2", "a"));
  EXPECT_EQ(find("1")->row.title, "Noche");
  EXPECT_THAT(listed("a"), ElementsAre("2", "1"));
  const auto revoke = [&](const std::string& owner, const std::string& piece) {
    return commit([&](transaction& tx) { stage_share_revoked(tx, owner, piece, "1"); });
  };
  EXPECT_EQ(revoke("eve", "a").error().code, errc::not_found);
  EXPECT_EQ(revoke(ana, "another").error().code, errc::not_found);
  ASSERT_TRUE(revoke(ana, "a"));
  EXPECT_EQ(find("1").error().code, errc::not_found);
  EXPECT_TRUE(find("2"));
  EXPECT_EQ(find("3").error().code, errc::not_found);
}

TEST_P(share_links, a_link_ends_when_it_expires_and_is_forgotten) {
  add("a");
  complete("a");
  ASSERT_TRUE(make("1", "a", clock.now_ms() + 10));
  ASSERT_TRUE(make("2", "a"));
  EXPECT_TRUE(find("1"));
  clock.advance(11);
  EXPECT_EQ(find("1").error().code, errc::not_found);
  std::int64_t gone = 0;
  ASSERT_TRUE(commit([&](transaction& tx) {
    tx.stage([&](store::connection& c) -> result<void> {
      auto forgotten = forget_shares(c, clock.now_ms(), 10);
      if (!forgotten) return forgotten.error();
      gone = *forgotten;
      return {};
    });
  }));
  EXPECT_EQ(gone, 1);
  EXPECT_THAT(listed("a"), ElementsAre("2"));
}

TEST_P(share_links, only_a_finished_piece_of_ones_own_is_shared) {
  add("a");
  EXPECT_EQ(make("1", "a").error().code, errc::conflict);
  complete("a");
  EXPECT_EQ(make("1", "a", 0, "eve").error().code, errc::not_found);
  EXPECT_TRUE(make("1", "a"));
}

TEST_P(share_links, links_go_with_their_piece) {
  add("a");
  complete("a");
  ASSERT_TRUE(make("1", "a"));
  ASSERT_TRUE(commit([&](transaction& tx) { stage_piece_delete(tx, ana, "a", 1); }));
  EXPECT_EQ(find("1").error().code, errc::not_found);
  EXPECT_TRUE(listed("a").empty());
}

TEST_P(share_links, a_piece_has_so_many_links_and_no_more) {
  add("a");
  complete("a");
  for (std::int64_t n = 0; n < shares_of_a_piece_max; ++n)
    ASSERT_TRUE(make(std::to_string(n), "a"));
  EXPECT_EQ(make("more", "a").error().code, errc::conflict);
}

INSTANTIATE_TEST_SUITE_P(, share_links, testing::Values("sqlite", "postgres"),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace son1k::api::test
