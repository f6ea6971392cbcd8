#include "queue/redis/telling.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "queue/redis/job_fields.hpp"

namespace son1k::queue::redis {
namespace {

constexpr std::size_t events_max = 10'000;
constexpr int number_bits = 20;

struct entry_id {
  std::uint64_t ms = 0;
  std::uint64_t number = 0;
};

entry_id parse_entry(std::string_view text) {
  entry_id id;
  const auto dash = text.find('-');
  std::from_chars(text.data(), text.data() + text.size(), id.ms);
  if (dash != text.npos)
    std::from_chars(text.data() + dash + 1, text.data() + text.size(), id.number);
  return id;
}

std::uint64_t number_of(entry_id id) {
  return (id.ms << number_bits) | std::min<std::uint64_t>(id.number, (1u << number_bits) - 1);
}

std::string after(std::uint64_t since) {
  if (since == 0) return "-";
  const auto number = since & ((1u << number_bits) - 1);
  return '(' + std::to_string(since >> number_bits) + '-' + std::to_string(number);
}

std::optional<event_type> type_of(std::string_view name) {
  for (int n = 0; n <= static_cast<int>(event_type::deduplicated); ++n) {
    const auto type = static_cast<event_type>(n);
    if (name_of(type) == name) return type;
  }
  return std::nullopt;
}

// Nothing for entries that only readers of BullMQ know.
std::optional<job_event> read_event(const std::string& queue, const net::redis_value& entry) {
  const auto& f = entry[1];
  const auto type = type_of(f.at("event").bytes());
  if (!type) return std::nullopt;
  const auto id = parse_entry(entry[0].bytes());
  job_event e;
  e.id = number_of(id);
  e.type = *type;
  e.queue = queue;
  e.job_id = std::string(f.at("jobId").bytes());
  e.kind = std::string(f.at("kind").bytes());
  e.at_ms = static_cast<std::int64_t>(id.ms);
  switch (*type) {
    case event_type::progress:
      e.progress = read_progress(f.at("data").bytes());
      break;
    case event_type::completed:
      e.detail = std::string(f.at("returnvalue").bytes());
      break;
    case event_type::failed:
      e.detail = std::string(f.at("failedReason").bytes());
      break;
    case event_type::delayed:
      e.detail = std::string(f.at("delay").bytes());
      break;
    case event_type::retries_exhausted:
      e.detail = std::string(f.at("attemptsMade").bytes());
      break;
    case event_type::cleaned:
      e.detail = std::string(f.at("count").bytes());
      break;
    default:
      e.detail = std::string(f.at("prev").bytes());
  }
  return e;
}

// Whether entries after `since` have been trimmed.
bool trimmed(link& from, const std::string& stream, std::uint64_t since) {
  const auto info = from.wait(net::redis_command("XINFO").add("STREAM").add(stream));
  if (!info) return false;
  const auto& first = info->at("first-entry");
  if (info->at("entries-added").number_or(0) <= info->at("length").number_or(0)) return false;
  return first.size() > 0 && number_of(parse_entry(first[0].bytes())) > since;
}

}  // namespace

events_page telling::events(const std::vector<std::string>& queues, std::uint64_t since,
                            std::size_t limit) {
  events_page page;
  for (const auto& queue : queues) {
    const auto stream = link_->base() + queue + ":events";
    if (since != 0 && trimmed(*link_, stream, since)) page.gap = true;
    const auto got = link_->wait(net::redis_command("XRANGE")
                                     .add(stream)
                                     .add(after(since))
                                     .add("+")
                                     .add("COUNT")
                                     .add(std::min(limit, events_max + 1'000)));
    if (!got) continue;
    for (const auto& entry : got->items())
      if (auto e = read_event(queue, entry)) page.events.push_back(std::move(*e));
  }
  const auto earlier = [](const job_event& a, const job_event& b) { return a.id < b.id; };
  std::stable_sort(page.events.begin(), page.events.end(), earlier);
  const auto most = std::min(limit, events_max);
  if (page.events.size() > most && limit > events_max) {
    page.events.erase(page.events.begin(), page.events.end() - static_cast<std::ptrdiff_t>(most));
  } else if (page.events.size() > most) {
    page.events.resize(most);
  }
  return page;
}

namespace {

constexpr std::chrono::milliseconds listen_time{250};  // then queues that are new are looked for
// Where so many come at once, they are read in larger parts.
constexpr std::size_t crowd = 64;
constexpr std::chrono::milliseconds crowd_rest{5};

std::size_t count_entries(const net::redis_value& streams) {
  std::size_t count = 0;
  for (const auto& stream : streams.items()) count += stream[1].size();
  return count;
}

}  // namespace

// Queues whose streams nobody reads yet. Events of before the first look are not told.
std::vector<std::string> telling::new_queues() {
  std::vector<std::string> fresh;
  const auto names = link_->wait(net::redis_command("SMEMBERS").add(link_->base() + "s1k:queues"));
  if (!names) return fresh;
  std::lock_guard lock(mutex_);
  for (const auto& name : names->items())
    if (!last_.contains(std::string(name.bytes()))) fresh.emplace_back(name.bytes());
  return fresh;
}

bool telling::connect() {
  if (wire_) return true;
  auto made = link_->solo("son1k:events");
  if (!made) return false;
  std::lock_guard lock(mutex_);
  wire_ = std::move(*made);
  return !stopped_;
}

void telling::listen() {
  std::chrono::steady_clock::time_point looked;
  std::uint64_t looked_for = 0;
  for (;;) {
    std::uint64_t audience = 0;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopped_ || !listeners_.empty(); });
      audience = audience_;
    }
    std::vector<std::string> fresh;
    const auto now = std::chrono::steady_clock::now();
    if (audience != looked_for || now - looked >= listen_time) {
      fresh = new_queues();
      looked = now;
      looked_for = audience;
    }
    net::redis_command read("XREAD");
    read.add("COUNT").add(1'000).add("BLOCK").add(listen_time.count()).add("STREAMS");
    bool any = false;
    {
      std::lock_guard lock(mutex_);
      if (stopped_) return;
      for (const auto& queue : fresh) last_.emplace(queue, "0-0");
      for (const auto& [queue, last] : last_) read.add(link_->base() + queue + ":events");
      for (const auto& [queue, last] : last_) read.add(last);
      any = !last_.empty();
    }
    net::redis_call_options options;
    options.block = listen_time;
    if (!any || !connect()) {
      looked = {};
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, listen_time / 10, [this] { return stopped_; });
      continue;
    }
    const auto got = wire_->ask(std::move(read), options);
    if (got && got->is_array()) hand_out(*got, audience);
    const bool many = got && count_entries(*got) >= crowd;
    if (!got || many) {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, many ? crowd_rest : listen_time, [this] { return stopped_; });
    }
  }
}

