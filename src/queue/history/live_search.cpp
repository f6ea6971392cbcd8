#include "queue/history/live_search.hpp"

#include <algorithm>
#include <array>

#include "queue/policy.hpp"

namespace son1k::queue {
namespace asio = boost::asio;
namespace {

constexpr std::array live_states{job_state::active, job_state::waiting, job_state::prioritized,
                                 job_state::delayed, job_state::waiting_children};
constexpr std::size_t page_jobs = 500;

bool wants_state(const job_query& query, job_state state) {
  const auto* wanted = query.wanted(query_field::state);
  return wanted == nullptr || *wanted == name_of(state);
}

found_job live(job_view job) {
  found_job out;
  out.live = true;
  out.job = std::move(job);
  return out;
}

result<std::vector<std::string>> queues_of(queue_reader& jobs, const job_query& query) {
  auto names = jobs.queues();
  if (!names) return names;
  if (const auto* wanted = query.wanted(query_field::queue)) {
    std::erase_if(*names, [wanted](const std::string& name) { return name != *wanted; });
  }
  return names;
}

// A job is found by its id without looking through lists.
asio::awaitable<result<void>> search_id(queue_reader& jobs, const job_query& query,
                                        std::vector<std::string> names, const std::string& id,
                                        std::vector<found_job>& out) {
  for (const auto& name : names) {
    auto job = co_await jobs.get(name, id);
    if (!job && job.error().code == errc::not_found) continue;
    if (!job) co_return job.error();
    job->logs.clear();
    if (!is_ended(job->state) && matches(query, *job)) out.push_back(live(std::move(*job)));
  }
  co_return result<void>();
}

}  // namespace

bool may_be_live(const job_query& query) {
  const auto* state = query.wanted(query_field::state);
  const bool ended_state = state != nullptr && (*state == "completed" || *state == "failed" ||
                                                *state == state_cancelled);
  const bool asks_the_past =
      std::any_of(query.terms.begin(), query.terms.end(), [](const query_term& t) {
        return !t.negated &&
               (t.field == query_field::finished || t.field == query_field::duration ||
                t.field == query_field::fingerprint);
      });
  return !ended_state && !asks_the_past;
}

bool may_have_ended(const job_query& query) {
  const auto* state = query.wanted(query_field::state);
  return state == nullptr || *state == "completed" || *state == "failed" ||
         *state == state_cancelled;
}

asio::awaitable<result<void>> search_live(queue_reader& jobs, const job_query& query,
                                          live_place& place, std::size_t limit,
                                          std::size_t look_max, std::vector<found_job>& out) {
  auto names = queues_of(jobs, query);
  if (!names) co_return names.error();
  if (const auto* id = query.wanted(query_field::id)) {
    place.over = true;
    co_return co_await search_id(jobs, query, std::move(*names), *id, out);
  }
  std::size_t looked = 0;
  for (const auto& name : *names) {
    if (name < place.queue) continue;
    if (name > place.queue) place = {name, 0, {}, 0, false};
    while (place.state < live_states.size()) {
      if (!wants_state(query, live_states[place.state])) {
        ++place.state;
        continue;
      }
      list_request request;
      request.queue = name;
      request.state = live_states[place.state];
      request.after = place.after;
      request.limit = page_jobs;
      auto page = co_await jobs.list(std::move(request));
      if (!page) co_return page.error();
      for (std::size_t i = place.skip; i < page->jobs.size(); ++i) {
        if (out.size() == limit || looked == look_max) co_return result<void>();
        ++looked;
        ++place.skip;
        if (matches(query, page->jobs[i])) out.push_back(live(std::move(page->jobs[i])));
      }
      place.skip = 0;
      place.after = page->next;
      if (page->next.empty()) ++place.state;
    }
  }
  place.over = true;
  co_return result<void>();
}

}  // namespace son1k::queue
