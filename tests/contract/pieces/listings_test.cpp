// Listings and their ledger, in either database: a piece is listed once and sold once.
#include <latch>
#include <map>
#include <set>
#include <thread>

#include "api/listing_records.hpp"
#include "api/piece_edits.hpp"
#include "contract/pieces/pieces_place.hpp"

namespace son1k::api::test {
namespace {

using store::transaction;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int buyers = 64;

class listings : public pieces_contract {
 protected:
  result<void> list(const std::string& id, const std::string& piece, std::int64_t price = 500,
                    const std::string& seller = ana) {
    listing made;
    made.id = id;
    made.piece = piece;
    made.seller = made.holder = seller;
    made.title = "Noche de " + piece;
    made.description = "an evening";
    made.price_minor = price;
    made.currency = "EUR";
    made.style = "lofi";
    made.facts = "{}";
    made.certificate = "{}";
    made.created_at_ms = clock.now_ms();
    return commit([&](transaction& tx) { stage_listing(tx, made); });
  }
  void offer(const std::string& id, const std::string& piece, std::int64_t price = 500) {
    add(piece);
    complete(piece);
    const auto done = list(id, piece, price);
    ASSERT_TRUE(done) << done.error().what();
  }
  hand_over to(const std::string& id, const std::string& buyer, std::int64_t version = 0) {
    return {id, buyer, buyer, version, clock.now_ms()};
  }
  result<void> buy(const std::string& id, const std::string& buyer, std::int64_t version = 0) {
    return commit([&](transaction& tx) { stage_listing_sold(tx, to(id, buyer, version)); });
  }
  result<listing> find(const std::string& id) {
    return read([&](store::connection& c) { return find_listing(c, id); });
  }
  std::vector<std::string> kinds(const std::string& id) {
    std::vector<std::string> out;
    for (const auto& one :
         read([&](store::connection& c) { return list_listing_entries(c, id); }).value())
      out.push_back(one.kind);
    return out;
  }
  std::vector<std::string> found(const listing_query& query) {
    std::vector<std::string> out;
    for (const auto& one :
         read([&](store::connection& c) { return list_listings(c, query); }).value())
      out.push_back(one.id);
    return out;
  }
};

TEST_P(listings, a_finished_piece_of_ones_own_is_listed_once) {
  add("p");
  EXPECT_EQ(list("1", "p").error().code, errc::conflict) << "not finished";
  complete("p");
  EXPECT_EQ(list("1", "p", 1, "eve").error().code, errc::not_found) << "somebody else's";
  ASSERT_TRUE(list("1", "p"));
  EXPECT_EQ(list("2", "p").error().code, errc::conflict) << "listed already";
  EXPECT_EQ(find("1")->status, "listed");
  EXPECT_THAT(kinds("1"), ElementsAre("listed"));
}

TEST_P(listings, of_64_buyers_at_once_one_gets_it) {
  offer("1", "p");
  std::latch together(buyers);
  std::vector<result<void>> ended(buyers, result<void>());
  std::vector<std::thread> threads;
  for (int n = 0; n < buyers; ++n) {
    threads.emplace_back([&, n] {
      transaction tx;
      stage_listing_sold(tx, to("1", "buyer " + std::to_string(n)));
      together.arrive_and_wait();
      ended[static_cast<std::size_t>(n)] =
          store::commit_and_wait(db(static_cast<std::size_t>(n)), std::move(tx));
    });
  }
  for (auto& one : threads) one.join();
  std::vector<int> winners;
  for (int n = 0; n < buyers; ++n) {
    const auto& one = ended[static_cast<std::size_t>(n)];
    if (one) {
      winners.push_back(n);
    } else {
      const auto fault = one.error();
      EXPECT_EQ(fault.code, errc::conflict) << fault.what();
    }
  }
  ASSERT_EQ(winners.size(), 1U);
  EXPECT_EQ(find("1")->holder, "buyer " + std::to_string(winners.front()));
  EXPECT_EQ(find("1")->status, "sold");
  EXPECT_THAT(kinds("1"), ElementsAre("listed", "sold"));
}

TEST_P(listings, the_seller_buys_nothing_and_a_buyer_what_they_saw) {
  offer("1", "p");
  EXPECT_EQ(buy("1", ana).error().code, errc::conflict);
  EXPECT_EQ(buy("none", "eve").error().code, errc::not_found);
  listing_edit dearer;
  dearer.price_minor = 900;
  ASSERT_TRUE(commit(
      [&](transaction& tx) { stage_listing_edit(tx, "1", ana, 1, dearer, clock.now_ms()); }));
  const auto stale = buy("1", "eve", 1);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().field, "If-Match");
  ASSERT_TRUE(buy("1", "eve", 2));
  const auto entries = read([](store::connection& c) { return list_listing_entries(c, "1"); });
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ(entries->back().price_minor, 900);
  EXPECT_EQ(entries->back().from, ana);
  EXPECT_EQ(entries->back().to, "eve");
}

TEST_P(listings, what_is_sold_changes_no_more) {
  offer("1", "p");
  ASSERT_TRUE(buy("1", "eve"));
  listing_edit to;
  to.title = "Other";
  const auto edited =
      commit([&](transaction& tx) { stage_listing_edit(tx, "1", ana, 0, to, clock.now_ms()); });
  EXPECT_EQ(edited.error().code, errc::conflict);
  const auto gone =
      commit([&](transaction& tx) { stage_listing_withdrawn(tx, "1", ana, clock.now_ms()); });
  EXPECT_EQ(gone.error().code, errc::conflict);
  const auto deleted =
      commit([&](transaction& tx) { stage_piece_delete(tx, ana, "p", clock.now_ms()); });
  EXPECT_EQ(deleted.error().code, errc::conflict);
  EXPECT_EQ(buy("1", "bob").error().code, errc::conflict);
  EXPECT_THAT(kinds("1"), ElementsAre("listed", "sold"));
}

TEST_P(listings, a_listing_is_withdrawn_and_its_ledger_stays) {
  offer("1", "p");
  const auto withdraw = [&](const std::string& seller) {
    return commit(
        [&](transaction& tx) { stage_listing_withdrawn(tx, "1", seller, clock.now_ms()); });
  };
  EXPECT_EQ(withdraw("eve").error().code, errc::not_found);
  ASSERT_TRUE(withdraw(ana));
  EXPECT_EQ(find("1").error().code, errc::not_found);
  EXPECT_THAT(kinds("1"), ElementsAre("listed", "withdrawn"));
  EXPECT_TRUE(list("2", "p")) << "and may be listed again";
}

TEST_P(listings, only_the_seller_gives_it_to_somebody) {
  offer("1", "p");
  const auto give = [&](const std::string& by, const std::string& whom) {
    return commit([&](transaction& tx) {
      stage_listing_transferred(tx, {"1", by, whom, 0, clock.now_ms()});
    });
  };
  EXPECT_EQ(give("eve", "eve").error().code, errc::not_found);
  EXPECT_EQ(give(ana, ana).error().code, errc::conflict);
  ASSERT_TRUE(give(ana, "bob"));
  EXPECT_EQ(find("1")->holder, "bob");
  EXPECT_THAT(kinds("1"), ElementsAre("listed", "transferred"));
}

TEST_P(listings, the_market_is_searched_in_pages) {
  offer("1", "p1", 300);
  offer("2", "p2", 100);
  offer("3", "p3", 200);
  offer("4", "p4", 200);
  ASSERT_TRUE(buy("1", "eve"));
  listing_query query;
  EXPECT_THAT(found(query), ElementsAre("4", "3", "2"));
  query.order = listing_order::cheapest;
  query.limit = 2;
  EXPECT_THAT(found(query), ElementsAre("2", "3"));
  query.after_price = 200;
  query.after_id = "3";
  EXPECT_THAT(found(query), ElementsAre("4"));
  query = {};
  query.order = listing_order::dearest;
  query.after_price = 200;
  query.after_id = "4";
  EXPECT_THAT(found(query), ElementsAre("3", "2"));
  query = {};
  query.status = "sold";
  query.holder = "eve";
  EXPECT_THAT(found(query), ElementsAre("1"));
  query = {};
  query.price_min = 150;
  query.price_max = 250;
  EXPECT_THAT(found(query), ElementsAre("4", "3"));
  query = {};
  query.search = "DE P3";
  EXPECT_THAT(found(query), ElementsAre("3"));
  query.search = "%";
  EXPECT_THAT(found(query), IsEmpty());
  query = {};
  query.currency = "USD";
  EXPECT_THAT(found(query), IsEmpty());
  query = {};
  query.seller = "eve";
  EXPECT_THAT(found(query), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, listings, testing::Values("sqlite", "postgres"),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace son1k::api::test
