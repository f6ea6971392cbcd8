#include "support/queue/memory_queue.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>

#include "store/async.hpp"

namespace son1k::test {
namespace asio = boost::asio;
using namespace queue;

namespace {

constexpr std::size_t events_max = 10'000;
constexpr std::uint64_t event_gap = 1'000'000;  // between the ids of two processes

error unknown() {
  return {errc::not_found, "id", {"no such job", "no existe ese trabajo"}};
}

}  // namespace

memory_queue::memory_queue(store::database& db, const clock_port& clock,
                           std::shared_ptr<memory_place> place, memory_fault fault)
    : db_(db), clock_(clock), place_(std::move(place)), fault_(fault) {
  if (!place_->lanes.empty()) process_died();
  first_event_ = place_->next_event;
  for (const auto& [name, in] : place_->lanes) take_rates(name);
  if (!broken(memory_fault::rates_forgotten)) book_starts();
}

// The last start of each job counts on for the rates.
void memory_queue::book_starts() {
  std::multimap<std::int64_t, const job*> starts;
  for (const auto& [name, in] : place_->lanes)
    for (const auto& [id, j] : in.jobs)
      if (j.view.starts > 0 && !j.verdict) starts.emplace(j.view.started_at_ms, &j);
  const auto now = clock_.now_ms();
  for (const auto& [at, j] : starts) count_start(*j, clock_.steady_ms() - (now - at));
}

// What an earlier process ran waits again; all else is where it was.
void memory_queue::process_died() {
  if (broken(memory_fault::restart_forgets)) place_->lanes.clear();
  place_->next_event += event_gap;
  for (auto& [name, in] : place_->lanes) {
    in.claimed_at = -1'000'000;
    in.ready.clear();
    in.condemned.clear();
    in.suspects.clear();
    in.delayed.clear();
    in.last_starts.clear();
    std::vector<job*> by_place;
    for (auto& [id, j] : in.jobs) by_place.push_back(&j);
    const auto earlier = [](const job* a, const job* b) { return a->place < b->place; };
    std::sort(by_place.begin(), by_place.end(), earlier);
    std::map<std::pair<std::int64_t, std::uint64_t>, job*> by_end;
    for (job* j : by_place)
      if (is_ended(j->view.state)) by_end.emplace(std::pair(j->view.finished_at_ms, j->order), j);
    for (const auto& [key, j] : by_end) j->turn = place_->next_turn++;
    for (job* j : by_place) {
      j->ending = false;
      j->run_logs.clear();
      if (is_ended(j->view.state) || j->view.state == job_state::waiting_children) continue;
      if (j->view.state == job_state::delayed) {
        make_delayed(*j, j->view.run_at_ms);
        continue;
      }
      if (j->view.state == job_state::active) {
        ++j->view.stalls;
        tell(event_type::stalled, *j);
      }
      j->turn = j->place < 0 ? j->place : place_->next_turn++;
      make_ready(*j, true);
    }
  }
}

memory_queue::job* memory_queue::find(const std::string& queue, const std::string& id) {
  const auto in = place_->lanes.find(queue);
  if (in == place_->lanes.end()) return nullptr;
  const auto found = in->second.jobs.find(id);
  return found == in->second.jobs.end() ? nullptr : &found->second;
}

job_view memory_queue::view_of(const job& j) const {
  job_view view = j.view;
  view.children_left = children_left(j);
  if (j.view.state != job_state::active) return view;
  view.error.reset();
  view.logs.insert(view.logs.end(), j.run_logs.begin(), j.run_logs.end());
  const auto most = static_cast<std::size_t>(view.options.keep_logs);
  if (view.logs.size() > most)
    view.logs.erase(view.logs.begin(), view.logs.end() - static_cast<std::ptrdiff_t>(most));
  return view;
}

asio::awaitable<result<job_view>> memory_queue::get(std::string queue, std::string id) {
  const session held(*this);
  const job* j = find(queue, id);
  if (j == nullptr) co_return unknown();
  co_return view_of(*j);
}

asio::awaitable<result<job_glance>> memory_queue::glance(std::string queue, std::string id) {
  const session held(*this);
  const job* j = find(queue, id);
  if (j == nullptr || is_ended(j->view.state)) co_return unknown();
  job_glance out;
  out.state = j->view.state;
  if (out.state == job_state::active) out.progress = j->view.progress;
  if (out.state == job_state::delayed) out.run_at_ms = j->view.run_at_ms;
  co_return out;
}

namespace {

// Where a job stands in the list of its state, as a cursor says it.
using list_key = std::array<std::int64_t, 3>;

list_key key_of(const memory_job& j) {
  const auto order = static_cast<std::int64_t>(j.order);
  switch (j.view.state) {
    case job_state::waiting:
    case job_state::prioritized:
      return {j.view.options.priority, j.turn, order};
    case job_state::delayed:
      return {j.view.run_at_ms, 0, order};
    case job_state::active:
      return {j.view.started_at_ms, 0, order};
    case job_state::waiting_children:
      return {0, 0, order};
    default:
      return {-j.view.finished_at_ms, -j.turn, -order};
  }
}

std::string cursor_of(const list_key& key) {
  return std::to_string(key[0]) + ':' + std::to_string(key[1]) + ':' + std::to_string(key[2]);
}

std::optional<list_key> read_cursor(std::string_view text) {
  list_key key{};
  const char* at = text.data();
  const char* end = at + text.size();
  for (std::size_t n = 0; n < key.size(); ++n) {
    if (n > 0 && (at == end || *at++ != ':')) return std::nullopt;
    const auto [next, ec] = std::from_chars(at, end, key[n]);
    if (ec != std::errc()) return std::nullopt;
    at = next;
  }
  return at == end ? std::optional(key) : std::nullopt;
}

}  // namespace

asio::awaitable<result<jobs_page>> memory_queue::list(list_request request) {
  if (request.limit == 0 || request.limit > list_jobs_max)
    co_return error(errc::validation, "limit", {"must be in 1..1000", "debe estar en 1..1000"});
  const auto after = request.after.empty() ? std::nullopt : read_cursor(request.after);
  if (!request.after.empty() && !after)
    co_return error(errc::validation, "after", {"not a cursor", "no es un cursor"});
  const session held(*this);
  std::map<list_key, const job*> rest;
  for (const auto& [id, j] : place_->lanes[request.queue].jobs) {
    if (j.view.state == request.state && (!after || key_of(j) > *after))
      rest.emplace(key_of(j), &j);
  }
  jobs_page page;
  for (const auto& [key, j] : rest) {
    if (page.jobs.size() == request.limit) {
      page.next = cursor_of(key_of(*find(request.queue, page.jobs.back().id)));
      break;
    }
    page.jobs.push_back(view_of(*j));
    page.jobs.back().logs.clear();
  }
  co_return page;
}

asio::awaitable<result<std::vector<child_view>>> memory_queue::children(std::string queue,
                                                                        std::string id) {
  const session held(*this);
  const job* j = find(queue, id);
  if (j == nullptr) co_return unknown();
  std::vector<child_view> all;
  for (const memory_child& child : j->children) {
    all.push_back(child.view);
    if (const job* alive = find(child.view.job.queue, child.view.job.id))
      all.back().state = alive->view.state;
  }
  co_return all;
}

result<std::vector<std::string>> memory_queue::queues() {
  const session held(*this);
  std::vector<std::string> names;
  for (const auto& [name, in] : place_->lanes) {
    if (in.known()) names.push_back(name);
  }
  return names;
}

result<queue_counts> memory_queue::counts(const std::string& queue) {
  const session held(*this);
  queue_counts n;
  const auto found = place_->lanes.find(queue);
  if (found == place_->lanes.end()) return n;
  n.paused = found->second.paused;
  std::int64_t* const per_state[] = {&n.waiting,          &n.prioritized, &n.delayed, &n.active,
                                     &n.waiting_children, &n.completed,   &n.failed};
  for (const auto& [id, j] : found->second.jobs) {
    ++*per_state[static_cast<std::size_t>(j.view.state)];
    if (j.view.state != job_state::waiting && j.view.state != job_state::prioritized) continue;
    auto& oldest = n.oldest_ready_at_ms;
    if (oldest == 0 || j.ready_at_ms < oldest) oldest = j.ready_at_ms;
  }
  return n;
}

result<queue_limits> memory_queue::limits(const std::string& queue) {
  const session held(*this);
  return place_->lanes[queue].limits;
}

void memory_queue::tell(event_type type, const std::string& queue, std::string detail) {
  job about;
  about.view.queue = queue;
  tell(type, about, std::move(detail));
}

void memory_queue::tell(event_type type, const job& j, std::string detail) {
  job_event event;
  event.id = place_->next_event++;
  event.type = type;
  event.queue = j.view.queue;
  event.job_id = j.view.id;
  event.kind = j.view.kind;
  event.at_ms = clock_.now_ms();
  if (type == event_type::progress) event.progress = j.view.progress;
  event.detail = std::move(detail);
  ++tally_.events[type];
  undelivered_.push_back(event);
  if (events_.size() == events_max) {
    first_event_ = events_.front().id + 1;
    events_.pop_front();
  }
  if (broken(memory_fault::events_swapped) && !events_.empty()) {
    std::swap(event.id, events_.back().id);
    events_.insert(events_.end() - 1, std::move(event));
  } else {
    events_.push_back(std::move(event));
  }
  changed_.notify_all();
}

void memory_queue::deliver() {
  const std::lock_guard in_order(delivery_);
  for (;;) {
    std::deque<job_event> news;
    std::vector<run_record> runs;
    std::map<int, std::function<void(const job_event&)>> listeners;
    std::map<int, std::function<void(std::span<const run_record>)>> recorders;
    {
      const std::lock_guard lock(mutex_);
      if (undelivered_.empty() && records_.empty()) return;
      news.swap(undelivered_);
      runs.swap(records_);
      listeners = listeners_;
      recorders = recorders_;
    }
    for (const job_event& event : news)
      for (const auto& [id, listener] : listeners) listener(event);
    if (runs.empty() || broken(memory_fault::records_lost)) continue;
    for (const auto& [id, listener] : recorders) listener(runs);
  }
}

events_page memory_queue::events(std::uint64_t since, std::size_t limit) {
  const session held(*this);
  events_page page;
  page.gap = since != 0 && since + 1 < first_event_;
  for (const job_event& event : events_) {
    if (event.id > since && page.events.size() < limit) page.events.push_back(event);
  }
  return page;
}

std::shared_ptr<void> memory_queue::subscribe(std::function<void(const job_event&)> listener) {
  const std::lock_guard lock(mutex_);
  const int id = next_listener_++;
  listeners_.emplace(id, std::move(listener));
  return std::shared_ptr<void>(nullptr, [this, id](void*) {
    const std::lock_guard in_order(delivery_);
    const std::lock_guard inner(mutex_);
    listeners_.erase(id);
  });
}

std::shared_ptr<void> memory_queue::record_runs(
    std::function<void(std::span<const run_record>)> listener) {
  const std::lock_guard lock(mutex_);
  const int id = next_listener_++;
  recorders_.emplace(id, std::move(listener));
  return std::shared_ptr<void>(nullptr, [this, id](void*) {
    const std::lock_guard in_order(delivery_);
    const std::lock_guard inner(mutex_);
    recorders_.erase(id);
  });
}

void memory_queue::stop() {
  const session held(*this);
  stopped_ = true;
  for (const waiter_ptr& w : waiters_) {
    w->ended = true;
    asio::post(w->executor, [timer = w->timer] { timer->cancel(); });
  }
}

bool memory_queue::wait_for(const std::function<bool(const tally&)>& holds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return holds(tally_); });
}

memory_queue::tally memory_queue::seen() {
  const std::lock_guard lock(mutex_);
  return tally_;
}

void memory_queue::take_over(const std::string& queue, const std::string& id) {
  const std::lock_guard lock(mutex_);
  ++find(queue, id)->view.starts;
}

void memory_queue::fail_finishes(int times) {
  const std::lock_guard lock(mutex_);
  finishes_to_fail_ = times;
}

}  // namespace son1k::test
