#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "realtime/rooms/allowance.hpp"
#include "realtime/rooms/local/local_room_store.hpp"
#include "realtime/rooms/pacer.hpp"
#include "realtime/rooms/room_book.hpp"
#include "realtime/rooms/typing_board.hpp"
#include "support/manual_clock.hpp"

namespace son1k::realtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

template <class T>
T run(boost::asio::awaitable<T> task) {
  boost::asio::io_context context{1};
  auto out = boost::asio::co_spawn(context, std::move(task), boost::asio::use_future);
  context.run();
  return out.get();
}

TEST(pacer, one_message_of_a_key_goes_a_period_and_the_latest_is_kept) {
  pacer<int> pace(250, 10);
  EXPECT_EQ(pace.offer("a", 1, 0), 1);
  EXPECT_EQ(pace.offer("a", 2, 100), std::nullopt);
  EXPECT_EQ(pace.offer("b", 9, 100), 9);
  EXPECT_EQ(pace.offer("a", 3, 200), std::nullopt);
  EXPECT_THAT(pace.due(249), IsEmpty());
  EXPECT_EQ(pace.next_ms(), 250);
  EXPECT_THAT(pace.due(250), ElementsAre(3));
  EXPECT_EQ(pace.offer("a", 4, 300), std::nullopt);
  EXPECT_THAT(pace.due(600), ElementsAre(4));
  EXPECT_EQ(pace.offer("a", 5, 900), 5);
}

TEST(pacer, what_is_taken_out_is_not_due_any_more) {
  pacer<int> pace(250, 10);
  (void)pace.offer("a", 1, 0);
  (void)pace.offer("a", 2, 10);
  EXPECT_EQ(pace.take("a"), 2);
  EXPECT_THAT(pace.due(1'000), IsEmpty());
  EXPECT_EQ(pace.next_ms(), std::nullopt);
}

TEST(pacer, keys_are_bounded_and_idle_ones_are_forgotten) {
  pacer<int> pace(250, 3);
  for (int n = 0; n < 10; ++n) EXPECT_EQ(pace.offer(std::to_string(n), n, 0), n);
  EXPECT_LE(pace.keys(), 3u);
  (void)pace.due(1'000);
  EXPECT_EQ(pace.keys(), 0u);
}

TEST(allowance, fills_evenly_up_to_its_bound) {
  allowance some(10, 5);
  for (int n = 0; n < 10; ++n) EXPECT_TRUE(some.take(1, 1'000));
  EXPECT_FALSE(some.take(1, 1'100));
  EXPECT_TRUE(some.take(1, 1'200));
  EXPECT_FALSE(some.take(11, 1'000'000));
  EXPECT_TRUE(some.take(10, 1'000'000));
}

TEST(typing_board, tells_a_change_once_and_ends_with_silence) {
  typing_board board(5'000, 2);
  EXPECT_TRUE(board.start({"r", "s"}, 0));
  EXPECT_FALSE(board.start({"r", "s"}, 3'000));
  EXPECT_THAT(board.silent(7'999), IsEmpty());
  EXPECT_EQ(board.silent(8'000).size(), 1u);
  EXPECT_FALSE(board.stop({"r", "s"}));
  EXPECT_TRUE(board.start({"r", "a"}, 0));
  EXPECT_TRUE(board.start({"r", "b"}, 0));
  EXPECT_FALSE(board.start({"r", "c"}, 0));
}

TEST(local_room_store, an_update_of_an_old_version_is_refused_with_the_new_state) {
  test::manual_clock clock;
  const auto store = make_local_room_store(clock);
  const auto first = run(store->write("r", 0, R"({"a":1})"));
  EXPECT_TRUE(first->written);
  EXPECT_EQ(first->version, 1);
  const auto stale = run(store->write("r", 0, R"({"a":2})"));
  EXPECT_FALSE(stale->written);
  EXPECT_EQ(stale->version, 1);
  EXPECT_EQ(stale->state, R"({"a":1})");
  EXPECT_TRUE(run(store->write("r", 1, R"({"a":3})"))->written);
  EXPECT_EQ(run(store->read("r"))->version, 2);
}

TEST(local_room_store, keeps_a_bounded_number_of_a_bounded_size) {
  test::manual_clock clock;
  const auto store = make_local_room_store(clock, {2, 1'000});
  EXPECT_EQ(run(store->write("r", 0, std::string(room_state_bytes_max + 1, 'x'))).error().code,
            errc::payload_too_large);
  ASSERT_TRUE(run(store->write("r", 0, std::string(900, 'x'))).has_value());
  EXPECT_EQ(run(store->write("r2", 0, std::string(200, 'x'))).error().code, errc::unavailable);
  ASSERT_TRUE(run(store->write("r2", 0, "m")).has_value());
  EXPECT_EQ(run(store->write("r3", 0, "m")).error().code, errc::unavailable);
  clock.advance(room_idle_ms_max + 1);
  EXPECT_TRUE(run(store->write("r3", 0, "m")).has_value());
  EXPECT_EQ(run(store->read("r"))->version, 0);
}

TEST(room_role, has_a_name_by_which_it_is_found) {
  for (const auto role : {room_role::viewer, room_role::editor, room_role::owner})
    EXPECT_EQ(room_role_of(name_of(role)), role);
  EXPECT_EQ(room_role_of("admin"), std::nullopt);
  EXPECT_EQ(room_role_of(""), std::nullopt);
  EXPECT_LT(room_role::editor, room_role::owner);
}

}  // namespace
}  // namespace son1k::realtime
