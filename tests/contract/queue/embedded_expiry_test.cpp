// Jobs of the embedded queue whose time comes while a commit has them.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

class expiry_under_way : public queue_contract {
 protected:
  // What the next claim says of a job that expired while the edit was being committed, and that
  // somebody tried to claim meanwhile.
  std::string verdict_after(job_edit::what kind, bool refused) {
    auto one = spec("a");
    one.options.expires_in_ms = 100;
    EXPECT_TRUE(add(one));
    job_edit how;
    how.kind = kind;
    how.priority = 7;
    bool tried = false;
    how.settle = [&](const job_view&, store::transaction& tx) {
      tx.stage([&](store::connection&) -> result<void> {
        if (!std::exchange(tried, true)) {
          clock().advance(100);
          EXPECT_TRUE(claim().empty());
        }
        if (refused) return error(errc::conflict, "no");
        return {};
      });
    };
    std::vector<std::string> ids{"a"};
    EXPECT_EQ(run(q().edit("songs", std::move(ids), how)).has_value(), !refused);
    const auto got = claim();
    EXPECT_EQ(got.size(), 1u);
    return got.empty() || !got[0].verdict ? "none" : got[0].verdict->code;
  }
};

TEST_P(expiry_under_way, an_edit_does_not_make_it_run) {
  EXPECT_EQ(verdict_after(job_edit::what::priority, false), "expired");
}

TEST_P(expiry_under_way, an_edit_that_is_refused_does_not_either) {
  EXPECT_EQ(verdict_after(job_edit::what::to_front, true), "expired");
}

INSTANTIATE_TEST_SUITE_P(, expiry_under_way, testing::Values(backends().back()),
                         [](const auto& entry) { return entry.param.name; });

}  // namespace
}  // namespace son1k::queue::test
