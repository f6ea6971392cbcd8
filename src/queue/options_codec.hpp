// Job options as a short JSON text that names only what differs from the defaults, and shared
// copies of them: most jobs of a queue have the same options.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "queue/job.hpp"

namespace son1k::queue {

// Empty when nothing differs. Priority, delay, group, deduplication id and trace context are not
// part of it: they vary from job to job and have columns of their own.
std::string encode_options(const job_options& options);
// Unknown members and members of a wrong type are passed over.
job_options decode_options(std::string_view text);

// One copy for all jobs whose options are written alike; null stands for the defaults.
// Not thread-safe.
class shared_options {
 public:
  std::shared_ptr<const job_options> of(std::string_view text);

 private:
  void forget_unused();
  std::unordered_map<std::string, std::weak_ptr<const job_options>> known_;
  std::size_t purge_at_ = 1024;
};

const job_options& default_options();
child_failure child_failure_of(std::int64_t stored);

}  // namespace son1k::queue
