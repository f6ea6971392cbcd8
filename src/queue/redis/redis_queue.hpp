// The queue on Redis, in the layout of BullMQ: its clients, workers and boards can share it (the
// layout is written down in docs/redis-layout.md, the order of writes in docs/decisions). Redis and
// the database are used, not owned, and must outlive the queue; the database's migrations must have
// been applied. Any number of processes may serve one prefix.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/redis/redis_client.hpp"
#include "queue/queue.hpp"
#include "store/database.hpp"

namespace son1k::queue {

enum class bullmq_fleet { v5, v6 };  // they differ in where jobs wait while a queue is paused

struct redis_queue_settings {
  std::string prefix = "bull";  // keys begin with "prefix:"; a cluster needs a hash tag, "{bull}"
  bullmq_fleet fleet = bullmq_fleet::v6;
  // Workers of BullMQ take jobs of these queues too: then their order holds (no turns of groups, no
  // ageing, no lone suspects). Otherwise the whole order of docs/queue.md.
  bool shared = false;
  // Ends by minute are counted for boards of BullMQ and kept so long; 0: only if a worker of BullMQ
  // has begun to, on this queue, and for two weeks.
  std::int64_t metrics_minutes = 0;
  // How often a job that a worker of BullMQ runs may stall before it fails: its maxStalledCount.
  std::int64_t stalls_max = 1;
  // Names this process and those that follow it in its place: what one of that name left running
  // waits again as soon as the next one starts, without waiting for the leases. Empty: none
  // follows.
  std::string process;
  std::int64_t look_ms = 50;       // how often a waiting claim looks again
  std::int64_t upkeep_ms = 1'000;  // how often leases and the outbox are looked at; 0: never
  // For tests: asked before each change of Redis by a script of this name; an error refuses it.
  std::function<result<void>(std::string_view script)> refusal;
};

std::unique_ptr<queue_port> make_redis_queue(net::redis_client& redis, store::database& db,
                                             redis_queue_settings settings,
                                             const clock_port& clock);

}  // namespace son1k::queue
