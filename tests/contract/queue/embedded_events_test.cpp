// Ids of the events of the embedded queue over restarts.
#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "queue/embedded/embedded_queue.hpp"
#include "store/async.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_folder.hpp"

namespace son1k::queue::test {
namespace {

TEST(embedded_events, ids_grow_over_restarts_also_when_more_were_given_than_had_been_set_aside) {
  const son1k::test::temp_folder folder;
  son1k::test::manual_clock clock;
  store::sqlite_settings sqlite;
  sqlite.file = folder / "e.db";
  const auto db = store::open_sqlite(sqlite).value();
  db->migrate().value();
  std::function<void()> upkeep;
  embedded_settings with;
  with.event_ids_ahead = 100;
  with.upkeep_by_hand = [&upkeep](std::function<void()> once) { upkeep = std::move(once); };
  boost::asio::io_context loop;
  const auto add = [&](queue_port& jobs, int number) {
    std::vector<job_spec> one(1);
    one[0].queue = "q";
    one[0].kind = "probe";
    one[0].id = "j" + std::to_string(number);
    auto work = jobs.add(std::move(one));
    auto future = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
    loop.restart();
    loop.run();
    future.get().value();
  };
  std::uint64_t last = 0;
  for (int life = 0; life < 3; ++life) {
    auto jobs = make_embedded_queue(*db, with, clock);
    for (int i = 0; i < 200; ++i) {
      add(*jobs, 1'000 * life + i);
      if (i % 20 != 0) continue;
      clock.advance(with.sweep_ms);
      upkeep();
      store::commit_and_wait(*db, store::transaction()).value();  // behind what the upkeep wrote
    }
    const auto events = jobs->events(0, 10'000).events;
    ASSERT_EQ(events.size(), 400u);
    EXPECT_GT(events.front().id, last);
    last = events.back().id;
    jobs->stop();
    jobs.reset();
    clock.set_wall(clock.now_ms() - 3'600'000);
  }
  db->stop();
}

}  // namespace
}  // namespace son1k::queue::test
