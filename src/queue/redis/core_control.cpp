// What operators do to jobs and queues.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "queue/redis/core.hpp"
#include "queue/redis/limits_json.hpp"
#include "store/async.hpp"

namespace son1k::queue::redis {

using boost::asio::awaitable;
namespace json = boost::json;

namespace {

constexpr std::size_t slice = 500;
constexpr std::int64_t latest = 9'000'000'000'000;

const job_error& removed_error() {
  static const job_error e{"removed", "removed", false};
  return e;
}

error wrong_state(std::string_view state) {
  const std::string name(state);
  return {errc::conflict, "state", {"the job is " + name, "el trabajo está " + name}};
}

std::string_view name_of(job_edit::what what) {
  switch (what) {
    case job_edit::what::retry:
      return "retry";
    case job_edit::what::promote:
      return "promote";
    case job_edit::what::priority:
      return "priority";
    case job_edit::what::to_front:
      return "to_front";
    case job_edit::what::to_back:
      return "to_back";
    case job_edit::what::remove:
      return "remove";
  }
  return "remove";
}

// The job as it will be, for its domain; nothing if the domain has no part in it.
std::optional<job_view> edited(const job_edit& how, job_view view) {
  if (how.kind == job_edit::what::remove) {
    if (is_ended(view.state)) return std::nullopt;
    view.state = job_state::failed;
    view.error = removed_error();
  } else if (how.kind == job_edit::what::retry || how.kind == job_edit::what::promote) {
    view.state = ready_state(view.options.priority);
    view.error.reset();
  }
  return view;
}

result<void> call_settle(const settle_function& settle, const std::vector<job_view>& jobs,
                         store::transaction& tx) {
  try {
    for (const auto& job : jobs) settle(job, tx);
  } catch (const std::exception& e) {
    return error(errc::internal, {std::string("settle threw: ") + e.what()});
  }
  return {};
}

}  // namespace

std::string to_json(const group_limits& limits) {
  if (limits == group_limits{}) return {};
  json::object o;
  if (limits.concurrency > 0) o["concurrency"] = limits.concurrency;
  if (limits.rate) {
    o["max"] = limits.rate->max;
    o["per"] = limits.rate->per_ms;
  }
  return json::serialize(o);
}

group_limits read_group_limits(std::string_view text) {
  group_limits l;
  boost::system::error_code ec;
  if (text.empty()) return l;
  const auto value = json::parse({text.data(), text.size()}, ec);
  if (ec || !value.is_object()) return l;
  const auto number = [&](const char* name) -> std::int64_t {
    const auto* v = value.get_object().if_contains(name);
    return v != nullptr && v->is_int64() ? v->get_int64() : 0;
  };
  l.concurrency = number("concurrency");
  if (number("max") > 0) l.rate = rate_limit{number("max"), number("per")};
  return l;
}

awaitable<result<std::vector<result<void>>>> core::edit(std::string queue,
                                                        std::vector<std::string> ids,
                                                        job_edit how) {
  if (ids.size() > edit_jobs_max)
    co_return error(errc::payload_too_large, "ids",
                    {"at most 1000 jobs", "como mucho 1000 trabajos"});
  if (how.kind == job_edit::what::priority && (how.priority < 0 || how.priority > priority_max))
    co_return error(errc::validation, "priority",
                    {"must be in 0..2097151", "debe estar en 0..2097151"});
  words change;
  change.add(queue).add(name_of(how.kind)).add(how.priority).add(ids.size());
  for (const auto& id : ids) change.add(id);
  std::string row;
  if (how.settle) {
    words look;
    look.add(true).add(ids.size());
    for (const auto& id : ids) look.add(queue).add(id);
    auto seen = co_await link_->run("look", std::move(look));
    if (!seen) co_return seen.error();
    std::vector<job_view> after;
    for (std::size_t n = 0; n < ids.size(); ++n) {
      const auto& one = (*seen)[n];
      if (one.size() == 0) continue;
      job_view view = read_job(queue, ids[n], one[1]).view;
      view.state = state_of(one[0].bytes());
      if (!fits(how.kind, view.state)) continue;
      if (auto to = edited(how, std::move(view))) after.push_back(std::move(*to));
    }
    if (!after.empty()) {
      store::transaction tx;
      row = outbox_->stage_row(tx, "edit", change, queue, "");
      auto ok = call_settle(how.settle, after, tx);
      if (ok) ok = co_await store::async_commit(db_, std::move(tx));
      if (!ok) co_return ok.error();
    }
  }
  auto got = co_await link_->run("edit", std::move(change));
  if (!got) co_return got.error();
  if (!row.empty()) outbox_->done(row);
  std::vector<result<void>> replies;
  for (const auto& one : got->items()) {
    const auto code = one.number();
    if (code && *code == 0) {
      replies.emplace_back();
    } else if (code && *code == -8) {
      replies.emplace_back(next_of_scheduler());
    } else if (code) {
      replies.emplace_back(unknown_job());
    } else {
      replies.emplace_back(wrong_state(one.bytes()));
    }
  }
  wake(queue);
  co_return replies;
}

// Removes these jobs (ids and states in turn) as far as they are still so; settles those that had
// not ended.
awaitable<result<void>> core::remove_slice(std::string queue, std::vector<std::string> found,
                                           bool loud, settle_function settle,
                                           std::size_t& removed) {
  words change;
  change.add(queue).add("remove").add(loud).add(found.size() / 2);
  words look;
  std::size_t open = 0;
  words queries;
  for (std::size_t n = 0; n + 1 < found.size(); n += 2) {
    change.add(found[n]).add(found[n + 1]);
    if (is_ended(state_of(found[n + 1]))) continue;
    ++open;
    queries.add(queue).add(found[n]);
  }
  std::string row;
  if (settle && open > 0) {
    look.add(false).add(open);
    for (const auto& word : queries.all()) look.add(std::string_view(word));
    auto seen = co_await link_->run("look", std::move(look));
    if (!seen) co_return seen.error();
    std::vector<job_view> after;
    for (std::size_t n = 0; n < open; ++n) {
      const auto& one = (*seen)[n];
      if (one.size() == 0 || is_ended(state_of(one[0].bytes()))) continue;
      job_view view = read_job(queue, queries.all()[2 * n + 1], one[1]).view;
      view.state = job_state::failed;
      view.error = removed_error();
      after.push_back(std::move(view));
    }
    store::transaction tx;
    row = outbox_->stage_row(tx, "sweep", change, queue, "");
    auto ok = call_settle(settle, after, tx);
    if (ok) ok = co_await store::async_commit(db_, std::move(tx));
    if (!ok) co_return ok;
  }
  auto got = co_await link_->run("sweep", std::move(change));
  if (!got) co_return got.error();
  if (!row.empty()) outbox_->done(row);
  removed += static_cast<std::size_t>(got->number_or(0));
  co_return result<void>{};
}

awaitable<result<std::size_t>> core::clean(clean_request request) {
  if (request.min_age_ms < 0)
    co_return error(errc::validation, "min_age", {"must not be negative", "no debe ser negativo"});
  for (const job_state s : request.states) {
    if (s != job_state::active && s != job_state::waiting_children) continue;
    const std::string name(queue::name_of(s));
    co_return error(errc::validation, "states",
                    {"jobs in this state cannot be cleaned: " + name,
                     "los trabajos en este estado no se pueden limpiar: " + name});
  }
  const auto newest = link_->now_ms() - request.min_age_ms;
  std::size_t removed = 0;
  while (removed < request.max) {
    words ask;
    ask.add(request.queue).add("look").add(request.states.size());
    for (const auto s : request.states) ask.add(queue::name_of(s));
    ask.add(newest).add(std::min(slice, request.max - removed));
    auto got = co_await link_->run("sweep", std::move(ask));
    if (!got) co_return got.error();
    if (got->size() == 0) break;
    std::vector<std::string> found;
    for (const auto& word : got->items()) found.emplace_back(word.bytes());
    const auto before = removed;
    auto ok =
        co_await remove_slice(request.queue, std::move(found), false, request.settle, removed);
    if (!ok) co_return ok.error();
    if (removed == before) break;
  }
  if (removed > 0) {
    words told;
    told.add(request.queue).add("cleaned").add(removed);
    auto ok = co_await link_->run("control", std::move(told));
    if (!ok) co_return ok.error();
  }
  co_return removed;
}

awaitable<result<void>> core::obliterate(std::string queue, bool force, settle_function settle) {
  words ask_counts;
  ask_counts.add(1).add(queue);
  const auto counted = co_await link_->run("counts", std::move(ask_counts));
  if (!counted) co_return counted.error();
  const auto& now = (*counted)[0];
  std::int64_t all = now[9].number_or(0);  // what is set about it
  for (std::size_t state = 0; state < 7; ++state) all += now[state].number_or(0);
  if (now[7].number_or(0) == 0) {
    if (all == 0) co_return result<void>{};
    co_return error(errc::conflict, "queue", {"it is not paused", "no está en pausa"});
  }
  if (now[3].number_or(0) > 0 && !force)
    co_return error(errc::conflict, "queue", {"jobs are active", "hay trabajos activos"});
  std::size_t removed = 0;
  for (std::size_t before = 1; before != removed;) {
    before = removed;
    words ask;
    ask.add(queue).add("all").add(7).add("active");
    for (const auto* state :
         {"waiting", "prioritized", "delayed", "waiting-children", "completed", "failed"})
      ask.add(state);
    ask.add(latest).add(slice);
    auto got = co_await link_->run("sweep", std::move(ask));
    if (!got) co_return got.error();
    if (got->size() == 0) break;
    std::vector<std::string> found;
    for (const auto& word : got->items()) found.emplace_back(word.bytes());
    auto ok = co_await remove_slice(queue, std::move(found), true, settle, removed);
    if (!ok) co_return ok;
  }
  words rest;
  rest.add(queue).add("forget");
  auto ok = co_await link_->run("control", std::move(rest));
  if (!ok) co_return ok.error();
  runs_.erase_queue(queue);
  co_return result<void>{};
}

awaitable<result<void>> core::pause(std::string queue, bool paused) {
  if (auto ok = known(queue); !ok) co_return ok;
  words args;
  args.add(queue).add("pause").add(paused);
  auto got = co_await link_->run("control", std::move(args));
  if (!got) co_return got.error();
  for (;;) {
    words merge;
    merge.add(queue).add("merge");
    auto moved = co_await link_->run("control", std::move(merge));
    if (!moved) co_return moved.error();
    if (moved->number_or(0) == 0) break;
  }
  if (!paused) wake(queue);
  co_return result<void>{};
}

awaitable<result<void>> core::set_limits(std::string queue, queue_limits limits) {
  if (auto ok = check(limits); !ok) co_return ok;
  if (auto ok = known(queue); !ok) co_return ok;
  words args;
  args.add(queue).add("limits").add(limits.concurrency);
  args.add(limits.rate ? limits.rate->max : 0).add(limits.rate ? limits.rate->per_ms : 0);
  args.add(to_json(limits.each_group)).add(limits.ageing_ms);
  auto got = co_await link_->run("control", std::move(args));
  if (!got) co_return got.error();
  wake(queue);
  co_return result<void>{};
}

awaitable<result<void>> core::set_group_limits(std::string queue, std::string group,
                                               std::optional<group_limits> limits) {
  if (limits) {
    if (auto ok = check(*limits); !ok) co_return ok;
  }
  if (auto ok = known(queue); !ok) co_return ok;
  words args;
  args.add(queue).add("group").add(group);
  args.add(limits ? (*limits == group_limits{} ? "{}" : to_json(*limits)) : std::string());
  auto got = co_await link_->run("control", std::move(args));
  if (!got) co_return got.error();
  wake(queue);
  co_return result<void>{};
}

}  // namespace son1k::queue::redis
