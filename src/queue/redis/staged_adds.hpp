// New jobs of one queue that the transactions of one commit bring: one row of the outbox, one call
// of the script "push", one answer. Filled by steps on the writer's thread; read by hooks behind
// the commit.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "queue/job.hpp"
#include "queue/redis/words.hpp"
#include "store/database.hpp"

namespace son1k::queue::redis {

// A job as these take it.
struct staged_add {
  std::string queue, name, options, more;  // options: the stock ones; more: those of ours
  std::int64_t priority = 0;               // as the stock options say
  std::string id, user, data;
};

class staged_adds final : public store::joint_write,
                          public std::enable_shared_from_this<staged_adds> {
 public:
  staged_adds(std::string queue, std::int64_t now_ms);

  // Whether "push" can add it: it is ready at once, alone, and nobody can know its id yet.
  static bool takes(const job_spec& spec);
  static staged_add prepare(const job_spec& spec);
  // The jobs that a row of the outbox is about.
  static std::vector<std::string> ids_of(const words& args);

  bool full() const { return jobs_ >= jobs_max || bytes_ >= bytes_max; }
  void add(const staged_add& job);
  result<void> write(store::connection& db) override;

  const std::string& row() const { return row_; }
  const std::string& queue() const { return queue_; }
  std::size_t jobs() const { return jobs_; }
  // What jobs have in common, and how many have it.
  struct shape {
    std::string name, options, more;
    std::int64_t priority = 0;
    std::int64_t jobs = 0;
  };
  std::span<const shape> shapes() const { return shapes_; }
  // The arguments of the call; true the first time, for who sends it.
  bool take(words& args);

 private:
  static constexpr std::size_t jobs_max = 256;
  static constexpr std::size_t bytes_max = 1 << 20;  // a job more may go beyond
  words args() const;

  const std::string row_, queue_;
  const std::int64_t at_ms_;
  std::vector<shape> shapes_;
  words each_;
  std::size_t jobs_ = 0, bytes_ = 0;
  std::string first_, last_;  // by their ids
  bool taken_ = false;
};

}  // namespace son1k::queue::redis
