// A ledger in each kind of database, as one or several processes have it open.
#pragma once
#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accounts/quota/ledger.hpp"
#include "store/async.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_folder.hpp"

namespace son1k::accounts::test {

// From account and period to units.
using quota_sums = std::map<std::pair<std::string, std::string>, std::int64_t>;

class quota_contract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;

  store::database& db(std::size_t node = 0) { return *nodes_[node % nodes_.size()]; }
  std::size_t nodes() const { return nodes_.size(); }

  reservation wanted(std::string generation, quota_limits limits = {},
                     std::string account = "ana") const;
  // Each in a commit of its own.
  result<void> reserve(std::string generation, quota_limits limits = {});
  result<void> reserve_again(std::string generation, quota_limits limits = {});
  result<void> commit(std::string generation);
  result<void> refund(std::string generation);

  quota_use use(std::string account = "ana");
  // "reserve", "refund", …, in order.
  std::vector<std::string> kinds_of(const std::string& generation);
  // By the counters, and by the entries of the ledger.
  quota_sums counted();
  quota_sums listed();

  son1k::test::manual_clock clock{1'763'900'000'000};  // 2025-11-23

 private:
  son1k::test::temp_folder folder_;
  std::vector<std::unique_ptr<store::database>> nodes_;
};

}  // namespace son1k::accounts::test
