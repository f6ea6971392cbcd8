// Jobs on their way in without a commit of the caller's, and cancels.
#include <algorithm>
#include <atomic>
#include <set>

#include "base/uuid.hpp"
#include "queue/redis/core.hpp"
#include "store/async.hpp"

namespace son1k::queue::redis {

using boost::asio::awaitable;

namespace {

constexpr std::size_t batch_max = 10'000;

error at(error why, std::size_t n, std::size_t of) {
  if (of > 1) why.field = "jobs[" + std::to_string(n) + "]." + why.field;
  return why;
}

result<std::vector<added_job>> read_replies(const link::reply& got,
                                            const std::vector<job_spec>& specs) {
  if (!got) return got.error();
  if (const auto missing = got->number())
    return at(no_parent(), static_cast<std::size_t>(*missing - 1), specs.size());
  if (got->size() != specs.size())
    return error(errc::internal, "redis", "an add was answered in part");
  std::vector<added_job> all;
  all.reserve(specs.size());
  for (std::size_t n = 0; n < specs.size(); ++n) {
    const auto& one = (*got)[n];
    const bool known = one.is_array();
    all.push_back({known ? std::string(one[0].bytes()) : specs[n].id, known, one.number_or(0)});
  }
  return all;
}

// Keys of a queue begin as those of its jobs do.
constexpr std::string_view taken_names[] = {
    "wait",      "active", "paused",  "prioritized",   "delayed", "waiting-children",
    "completed", "failed", "marker",  "meta",          "events",  "stalled",
    "id",        "pc",     "limiter", "stalled-check", "repeat",  "priority"};
constexpr std::string_view taken_parts[] = {"s:", "de:", "dn:", "repeat:", "metrics:"};

job_error cancelled_error() {
  return outcome::cancel().error;
}

}  // namespace

result<void> check_names(const job_spec& spec) {
  const auto begins = [&](std::string_view part) { return spec.id.starts_with(part); };
  if (std::find(std::begin(taken_names), std::end(taken_names), spec.id) != std::end(taken_names) ||
      std::any_of(std::begin(taken_parts), std::end(taken_parts), begins))
    return error(errc::validation, "id",
                 {"is a name that the queue itself uses in Redis",
                  "es un nombre que la propia cola usa en Redis"});
  for (std::size_t n = 0; n < spec.children.size(); ++n) {
    auto ok = check_names(spec.children[n]);
    if (ok) continue;
    error why = ok.error();
    why.field = "children[" + std::to_string(n) + "]." + why.field;
    return why;
  }
  return {};
}

error no_parent() {
  return {errc::not_found, "parent", {"no such job, or it has ended", "no existe o ya terminó"}};
}

words with_count(added_trees trees) {
  words all;
  all.add(trees.jobs).append(std::move(trees.nodes));
  return all;
}

error unknown_job() {
  return {errc::not_found, "id", {"no such job", "no existe ese trabajo"}};
}

error next_of_scheduler() {
  return {errc::conflict,
          "id",
          {"it is the next run of a job scheduler: remove the scheduler",
           "es la próxima ejecución de un planificador: elimine este"}};
}

error lost_lease() {
  return {errc::lease_lost,
          {"the job belongs to a newer start or has ended",
           "el trabajo pertenece a un inicio más nuevo o ya terminó"}};
}

result<void> core::unstopped() const {
  if (stopped_) return error(errc::unavailable, "the queue has been stopped");
  return {};
}

// Every queue is in the list of names before it has anything.
result<void> core::known(const std::string& queue) {
  {
    std::lock_guard lock(mutex_);
    if (known_.contains(queue)) return {};
  }
  auto ok = link_->wait(net::redis_command("SADD").add(link_->base() + "s1k:queues").add(queue));
  if (!ok) return ok.error();
  ok = link_->wait(net::redis_command("HSETNX")
                       .add(link_->base() + queue + ":meta")
                       .add("opts.maxLenEvents")
                       .add(10'000));
  if (!ok) return ok.error();
  std::lock_guard lock(mutex_);
  known_.insert(queue);
  return {};
}

result<void> core::known_tree(const job_spec& spec) {
  if (auto ok = known(spec.queue); !ok) return ok;
  for (const auto& child : spec.children)
    if (auto ok = known_tree(child); !ok) return ok;
  return {};
}

result<added_trees> core::tree_words(std::vector<job_spec>& specs, bool once) {
  added_trees out;
  out.trees = specs.size();
  for (std::size_t n = 0; n < specs.size(); ++n) {
    if (auto ok = check(specs[n]); !ok) return at(ok.error(), n, specs.size());
    if (auto ok = check_names(specs[n]); !ok) return at(ok.error(), n, specs.size());
    if (auto ok = known_tree(specs[n]); !ok) return ok.error();
    const bool made = specs[n].id.empty();
    if (made) specs[n].id = uuid_v7();
    out.jobs += add_tree(out.nodes, specs[n], made && once, out.shapes);
  }
  return out;
}

awaitable<result<std::vector<added_job>>> core::add(std::vector<job_spec> specs) {
  if (specs.size() > batch_max)
    co_return error(errc::payload_too_large, "jobs",
                    {"at most 10000 jobs in one call", "como mucho 10000 trabajos por llamada"});
  if (auto ok = unstopped(); !ok) co_return ok.error();
  for (auto& s : specs) s.id_is_new = s.id_is_new || s.id.empty();
  auto trees = tree_words(specs, true);
  if (!trees) co_return trees.error();
  count_adds(specs);
  link::reply got = net::redis_value();
  auto woken = std::make_shared<std::atomic<bool>>(false);
  if (std::none_of(specs.begin(), specs.end(),
                   [](const auto& s) { return s.parent.has_value(); })) {
    std::set<std::string> queues;
    for (const auto& spec : specs) queues.insert(spec.queue);
    std::function<void()> gone = [this, woken, queues = std::move(queues)] {
      for (const auto& queue : queues) wake(queue, true);
      *woken = true;
    };
    auto replied = co_await gate_->add(std::move(*trees), std::move(gone));
    got = std::move(replied);
  } else {
    auto args = with_count(std::move(*trees));
    gate_->flush();
    auto replied = co_await link_->run("add", std::move(args));
    got = std::move(replied);
  }
  auto replies = read_replies(got, specs);
  if (!replies) co_return replies;
  if (!*woken)
    for (const auto& spec : specs) wake(spec.queue);
  co_return replies;
}

// These are on their way to Redis.
void core::count_adds(const std::vector<job_spec>& specs) {
  for (const auto& s : specs) {
    const auto& o = s.options;
    if (!s.id_is_new || !s.children.empty() || s.parent || !o.dedup.id.empty())
      return outlook_->forget();
    if (o.delay_ms == 0 && o.priority <= outlook::priority_max)
      outlook_->added(outlook::lane(s.queue, o.priority));
  }
}

result<void> core::stage_cancel(store::transaction& tx, const std::string& queue,
                                const std::string& id, const settle_function& settle) {
  if (auto ok = unstopped(); !ok) return ok;
  words look;
  look.add(queue).add(id).add("0").add("0");
  const auto seen = link_->wait("cancel", look);
  if (!seen) return seen.error();
  if (seen->number()) return next_of_scheduler();
  if (seen->size() == 0)
    return error(errc::not_found, "id", {"no such job, or it has ended", "no existe o ya terminó"});
  struct staged {
    words change;
    std::vector<stored_job> removed;
    std::string row;
    std::vector<std::string> rows;  // of children that run
    std::vector<std::pair<std::string, std::string>> ran;
  };
  auto now = std::make_shared<staged>();
  now->row = uuid_v7();
  tx.stage([this, now, queue, id, settle, look](store::connection& c) -> result<void> {
    const auto tree = link_->wait("cancel", look);
    if (!tree) return tree.error();
    if (tree->number()) return next_of_scheduler();
    now->removed.clear();
    now->rows.clear();
    auto& ran = now->ran;
    ran.clear();
    for (const auto& one : tree->items()) {
      std::string in(one[0].bytes()), name(one[1].bytes());
      auto job = read_job(in, name, one[4]);
      if (one[2].number_or(0) == 1) {
        ran.emplace_back(std::move(in), std::move(name));
        continue;
      }
      job.view.state = job_state::failed;
      job.view.error = cancelled_error();
      now->removed.push_back(std::move(job));
    }
    now->change = {};
    now->change.add(queue).add(id).add("1").add(ran.size());
    for (const auto& [in, name] : ran) now->change.add(in).add(name);
    store::transaction writes;
    outbox::stage_as(writes, now->row, "cancel", now->change, queue, id, link_->now_ms());
    for (const auto& [in, name] : ran) {
      if (in == queue && name == id) continue;
      words own;  // so that its end sees that it is cancelled
      own.add(in).add(name).add("1").add(1).add(in).add(name);
      outbox::stage_as(writes, now->row + '/' + in + '/' + name, "cancel", own, in, name,
                       link_->now_ms());
      now->rows.push_back(now->row + '/' + in + '/' + name);
    }
    try {
      for (const auto& job : now->removed)
        if (settle) settle(job.view, writes);
    } catch (const std::exception& e) {
      return error(errc::internal, {std::string("settle threw: ") + e.what()});
    }
    for (const auto& step : writes.steps())
      if (auto ok = step(c); !ok) return ok;
    return {};
  });
  tx.on_outcome(when_committed(door_, [now, queue](core& c) {
    for (const auto& [in, name] : now->ran) c.runs_.cancel(in, name);
    c.link_->send("cancel", now->change, [box = c.outbox_, now](link::reply got) {
      if (!got) return;
      box->done(now->row);
      for (const auto& row : now->rows) box->done(row);
    });
    std::vector<run_record> records;
    for (const auto& job : now->removed) {
      auto record = record_of(job, {}, c.link_->now_ms());
      record.ended = record.cancelled = true;
      record.fence = 0;
      records.push_back(std::move(record));
    }
    c.telling_->record(std::move(records));
    c.wake(queue);
  }));
  return {};
}

}  // namespace son1k::queue::redis
