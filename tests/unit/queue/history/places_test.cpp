// Lists of places and the sets they make.
#include "queue/history/places.hpp"

#include <gmock/gmock.h>

namespace son1k::queue {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string list_of(std::initializer_list<std::int64_t> places) {
  std::string out;
  for (const auto place : places) append_place(out, place);
  return out;
}

place_set set_of(std::int64_t first, std::int64_t last,
                 std::initializer_list<std::int64_t> places) {
  place_set out(first, last);
  out.add(list_of(places));
  return out;
}

TEST(places, are_whole_again_beyond_three_bytes) {
  const std::int64_t first = 5'000'000'000'000'001;
  const auto set = set_of(first, first + 20'000'000, {first, first + 63, first + 64, first + 99});
  EXPECT_THAT(set.below(first + 1'000, 10), ElementsAre(first + 99, first + 64, first + 63, first));
}

TEST(places, come_from_the_highest_below_a_bound) {
  const auto set = set_of(100, 300, {100, 128, 164, 165, 300});
  EXPECT_THAT(set.below(1'000, 2), ElementsAre(300, 165));
  EXPECT_THAT(set.below(165, 10), ElementsAre(164, 128, 100));
  EXPECT_THAT(set.below(100, 10), IsEmpty());
}

TEST(places, of_lists_written_one_behind_the_other_are_all_there) {
  place_set set(1, 1'000);
  set.add(list_of({1, 2}) + list_of({500, 501}));
  EXPECT_THAT(set.below(2'000, 10), ElementsAre(501, 500, 2, 1));
}

TEST(places, outside_the_span_are_passed_over) {
  EXPECT_TRUE(set_of(100, 200, {99, 201, 1'000}).empty());
  EXPECT_TRUE(place_set(5, 4).empty());
}

TEST(places, are_kept_and_removed_by_other_sets) {
  auto set = set_of(1, 100, {1, 2, 3, 70});
  set.keep(set_of(1, 100, {2, 3, 70}));
  set.remove(set_of(1, 100, {3, 4}));
  EXPECT_THAT(set.below(101, 10), ElementsAre(70, 2));
}

}  // namespace
}  // namespace son1k::queue
