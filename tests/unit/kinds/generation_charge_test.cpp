// What a piece was charged is settled with its row, by whatever way it ends or runs again.
#include <gmock/gmock.h>

#include "accounts/quota/ledger.hpp"
#include "kinds/generation/generation_kind.hpp"
#include "unit/queue/schedules/schedule_place.hpp"

namespace son1k::kinds {
namespace {

using queue::job_state;
using testing::ElementsAre;

class generation_charge : public testing::Test {
 protected:
  void SetUp() override {
    store::transaction tx;
    tx.stage([](store::connection& db) -> result<void> {
      static const store::statement insert(
          "insert into generation (id, owner, prompt, request, created_at_ms) "
          "values ('g', 'ana', 'p', '{}', 1)");
      return db.send(insert, {});
    });
    accounts::reservation charge;
    charge.account = "ana";
    charge.generation = "g";
    charge.now_ms = 1'763'900'000'000;
    accounts::stage_reserve(tx, charge);
    store::commit_and_wait(place.db(), std::move(tx)).value();
  }
  void settle(job_state state, std::string code = {}, std::int64_t starts = 1) {
    queue::job_view view;
    view.id = "g";
    view.user = "ana";
    view.state = state;
    view.starts = starts;
    view.result = "{}";
    if (!code.empty()) view.error = queue::job_error{code, "why", false};
    store::transaction tx;
    kind->settle(view, tx);
    store::commit_and_wait(place.db(), std::move(tx)).value();
  }
  std::vector<std::string> entries() {
    auto look = [](store::connection& db) { return accounts::list_entries(db, "ana", {}, 100); };
    std::vector<std::string> out;
    for (auto& one : store::read_and_wait(place.db(), look).value())
      out.insert(out.begin(), one.kind);
    return out;
  }
  // Of whichever month.
  std::int64_t used() {
    std::int64_t out = 0;
    auto look = [&out](store::connection& db) {
      static const store::statement sum("select used from quota_use where length(period) = 7");
      return db.query(sum, {}, [&out](const store::row& r) {
        out += r.integer(0);
        return true;
      });
    };
    store::read_and_wait(place.db(), look).value();
    return out;
  }

  queue::test::schedule_place place;
  std::shared_ptr<queue::job_kind> kind = make_generation_kind({"/nowhere", {}});
};

TEST_F(generation_charge, a_completed_piece_is_paid_for) {
  settle(job_state::completed);
  settle(job_state::completed);
  EXPECT_THAT(entries(), ElementsAre("reserve", "commit"));
  EXPECT_EQ(used(), 1);
}

TEST_F(generation_charge, a_failed_or_cancelled_one_is_given_back_once) {
  settle(job_state::failed, "internal");
  settle(job_state::failed, "cancelled");
  EXPECT_THAT(entries(), ElementsAre("reserve", "refund"));
  EXPECT_EQ(used(), 0);
}

TEST_F(generation_charge, one_that_runs_again_is_charged_again_only_after_a_refund) {
  settle(job_state::waiting);
  EXPECT_THAT(entries(), ElementsAre("reserve")) << "it has not ended";
  settle(job_state::failed, "cancelled");
  settle(job_state::waiting);
  EXPECT_THAT(entries(), ElementsAre("reserve", "refund", "reserve"));
  settle(job_state::completed);
  settle(job_state::waiting);
  settle(job_state::failed, "internal");
  EXPECT_THAT(entries(), ElementsAre("reserve", "refund", "reserve", "commit"));
  EXPECT_EQ(used(), 1);
}

TEST_F(generation_charge, an_end_of_a_start_that_is_no_longer_the_last_settles_nothing) {
  store::transaction tx;
  tx.stage([](store::connection& db) -> result<void> {
    static const store::statement later("update generation set fence = 2 where id = 'g'");
    return db.send(later, {});
  });
  store::commit_and_wait(place.db(), std::move(tx)).value();
  settle(job_state::completed);
  settle(job_state::failed, "internal");
  EXPECT_THAT(entries(), ElementsAre("reserve"));
}

}  // namespace
}  // namespace son1k::kinds
