// What a run says of itself, leases, and the workers.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/utf8.hpp"
#include "queue/redis/core.hpp"
#include "store/async.hpp"

namespace son1k::queue::redis {

using boost::asio::awaitable;
namespace json = boost::json;

namespace {

constexpr std::size_t note_bytes_max = 1'024;
constexpr std::size_t log_bytes_max = 4'096;

words of_runs(words first, std::span<const lease> held) {
  first.add(held.size());
  for (const auto& l : held) first.add(l.queue).add(l.id).add(l.fence);
  return first;
}

std::string to_json(const worker_facts& f) {
  json::array queues;
  for (const auto& q : f.queues) queues.emplace_back(q);
  json::object o{{"name", f.name},       {"host", f.host},     {"pid", f.pid},
                 {"version", f.version}, {"queues", queues},   {"slots", f.slots},
                 {"busy", f.busy},       {"rss", f.rss_bytes}, {"since", f.started_at_ms},
                 {"seen", f.seen_at_ms}, {"paused", f.paused}, {"draining", f.draining}};
  return json::serialize(o);
}

std::optional<worker_facts> read_worker(std::string_view text) {
  boost::system::error_code ec;
  const auto value = json::parse({text.data(), text.size()}, ec);
  if (ec || !value.is_object()) return std::nullopt;
  try {
    const auto& o = value.get_object();
    const auto number = [&](const char* name) { return o.at(name).to_number<std::int64_t>(); };
    const auto word = [&](const char* name) { return std::string(o.at(name).as_string()); };
    worker_facts f;
    f.name = word("name");
    f.host = word("host");
    f.pid = number("pid");
    f.version = word("version");
    for (const auto& q : o.at("queues").as_array()) f.queues.emplace_back(q.as_string());
    f.slots = number("slots");
    f.busy = number("busy");
    f.rss_bytes = number("rss");
    f.started_at_ms = number("since");
    f.seen_at_ms = number("seen");
    f.paused = o.at("paused").as_bool();
    f.draining = o.at("draining").as_bool();
    return f;
  } catch (const std::exception&) {  // another program's, or another version's
    return std::nullopt;
  }
}

worker_order read_order(std::string_view text) {
  return {text.find('p') != text.npos, text.find('d') != text.npos};
}

}  // namespace

// Refused by Redis as well if the job belongs to somebody else by then; who has lost it is told at
// the next renewal.
result<void> core::progress(const lease& held, progress_value value) {
  cut_text(value.message, note_bytes_max);
  value.percent = std::clamp(value.percent, 0, 100);
  const auto now = runs_.raise(held, std::move(value));
  if (!now) return lost_lease();
  notebook_->add(held, {"progress", redis::to_json(*now)});
  return {};
}

result<void> core::log(const lease& held, std::string line) {
  const auto known = runs_.find(held);
  if (!known) return lost_lease();
  cut_text(line, log_bytes_max);
  std::replace(line.begin(), line.end(), '\n', ' ');
  const auto keep = known->job.view.options.keep_logs;
  if (keep == 0) return {};
  notebook_->add(held, {"log", std::move(line), keep});
  return {};
}

awaitable<result<void>> core::checkpoint(lease held, std::string text) {
  if (text.size() > data_bytes_max)
    co_return error(errc::payload_too_large, "checkpoint",
                    {"must be at most 1048576 bytes", "debe tener como mucho 1048576 bytes"});
  words args;
  args.add(1).add(held.queue).add(held.id).add(held.fence).add(1).add("checkpoint").add(text);
  notebook_->flush();
  auto got = co_await link_->run("note", std::move(args));
  if (!got) co_return got.error();
  if ((*got)[0].number_or(-1) != 0) co_return lost_lease();
  co_return result<void>{};
}

std::vector<std::string> core::renew(std::span<const lease> held, std::int64_t lease_ms) {
  std::vector<std::string> gone;
  if (held.empty()) return gone;
  words first;
  first.add(lease_ms);
  const auto got = link_->wait("renew", of_runs(std::move(first), held));
  if (!got) return gone;  // Redis is away: the leases hold as long as they last
  for (const auto& id : got->items()) {
    gone.emplace_back(id.bytes());
    for (const auto& l : held)
      if (l.id == gone.back()) runs_.erase(l.queue, l.id, l.fence);
  }
  return gone;
}

std::vector<std::string> core::cancel_requests(std::span<const lease> held) {
  std::vector<std::string> asked;
  if (held.empty()) return asked;
  words first;
  first.add(false);
  const auto got = link_->wait("check", of_runs(std::move(first), held));
  if (!got) return asked;
  for (std::size_t n = 0; n < held.size(); ++n)
    if ((*got)[n][1].number_or(0) == 1) asked.push_back(held[n].id);
  return asked;
}

void core::stage_fence_check(store::transaction& tx, const lease& held) {
  tx.stage([this, held](store::connection& c) -> result<void> {
    if (auto ok = outbox::check_fence(c, held); !ok) return ok;
    words first;
    first.add(false);
    const auto got = link_->wait("check", of_runs(std::move(first), std::span(&held, 1)));
    if (!got) return got.error();
    if ((*got)[0][0].number_or(0) != 1) return lost_lease();
    return {};
  });
}

result<std::size_t> core::recovered(const std::string& queue, const net::redis_value& reply) {
  std::vector<run_record> records;
  for (const auto& one : reply.items()) {
    const std::string id(one[0].bytes());
    auto job = read_job(queue, id, one[1]);
    runs_.erase(queue, id, job.view.starts);
    if (is_suspect(job.view.stalls) && !settings_.shared) {
      std::lock_guard lock(mutex_);
      suspects_[queue] = {1, clock_.steady_ms()};
    }
    job.view.state = ready_state(job.view.options.priority);
    auto record = record_of(job, {}, link_->now_ms());
    record.ended = false;
    record.stalled = true;
    record.worker = job.view.worker;
    record.started_at_ms = job.view.started_at_ms;
    records.push_back(std::move(record));
  }
  const auto count = records.size();
  telling_->record(std::move(records));
  return count;
}

awaitable<result<std::size_t>> core::recover_stalled(std::string queue) {
  words args;
  args.add(queue).add("").add(settings_.stalls_max);
  auto got = co_await link_->run("recover", std::move(args));
  if (!got) co_return got.error();
  auto count = recovered(queue, *got);
  wake_all();
  co_return count;
}

worker_order core::beat(const worker_facts& facts) {
  worker_facts now = facts;
  now.seen_at_ms = link_->now_ms();
  const auto workers = link_->base() + "s1k:workers";
  const auto orders = link_->base() + "s1k:orders";
  (void)link_->wait(net::redis_command("HSET").add(workers).add(facts.name).add(to_json(now)));
  const auto order = link_->wait(net::redis_command("HGET").add(orders).add(facts.name));
  return order ? read_order(order->bytes()) : worker_order{};
}

void core::leave(const std::string& worker) {
  for (const auto* list : {"s1k:workers", "s1k:orders"})
    (void)link_->wait(net::redis_command("HDEL").add(link_->base() + list).add(worker));
}

std::vector<worker_facts> core::workers() {
  std::vector<worker_facts> all;
  const auto got = link_->wait(net::redis_command("HGETALL").add(link_->base() + "s1k:workers"));
  if (!got) return all;
  for (std::size_t n = 0; n + 1 < got->size(); n += 2) {
    auto f = read_worker((*got)[n + 1].bytes());
    if (f && link_->now_ms() - f->seen_at_ms <= worker_silence_ms) {
      all.push_back(std::move(*f));
    } else {
      leave(std::string((*got)[n].bytes()));
    }
  }
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::sort(all.begin(), all.end(), by_name);
  return all;
}

result<void> core::order(const std::string& worker, worker_order what) {
  const auto all = workers();
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const auto& f) { return f.name == worker; });
  if (it == all.end())
    return error(errc::not_found, "worker", {"no such worker", "no existe ese trabajador"});
  const std::string marks = std::string(what.paused ? "p" : "") + (what.drain ? "d" : "");
  auto ok = link_->wait(
      net::redis_command("HSET").add(link_->base() + "s1k:orders").add(worker).add(marks));
  if (!ok) return ok.error();
  return {};
}

}  // namespace son1k::queue::redis
