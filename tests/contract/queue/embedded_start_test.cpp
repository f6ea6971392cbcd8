// When the embedded queue lets a job start: once it is safe from a power cut, or, where the run
// changes nothing outside of the database, as soon as it is written.
#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "queue/embedded/embedded_queue.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_folder.hpp"

namespace son1k::queue::test {
namespace {

using boost::asio::awaitable;
using testing::ElementsAre;

class embedded_start : public testing::Test {
 protected:
  embedded_start() {
    store::sqlite_settings sqlite;
    sqlite.file = folder_ / "a.db";
    db_ = store::open_sqlite(sqlite).value();
    db_->migrate().value();
    embedded_settings with;
    with.inside_kinds = {"inside"};
    jobs_ = make_embedded_queue(*db_, with, clock_);
  }
  ~embedded_start() override {
    jobs_.reset();
    db_->stop();
  }

  // What is heard first of a job that is added while a claim waits for it.
  std::vector<std::string> add_before_a_claim(job_spec spec) {
    std::vector<std::string> told;
    claim_request request;
    request.queue = spec.queue = "q";
    request.worker = "w";
    request.wait_ms = 60'000;
    const auto claims = [&]() -> awaitable<void> {
      auto got = co_await jobs_->claim(request);
      told.push_back(got && got->size() == 1 ? "started" : "not started");
    };
    const auto adds = [&]() -> awaitable<void> {
      std::vector<job_spec> one(1, spec);
      auto added = co_await jobs_->add(std::move(one));
      told.push_back(added ? "added" : "not added");
    };
    boost::asio::io_context loop;
    boost::asio::co_spawn(loop, claims, boost::asio::detached);
    boost::asio::co_spawn(loop, adds, boost::asio::detached);
    loop.run();
    return told;
  }

  son1k::test::temp_folder folder_;
  son1k::test::manual_clock clock_;
  std::unique_ptr<store::database> db_;
  std::unique_ptr<queue_port> jobs_;
};

TEST_F(embedded_start, waits_for_the_promise_of_the_add) {
  job_spec spec;
  spec.kind = "outside";
  EXPECT_THAT(add_before_a_claim(spec), ElementsAre("added", "started"));
}

TEST_F(embedded_start, is_at_once_where_a_run_stays_inside) {
  job_spec spec;
  spec.kind = "inside";
  EXPECT_THAT(add_before_a_claim(spec), ElementsAre("started", "added"));
}

TEST_F(embedded_start, waits_where_the_id_may_be_anothers) {
  job_spec spec;
  spec.kind = "inside";
  spec.id = "named";
  EXPECT_THAT(add_before_a_claim(spec), ElementsAre("added", "started"));
}

}  // namespace
}  // namespace son1k::queue::test
