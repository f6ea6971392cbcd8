// How jobs come into a queue and how somebody asks them to end. Part of the `queue` port.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "queue/job.hpp"
#include "queue/settle.hpp"
#include "store/database.hpp"

namespace son1k::queue {

struct added_job {
  std::string id;
  bool duplicate = false;     // an earlier job has this id or holds its dedup id; nothing was added
  std::int64_t position = 0;  // how many jobs of the queue were ready before it; -1: not known
};

class job_intake {
 public:
  virtual ~job_intake() = default;

  // Checks the job and stages it, with its children, into the caller's unit of work; it can be
  // claimed once that is committed (children first). A known id stages nothing and says duplicate;
  // of a tree with a known root nothing is added. validation: see check() · not_found: `parent` is
  // unknown or has ended · payload_too_large.
  virtual result<added_job> stage(store::transaction& tx, job_spec spec) = 0;
  // Stages all and commits once; durable on return. All are added or none.
  virtual boost::asio::awaitable<result<std::vector<added_job>>> add(
      std::vector<job_spec> specs) = 0;

  // Stages a cancel: waiting or delayed jobs are removed, an active one gets its stop request after
  // the commit. Children of a cancelled parent are cancelled with it. The writes of `settle` (or
  // nothing) for each job that is removed (failed, "cancelled") are part of the commit; an active
  // one is settled when its worker or its next claim ends it. not_found: unknown or already ended.
  virtual result<void> stage_cancel(store::transaction& tx, const std::string& queue,
                                    const std::string& id, const settle_function& settle) = 0;
};

}  // namespace son1k::queue
