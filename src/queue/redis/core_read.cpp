// What is to be seen of jobs and queues.
#include <algorithm>
#include <charconv>

#include "queue/redis/core.hpp"
#include "queue/redis/limits_json.hpp"

namespace son1k::queue::redis {

using boost::asio::awaitable;

namespace {

// Nothing if there is no such job.
std::optional<job_view> read_view(const std::string& queue, const std::string& id,
                                  const net::redis_value& look) {
  if (look.size() == 0) return std::nullopt;
  job_view v = read_job(queue, id, look[1]).view;
  v.state = state_of(look[0].bytes());
  if (!is_ended(v.state) && v.state != job_state::delayed) v.error.reset();
  if (v.state != job_state::completed) v.result.clear();
  v.children_left = static_cast<std::int32_t>(look[2].number_or(0));
  v.run_at_ms = look[3].number_or(0);
  for (const auto& line : look[4].items()) v.logs.emplace_back(line.bytes());
  return v;
}

words one_job(const std::string& queue, const std::string& id, bool logs) {
  words w;
  w.add(logs).add(1).add(queue).add(id);
  return w;
}

}  // namespace

awaitable<result<job_view>> core::get(std::string queue, std::string id) {
  auto args = one_job(queue, id, true);
  auto got = co_await link_->run("look", std::move(args));
  if (!got) co_return got.error();
  auto view = read_view(queue, id, (*got)[0]);
  if (!view) co_return unknown_job();
  co_return std::move(*view);
}

awaitable<result<job_glance>> core::glance(std::string queue, std::string id) {
  if (!link_->connected()) co_return link::away();
  auto args = one_job(queue, id, false);
  auto got = co_await link_->run("look", std::move(args));
  if (!got) co_return got.error();
  const auto view = read_view(queue, id, (*got)[0]);
  if (!view || is_ended(view->state)) co_return unknown_job();
  job_glance out;
  out.state = view->state;
  if (out.state == job_state::active) out.progress = view->progress;
  if (out.state == job_state::delayed) out.run_at_ms = view->run_at_ms;
  co_return out;
}

awaitable<result<jobs_page>> core::list(list_request request) {
  if (request.limit == 0 || request.limit > list_jobs_max)
    co_return error(errc::validation, "limit", {"must be in 1..1000", "debe estar en 1..1000"});
  std::uint64_t offset = 0;
  const auto& after = request.after;
  if (!after.empty()) {
    const auto [end, ec] = std::from_chars(after.data(), after.data() + after.size(), offset);
    if (ec != std::errc() || end != after.data() + after.size())
      co_return error(errc::validation, "after", {"not a cursor", "no es un cursor"});
  }
  words args;
  args.add(request.queue).add(name_of(request.state)).add(offset).add(request.limit);
  auto ids = co_await link_->run("list", std::move(args));
  if (!ids) co_return ids.error();
  const auto shown = std::min(ids->size(), request.limit);
  words look;
  look.add(false).add(shown);
  for (std::size_t n = 0; n < shown; ++n) look.add(request.queue).add((*ids)[n].bytes());
  auto got = co_await link_->run("look", std::move(look));
  if (!got) co_return got.error();
  jobs_page page;
  for (std::size_t n = 0; n < shown; ++n) {
    auto view = read_view(request.queue, std::string((*ids)[n].bytes()), (*got)[n]);
    if (view && view->state == request.state) page.jobs.push_back(std::move(*view));
  }
  if (ids->size() > shown) page.next = std::to_string(offset + shown);
  co_return page;
}

awaitable<result<std::vector<child_view>>> core::children(std::string queue, std::string id) {
  words args;
  args.add(queue).add(id);
  auto got = co_await link_->run("children", std::move(args));
  if (!got) co_return got.error();
  if (!got->is_array()) co_return unknown_job();
  std::vector<child_view> all;
  for (const auto& one : got->items()) {
    child_view c;
    c.job = {std::string(one[0].bytes()), std::string(one[1].bytes())};
    c.state = state_of(one[2].bytes());
    c.result = std::string(one[3].bytes());
    c.error = read_error(one[4].bytes());
    all.push_back(std::move(c));
  }
  co_return all;
}

result<std::vector<std::string>> core::queues() {
  const auto got = link_->wait(net::redis_command("SMEMBERS").add(link_->base() + "s1k:queues"));
  if (!got) return got.error();
  std::vector<std::string> names;
  words ask;
  ask.add(got->size());
  for (const auto& name : got->items()) {
    names.emplace_back(name.bytes());
    ask.add(name.bytes());
  }
  const auto counted = link_->wait("counts", ask);
  if (!counted) return counted.error();
  std::vector<std::string> some;
  for (std::size_t n = 0; n < names.size(); ++n) {
    const auto& c = (*counted)[n];
    std::int64_t all = c[7].number_or(0) + c[9].number_or(0);
    for (std::size_t state = 0; state < 7; ++state) all += c[state].number_or(0);
    if (all > 0) some.push_back(names[n]);
  }
  std::sort(some.begin(), some.end());
  return some;
}

result<queue_counts> core::counts(const std::string& queue) {
  words ask;
  ask.add(1).add(queue);
  const auto got = link_->wait("counts", ask);
  if (!got) return got.error();
  const auto& c = (*got)[0];
  queue_counts n;
  std::int64_t* const states[] = {&n.waiting,          &n.prioritized, &n.delayed, &n.active,
                                  &n.waiting_children, &n.completed,   &n.failed};
  for (std::size_t i = 0; i < std::size(states); ++i) *states[i] = c[i].number_or(0);
  n.paused = c[7].number_or(0) == 1;
  n.oldest_ready_at_ms = c[8].number_or(0);
  return n;
}

result<queue_limits> core::limits(const std::string& queue) {
  const auto stock = link_->wait(
      net::redis_command("HGET").add(link_->base() + queue + ":meta").add("concurrency"));
  if (!stock) return stock.error();
  const auto own =
      link_->wait(net::redis_command("HGETALL").add(link_->base() + queue + ":s:limits"));
  if (!own) return own.error();
  queue_limits l;
  l.concurrency = stock->number_or(0);
  if (const auto max = own->at("rate_max").number())
    l.rate = rate_limit{*max, own->at("rate_per").number_or(1'000)};
  l.each_group = read_group_limits(own->at("each").bytes());
  l.ageing_ms = own->at("ageing").number_or(l.ageing_ms);
  return l;
}

events_page core::events(std::uint64_t since, std::size_t limit) {
  const auto got = link_->wait(net::redis_command("SMEMBERS").add(link_->base() + "s1k:queues"));
  std::vector<std::string> names;
  if (got)
    for (const auto& name : got->items()) names.emplace_back(name.bytes());
  return telling_->events(names, since, limit);
}

std::shared_ptr<void> core::subscribe(std::function<void(const job_event&)> listener) {
  return telling_->subscribe(std::move(listener));
}

std::shared_ptr<void> core::record_runs(std::function<void(std::span<const run_record>)> listener) {
  return telling_->record_runs(std::move(listener));
}

}  // namespace son1k::queue::redis
