#include "queue/redis/finish_words.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "queue/redis/job_fields.hpp"

namespace son1k::queue::redis {
namespace json = boost::json;

void add_end(words& to, const lease& held, const job_view& after, end_flags flags,
             const std::vector<note>& notes, std::string* said) {
  std::string marks;
  if (flags.cancelled) marks += 'c';
  if (flags.exhausted) marks += 'x';
  if (flags.released) marks += 'r';
  if (flags.settled) marks += 's';
  if (after.error) marks += 'e';
  if (flags.ordinary) marks += 'o';
  const bool progress_only = notes.size() == 1 && notes.front().what == "progress";
  if (!notes.empty()) marks += progress_only ? 'p' : 'n';
  if (marks.empty()) marks = "-";
  const bool completed = after.state == job_state::completed;
  const auto& o = after.options;
  const auto& keep = completed ? o.keep_completed : o.keep_failed;
  to.add(held.id).add(held.fence);
  auto shape = fmt::format("{} {} {} {} {} {} {} {:d} {}", name_of(after.state),
                           after.attempts_made, after.stalls, after.run_at_ms, marks, keep.count,
                           keep.age_ms, o.dedup.ttl_ms == 0, held.queue);
  const bool again = said != nullptr && *said == shape;
  to.add(again ? std::string_view("=") : shape);
  if (said != nullptr && !again) *said = std::move(shape);
  if (after.error) {
    to.add(to_json(*after.error)).add(after.error->message);
    to.add(json::serialize(json::array{after.error->code + ": " + after.error->message}));
  } else {
    to.add(completed && after.result.empty() ? "null" : after.result);
  }
  if (progress_only) {
    to.add(notes.front().value);
  } else if (!notes.empty()) {
    add_notes(to, notes);
  }
}

void add_release(words& to, const lease& held, const job_view& as_claimed) {
  job_view after = as_claimed;
  after.state = ready_state(as_claimed.options.priority);
  after.run_at_ms = 0;
  after.error.reset();
  add_end(to, held, after, {.released = true}, {});
}

words with_fence(const words& end, std::int64_t fence) {
  words out;
  std::size_t n = 0;
  for (const auto& word : end.all()) {
    if (n++ == 2) {
      out.add(fence);
    } else {
      out.add(std::string_view(word));
    }
  }
  return out;
}

}  // namespace son1k::queue::redis