void telling::hand_out(const net::redis_value& streams, std::uint64_t audience) {
  const std::lock_guard in_order(delivery_);
  for (const auto& stream : streams.items()) {
    const auto key = stream[0].bytes();
    const auto tail = std::string_view(":events").size() + link_->base().size();
    const std::string queue(key.substr(link_->base().size(), key.size() - tail));
    std::map<int, std::function<void(const job_event&)>> listeners;
    {
      std::lock_guard lock(mutex_);
      if (audience != audience_) return;
      const auto& entries = stream[1];
      if (entries.size() == 0) continue;
      last_[queue] = std::string(entries[entries.size() - 1][0].bytes());
      listeners = listeners_;
    }
    for (const auto& entry : stream[1].items()) {
      const auto e = read_event(queue, entry);
      if (!e) continue;
      for (const auto& [id, listener] : listeners) listener(*e);
    }
  }
}

std::shared_ptr<void> telling::subscribe(std::function<void(const job_event&)> listener) {
  bool anew = false;
  {
    // While nobody listened nothing was read: all streams begin anew.
    std::lock_guard lock(mutex_);
    anew = listeners_.empty();
    if (anew) {
      last_.clear();
      ++audience_;
    }
  }
  const auto queues = new_queues();
  std::map<std::string, std::string> newest;
  for (const auto& queue : queues) {
    const auto last = link_->wait(net::redis_command("XREVRANGE")
                                      .add(link_->base() + queue + ":events")
                                      .add("+")
                                      .add("-")
                                      .add("COUNT")
                                      .add(1));
    newest[queue] = last && last->size() > 0 ? std::string((*last)[0][0].bytes()) : "0-0";
  }
  std::lock_guard lock(mutex_);
  const int id = next_++;
  if (anew) last_.insert(newest.begin(), newest.end());
  if (!thread_.joinable() && !stopped_) {
    thread_ = std::thread([this] { listen(); });
  }
  listeners_.emplace(id, std::move(listener));
  changed_.notify_all();
  return std::shared_ptr<void>(nullptr, [self = shared_from_this(), id](void*) {
    const std::lock_guard in_order(self->delivery_);
    const std::lock_guard inner(self->mutex_);
    self->listeners_.erase(id);
  });
}

void telling::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    if (wire_) wire_->end();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<void> telling::record_runs(
    std::function<void(std::span<const run_record>)> listener) {
  std::lock_guard lock(mutex_);
  const int id = next_++;
  recorders_.emplace(id, std::move(listener));
  return std::shared_ptr<void>(nullptr, [self = shared_from_this(), id](void*) {
    const std::lock_guard in_order(self->delivery_);
    const std::lock_guard inner(self->mutex_);
    self->recorders_.erase(id);
  });
}

void telling::record(std::vector<run_record> some) {
  if (some.empty()) return;
  const std::lock_guard in_order(delivery_);
  std::map<int, std::function<void(std::span<const run_record>)>> recorders;
  {
    std::lock_guard lock(mutex_);
    recorders = recorders_;
  }
  for (const auto& [id, recorder] : recorders) recorder(some);
}

run_record record_of(const stored_job& job, const run_cost& cost, std::int64_t now_ms) {
  const auto& v = job.view;
  run_record r;
  r.job = {v.queue, v.id};
  r.kind = v.kind;
  r.user = v.user;
  r.group = v.options.group;
  r.data = v.data;
  r.priority = v.options.priority;
  r.fence = v.starts;
  r.attempts_made = v.attempts_made;
  r.stalls = v.stalls;
  r.added_at_ms = v.added_at_ms;
  r.ready_at_ms = job.ready_at_ms;
  r.ended_at_ms = now_ms;
  r.state = v.state;
  r.result = v.result;
  r.error = v.error;
  r.cost = cost;
  if (v.state == job_state::failed) r.options = v.options;
  return r;
}

}  // namespace son1k::queue::redis
