// Claims that wait are called, and look by themselves only now and then: here never.
#include <thread>

#include "contract/queue_redis/redis_backend.hpp"

namespace son1k::queue::test {
namespace {

using claimed = result<std::vector<claimed_job>>;

class redis_waiting : public queue_contract {
 protected:
  ~redis_waiting() override {
    for (auto& thread : threads_) thread.join();
  }
  net::redis_client& client() { return static_cast<redis_backend&>(*backend_).client(); }
  // A process of its own on the same prefix.
  std::unique_ptr<queue_port> process() {
    redis_queue_settings how;
    how.prefix = static_cast<redis_backend&>(*backend_).prefix();
    how.look_ms = 600'000;
    how.upkeep_ms = 0;
    return make_redis_queue(client(), db(), how, clock());
  }
  static claim_request waiting(std::string worker) {
    claim_request r;
    r.queue = "songs";
    r.worker = std::move(worker);
    r.max = 1;
    r.wait_ms = 600'000;
    return r;
  }
  std::future<claimed> claim_on(boost::asio::io_context& loop, queue_port& from,
                                std::string worker) {
    auto work = from.claim(waiting(std::move(worker)));
    return boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
  }
  std::future<claimed> claim_from(queue_port& from, std::string worker) {
    auto& loop = new_loop();
    auto future = claim_on(loop, from, std::move(worker));
    threads_.emplace_back([&loop] { loop.run(); });
    return future;
  }
  static void add_to(queue_port& to, std::string id) {
    boost::asio::io_context loop(1);
    std::vector<job_spec> one(1, spec(std::move(id)));
    auto added = boost::asio::co_spawn(loop, to.add(std::move(one)), boost::asio::use_future);
    loop.run();
    ASSERT_TRUE(added.get());
  }
  // How often Redis has run the script.
  std::int64_t calls() {
    const auto info = client().call_and_wait({"INFO", "commandstats"});
    const std::string text(info ? info->bytes() : std::string_view());
    const std::string name = "cmdstat_evalsha:calls=";
    const auto at = text.find(name);
    return at == text.npos ? 0 : std::stoll(text.substr(at + name.size()));
  }
  static std::string id_of(std::future<claimed>& what) {
    const auto got = what.get();
    return got && got->size() == 1 ? got->front().held.id : "nothing";
  }

  std::deque<std::thread> threads_;
};

TEST_P(redis_waiting, a_job_of_the_same_process_is_claimed_right_behind_its_add) {
  const auto one = process();
  ASSERT_TRUE(client().call_and_wait({"CONFIG", "RESETSTAT"}));
  auto got = claim_from(*one, "w");
  while (calls() < 2) std::this_thread::yield();  // the queue is met, and found empty
  add_to(*one, "a");
  EXPECT_EQ(id_of(got), "a");
  EXPECT_EQ(calls(), 4) << "the add, and one claim behind it";
}

TEST_P(redis_waiting, a_job_of_another_process_rings) {
  const auto one = process(), other = process();
  auto got = claim_from(*one, "w");
  add_to(*other, "a");
  EXPECT_EQ(id_of(got), "a");
}

TEST_P(redis_waiting, each_of_two_that_wait_gets_one_of_two_jobs) {
  const auto one = process(), other = process();
  for (const std::string who : {"own", "other"}) {
    auto first = claim_from(*one, "w1");
    auto second = claim_from(*one, "w2");
    auto& from = who == "own" ? *one : *other;
    std::thread beside([&] { add_to(from, "a-" + who); });
    add_to(from, "b-" + who);
    beside.join();
    const std::set<std::string> both{id_of(first), id_of(second)};
    EXPECT_EQ(both, (std::set<std::string>{"a-" + who, "b-" + who}));
  }
}

TEST_P(redis_waiting, who_waits_no_more_takes_no_call_from_who_does) {
  const auto one = process(), other = process();
  auto& held_up = new_loop();
  auto gone = claim_on(held_up, *one, "gone");
  held_up.poll();  // it stands in line, and nobody runs its loop from here on
  one->end_waits("gone");
  auto got = claim_from(*one, "w");
  add_to(*other, "a");
  EXPECT_EQ(id_of(got), "a");
  held_up.run();
  EXPECT_EQ(id_of(gone), "nothing");
}

INSTANTIATE_TEST_SUITE_P(, redis_waiting, testing::ValuesIn(backends()),
                         [](const auto& entry) { return entry.param.name; });

}  // namespace
}  // namespace son1k::queue::test
