// Completions gathered by executor.
#include "base/completion.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

namespace son1k {
namespace {

struct noting final : waiting {
  noting(boost::asio::any_io_executor e, std::vector<int>& log, int number)
      : waiting(std::move(e)), log_(log), number_(number) {}
  void resume() override { log_.push_back(number_); }
  std::vector<int>& log_;
  int number_;
};

TEST(completion_batch, posts_once_for_an_executor_and_keeps_the_order) {
  boost::asio::io_context first;
  boost::asio::io_context second;
  std::vector<int> log;
  {
    completion_batch batch;
    for (int i = 0; i < 6; ++i) {
      auto& context = i % 2 ? second : first;
      resume_soon(std::make_shared<noting>(context.get_executor(), log, i));
    }
    EXPECT_EQ(first.poll() + second.poll(), 0u);
    first.restart();
    second.restart();
  }
  EXPECT_EQ(first.poll(), 1u);
  EXPECT_EQ(second.poll(), 1u);
  EXPECT_THAT(log, testing::ElementsAre(0, 2, 4, 1, 3, 5));
}

TEST(completion_batch, serves_more_executors_than_it_searches) {
  boost::asio::io_context context;
  std::vector<int> log;
  {
    completion_batch batch;
    std::vector<boost::asio::strand<boost::asio::io_context::executor_type>> strands;
    for (int i = 0; i < 40; ++i) strands.push_back(boost::asio::make_strand(context));
    for (int i = 0; i < 80; ++i)
      resume_soon(std::make_shared<noting>(strands[static_cast<std::size_t>(i % 40)], log, i));
  }
  context.run();
  std::ranges::sort(log);
  ASSERT_EQ(log.size(), 80u);
  for (int i = 0; i < 80; ++i) EXPECT_EQ(log[static_cast<std::size_t>(i)], i);
}

TEST(completion_batch, without_a_batch_each_is_posted_at_once) {
  boost::asio::io_context context;
  std::vector<int> log;
  for (int i = 0; i < 2; ++i) resume_soon(std::make_shared<noting>(context.get_executor(), log, i));
  EXPECT_EQ(context.poll(), 2u);
}

}  // namespace
}  // namespace son1k
