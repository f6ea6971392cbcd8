// What every implementation of the `room_store` port is held to.
#include "contract/cluster/cluster_contract.hpp"
#include "realtime/rooms/local/local_room_store.hpp"
#include "realtime/rooms/redis/redis_room_store.hpp"

namespace son1k::realtime::test {
namespace {

// Two processes; with one that keeps its rooms to itself they are the same.
struct room_backend {
  virtual ~room_backend() = default;
  virtual room_store& one() = 0;
  virtual room_store& other() = 0;
  // True if it was away from then on.
  virtual bool go_away() { return false; }
  // The seconds after which what nobody touches any more is forgotten.
  virtual bool is_forgotten_after_a_day(const std::string& room) = 0;
};

struct local_rooms final : room_backend {
  room_store& one() override { return *store; }
  room_store& other() override { return *store; }
  bool is_forgotten_after_a_day(const std::string& room) override {
    clock.advance(room_idle_ms_max + 1);
    // Looked at when there is no more room for another.
    for (int n = 0; n < 3; ++n) (void)run(store->write("fresh" + std::to_string(n), 0, "m"));
    const auto left = run(store->read(room));
    return left && left->version == 0 && left->state.empty();
  }
  son1k::test::manual_clock clock;
  std::unique_ptr<room_store> store = make_local_room_store(clock, {3, 32u << 20});
};

struct redis_rooms final : room_backend {
  redis_rooms() {
    for (int n = 0; n < 2; ++n) {
      clients.push_back(client_of(server));
      stores.push_back(make_redis_room_store(*clients.back(), "rooms:"));
    }
  }
  ~redis_rooms() override { stores.clear(); }
  room_store& one() override { return *stores[0]; }
  room_store& other() override { return *stores[1]; }
  bool go_away() override {
    for (auto& client : clients) client->stop();
    return true;
  }
  bool is_forgotten_after_a_day(const std::string& room) override {
    const auto left = std::stoll(server.ask({"PTTL", "rooms:" + room + ":state"}));
    return left > 0 && left <= room_idle_ms_max;
  }
  son1k::test::redis_server server;
  std::vector<std::unique_ptr<net::redis_client>> clients;
  std::vector<std::unique_ptr<room_store>> stores;
};

struct room_row {
  const char* name;
  std::unique_ptr<room_backend> (*make)();
};
void PrintTo(const room_row& row, std::ostream* out) {
  *out << row.name;
}

class room_store_contract : public testing::TestWithParam<room_row> {
 protected:
  room_store& one() { return backend->one(); }
  room_store& other() { return backend->other(); }
  std::unique_ptr<room_backend> backend = GetParam().make();
};

TEST_P(room_store_contract, a_room_nobody_wrote_to_is_empty) {
  const auto content = run(one().read("r"));
  ASSERT_TRUE(content);
  EXPECT_EQ(content->version, 0);
  EXPECT_EQ(content->state, "");
}

TEST_P(room_store_contract, who_knows_the_version_that_stands_changes_the_state) {
  const auto first = run(one().write("r", 0, R"({"a":"ñ 😀"})"));
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->written);
  EXPECT_EQ(first->version, 1);
  EXPECT_EQ(first->state, R"({"a":"ñ 😀"})");
  EXPECT_TRUE(run(other().write("r", 1, "2"))->written);
  const auto content = run(one().read("r"));
  EXPECT_EQ(content->version, 2);
  EXPECT_EQ(content->state, "2");
}

TEST_P(room_store_contract, who_does_not_is_given_what_stands) {
  ASSERT_TRUE(run(one().write("r", 0, R"({"a":1})"))->written);
  for (const std::int64_t seen : {0, 2, 1'000}) {
    const auto stale = run(other().write("r", seen, R"({"a":2})"));
    ASSERT_TRUE(stale);
    EXPECT_FALSE(stale->written);
    EXPECT_EQ(stale->version, 1);
    EXPECT_EQ(stale->state, R"({"a":1})");
  }
  const auto early = run(other().write("r2", 1, "x"));
  EXPECT_FALSE(early->written);
  EXPECT_EQ(early->version, 0);
  EXPECT_EQ(early->state, "");
}

TEST_P(room_store_contract, of_two_that_write_at_once_one_is_told_of_the_other) {
  boost::asio::io_context loop;
  auto a = boost::asio::co_spawn(loop, one().write("r", 0, "a"), boost::asio::use_future);
  auto b = boost::asio::co_spawn(loop, other().write("r", 0, "b"), boost::asio::use_future);
  const auto held = boost::asio::make_work_guard(loop);
  const auto ready = [](auto& f) {
    return f.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  while (!ready(a) || !ready(b)) loop.run_one();
  const auto first = a.get(), second = b.get();
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->written, second->written);
  EXPECT_EQ(first->state, second->state);
  EXPECT_EQ(run(one().read("r"))->version, 1);
}

TEST_P(room_store_contract, rooms_are_apart) {
  ASSERT_TRUE(run(one().write("r", 0, "of r"))->written);
  EXPECT_EQ(run(one().read("s"))->version, 0);
  ASSERT_TRUE(run(one().write("s", 0, "of s"))->written);
  EXPECT_EQ(run(one().read("r"))->state, "of r");
}

TEST_P(room_store_contract, a_state_has_a_bound) {
  EXPECT_TRUE(run(one().write("r", 0, std::string(room_state_bytes_max, 'x')))->written);
  const auto more = run(one().write("r", 1, std::string(room_state_bytes_max + 1, 'x')));
  ASSERT_FALSE(more);
  const auto why = more.error();
  EXPECT_EQ(why.code, errc::payload_too_large);
  EXPECT_EQ(why.field, "state");
}

TEST_P(room_store_contract, what_nobody_touches_for_a_day_is_forgotten) {
  ASSERT_TRUE(run(one().write("r", 0, "x"))->written);
  EXPECT_TRUE(backend->is_forgotten_after_a_day("r"));
}

TEST_P(room_store_contract, while_the_store_is_away_calls_fail) {
  if (!backend->go_away()) return;
  EXPECT_FALSE(run(one().read("r")));
  EXPECT_FALSE(run(one().write("r", 0, "x")));
  EXPECT_FALSE(run(other().write("r", 1, "x")));
}

INSTANTIATE_TEST_SUITE_P(backends, room_store_contract,
                         testing::Values(room_row{"local",
                                                  []() -> std::unique_ptr<room_backend> {
                                                    return std::make_unique<local_rooms>();
                                                  }},
                                         room_row{"redis",
                                                  []() -> std::unique_ptr<room_backend> {
                                                    return std::make_unique<redis_rooms>();
                                                  }}),
                         [](const auto& with) { return std::string(with.param.name); });

}  // namespace
}  // namespace son1k::realtime::test
