// The arguments of the script "finish": how one run ends.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "queue/job.hpp"
#include "queue/policy.hpp"
#include "queue/redis/notebook.hpp"

namespace son1k::queue::redis {

struct end_flags {
  bool cancelled = false;
  bool exhausted = false;
  bool released = false;
  bool settled = false;   // the domain knows: a cancel that came since changes nothing
  bool ordinary = false;  // see run
};
// `after` is the job as it will be; the words of one run, without the count that comes first.
// `said` is the shape of the run before it in the same call, and becomes this one's.
void add_end(words& to, const lease& held, const job_view& after, end_flags flags,
             const std::vector<note>& notes, std::string* said = nullptr);
// Back to its old place, as if it had not been claimed.
void add_release(words& to, const lease& held, const job_view& as_claimed);
// The words of one end, said by a newer start.
words with_fence(const words& end, std::int64_t fence);

}  // namespace son1k::queue::redis
