#include "queue/redis/finish_words.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "queue/redis/job_fields.hpp"

namespace son1k::queue::redis {
namespace json = boost::json;

void add_end(words& to, const lease& held, const job_view& after, end_flags flags) {
  std::string marks;
  if (flags.cancelled) marks += 'c';
  if (flags.exhausted) marks += 'x';
  if (flags.released) marks += 'r';
  if (flags.settled) marks += 's';
  const bool completed = after.state == job_state::completed;
  const auto& o = after.options;
  const auto& keep = completed ? o.keep_completed : o.keep_failed;
  to.add(held.queue).add(held.id).add(held.fence).add(name_of(after.state));
  to.add(after.attempts_made).add(after.stalls).add(after.run_at_ms);
  to.add(completed ? (after.result.empty() ? "null" : after.result) : std::string());
  if (after.error) {
    to.add(to_json(*after.error)).add(after.error->message);
    to.add(json::serialize(json::array{after.error->code + ": " + after.error->message}));
  } else {
    to.add("").add("").add("[]");
  }
  to.add(marks).add(keep.count).add(keep.age_ms).add(o.dedup.ttl_ms == 0);
}

void add_release(words& to, const lease& held, const job_view& as_claimed) {
  job_view after = as_claimed;
  after.state = ready_state(as_claimed.options.priority);
  after.run_at_ms = 0;
  after.error.reset();
  add_end(to, held, after, {false, false, true, false});
}

words with_fence(const words& end, std::int64_t fence) {
  words out;
  std::size_t n = 0;
  for (const auto& word : end.all()) {
    if (n++ == 3) {
      out.add(fence);
    } else {
      out.add(std::string_view(word));
    }
  }
  return out;
}

}  // namespace son1k::queue::redis
