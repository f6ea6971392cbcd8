// Where the embedded queue has the arguments of its jobs: at hand or in the file.
#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "queue/embedded/embedded_queue.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/faulty_database.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_folder.hpp"

namespace son1k::queue::test {
namespace {

class embedded_arguments : public testing::Test {
 protected:
  embedded_arguments() {
    store::sqlite_settings sqlite;
    sqlite.file = folder_ / "a.db";
    db_ = std::make_unique<son1k::test::faulty_database>(store::open_sqlite(sqlite).value());
    db_->migrate().value();
    embedded_settings with;
    with.cached_bytes_max = 100'000;
    jobs_ = make_embedded_queue(*db_, with, clock_);
  }
  ~embedded_arguments() override {
    jobs_.reset();
    db_->stop();
  }

  template <class T>
  T run(boost::asio::awaitable<T> work) {
    auto future = boost::asio::co_spawn(loop_, std::move(work), boost::asio::use_future);
    loop_.restart();
    loop_.run();
    return future.get();
  }
  void add(const std::string& queue, int jobs) {
    std::vector<job_spec> specs(static_cast<std::size_t>(jobs));
    for (auto& spec : specs) {
      spec.queue = queue;
      spec.kind = "probe";
      spec.data = R"({"text":")" + std::string(1'000, 'x') + R"("})";
    }
    run(jobs_->add(std::move(specs))).value();
  }
  result<std::vector<claimed_job>> claim(const std::string& queue, std::size_t max) {
    claim_request request;
    request.queue = queue;
    request.worker = "w";
    request.max = max;
    return run(jobs_->claim(std::move(request)));
  }

  son1k::test::temp_folder folder_;
  son1k::test::manual_clock clock_;
  boost::asio::io_context loop_;
  std::unique_ptr<son1k::test::faulty_database> db_;
  std::unique_ptr<queue_port> jobs_;
};

const error no_reads{errc::unavailable, "no reads now"};

TEST_F(embedded_arguments, of_a_short_queue_are_at_hand_beside_a_long_backlog) {
  add("backlog", 1'000);
  add("brisk", 10);
  db_->fail_read(1, no_reads);
  const auto got = claim("brisk", 10);
  ASSERT_TRUE(got) << got.error().what();
  ASSERT_EQ(got->size(), 10u);
  for (const auto& job : *got) EXPECT_EQ(job.data.size(), 1'011u);
}

TEST_F(embedded_arguments, of_a_backlog_are_read_from_the_file) {
  add("backlog", 1'000);
  const auto got = claim("backlog", 1'000);
  ASSERT_TRUE(got) << got.error().what();
  ASSERT_EQ(got->size(), 1'000u);
  for (const auto& job : *got) EXPECT_EQ(job.data.size(), 1'011u);
}

TEST_F(embedded_arguments, jobs_whose_rows_cannot_be_read_go_back_and_come_again) {
  add("backlog", 200);
  db_->fail_read(1, no_reads);
  const auto refused = claim("backlog", 200);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unavailable);
  const auto got = claim("backlog", 200);
  ASSERT_TRUE(got) << got.error().what();
  EXPECT_EQ(got->size(), 200u);
}

}  // namespace
}  // namespace son1k::queue::test
