#include "app/process_place.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/uuid.hpp"
#include "support/temp_folder.hpp"

namespace son1k::app {
namespace {

TEST(process_place, who_follows_has_the_name_and_who_is_beside_has_another) {
  const test::temp_folder folder, elsewhere;
  std::string first;
  {
    auto one = process_place::take(folder.path());
    ASSERT_TRUE(one) << one.error().what();
    first = one->name();
    const auto two = process_place::take(folder.path());
    ASSERT_TRUE(two);
    EXPECT_NE(two->name(), first);
    const process_place moved(std::move(*one));
    EXPECT_EQ(moved.name(), first);
  }
  EXPECT_EQ(process_place::take(folder.path())->name(), first);
  EXPECT_NE(process_place::take(elsewhere.path())->name(), first);
}

TEST(process_place, one_that_was_killed_has_let_go_of_its_place) {
  const test::temp_folder folder;
  std::array<int, 2> told{};
  ASSERT_EQ(pipe(told.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    (void)uuid_v7();  // after a fork both would draw the same
    const auto mine = process_place::take(folder.path());
    (void)!write(told[1], mine->name().data(), mine->name().size());
    pause();
    _exit(0);
  }
  std::array<char, 256> name{};
  ASSERT_GT(read(told[0], name.data(), name.size()), 0);
  EXPECT_NE(process_place::take(folder.path())->name(), name.data());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(process_place::take(folder.path())->name(), name.data());
  for (const int end : told) close(end);
}

TEST(process_place, a_folder_that_cannot_be_written_to_is_named) {
  const auto none = process_place::take("/proc/none");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, errc::unavailable);
  EXPECT_EQ(none.error().field, "data_dir");
}

}  // namespace
}  // namespace son1k::app
