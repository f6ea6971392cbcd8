// Pieces, links and listings in each kind of database.
#pragma once
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "api/generation_records.hpp"
#include "store/async.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_folder.hpp"

namespace son1k::api::test {

class pieces_contract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;

  store::database& db(std::size_t node = 0) { return *nodes_[node % nodes_.size()]; }
  std::size_t nodes() const { return nodes_.size(); }

  // Stages with `step(tx)` and commits.
  template <class Step>
  result<void> commit(Step step) {
    store::transaction tx;
    step(tx);
    return store::commit_and_wait(db(), std::move(tx));
  }
  template <class Work>
  auto read(Work work) {
    return store::read_and_wait(db(), std::move(work));
  }

  // A piece with its reservation.
  void add(const std::string& id, const std::string& prompt = "un bolero",
           std::vector<std::string> tags = {});
  // Ends it as its job's end would; `title` and `style` are what was heard.
  void complete(const std::string& id, const std::string& title = "",
                const std::string& style = "");
  void fail(const std::string& id);
  generation_record row(const std::string& id);
  // "reserve", "refund", …, in order.
  std::vector<std::string> charges(const std::string& id);

  static constexpr const char* ana = "ana";
  son1k::test::manual_clock clock{1'763'900'000'000};  // 2025-11-23

 private:
  son1k::test::temp_folder folder_;
  std::vector<std::unique_ptr<store::database>> nodes_;
};

}  // namespace son1k::api::test
