#include "queue/redis/outbox.hpp"

#include <algorithm>
#include <future>
#include <span>

#include "base/log.hpp"
#include "base/uuid.hpp"
#include "queue/redis/staged_adds.hpp"
#include "store/async.hpp"

namespace son1k::queue::redis {
namespace {

constexpr std::int64_t relay_max = 1'000;
constexpr std::int64_t refused_ends_kept_ms = 60'000;
constexpr int relay_rounds_max = 100;
constexpr std::size_t together_max = 128;
constexpr std::int64_t fences_kept_ms = 86'400'000;

constexpr std::size_t forgotten_at_once = 32;

store::statement forget_statement(std::size_t ids) {
  std::string text = "DELETE FROM queue_outbox WHERE id IN ($1";
  for (std::size_t n = 2; n <= ids; ++n) text += ", $" + std::to_string(n);
  return store::statement(text + ')');
}

error lost() {
  return {errc::lease_lost,
          {"the job belongs to a newer start or has ended",
           "el trabajo pertenece a un inicio más nuevo o ya terminó"}};
}

}  // namespace

void outbox::stage_as(store::transaction& tx, std::string row, std::string script,
                      const words& args, const std::string& queue, const std::string& job,
                      std::int64_t now_ms) {
  tx.stage([row = std::move(row), script = std::move(script), text = args.packed(), queue, job,
            now_ms](store::connection& c) -> result<void> {
    static const store::statement sql(
        "INSERT INTO queue_outbox (id, script, words, queue, job, at_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6)");
    return c.send(sql, {std::string_view(row), std::string_view(script), std::string_view(text),
                        std::string_view(queue), std::string_view(job), now_ms});
  });
}

std::string outbox::stage_row(store::transaction& tx, std::string script, const words& args,
                              const std::string& queue, const std::string& job) {
  auto id = uuid_v7();
  stage_as(tx, id, std::move(script), args, queue, job, link_->now_ms());
  return id;
}

void outbox::done(std::string id) {
  std::lock_guard lock(mutex_);
  answered_.push_back(std::move(id));
}

void outbox::end_done(std::string id, const net::redis_value& reply, std::int64_t at_ms) {
  const bool young = link_->now_ms() - at_ms < refused_ends_kept_ms;
  if (reply.number_or(0) != -1 || !young) done(std::move(id));
}

result<void> outbox::take_turn(store::connection& c, const std::string& queue,
                               const std::string& job) {
  return c.lock("queue " + queue + '/' + job);
}

result<void> outbox::check_fence(store::connection& c, const lease& held) {
  static const store::statement sql("SELECT fence FROM queue_fence WHERE queue = $1 AND job = $2");
  std::int64_t newest = 0;
  auto ok = c.query(sql, {std::string_view(held.queue), std::string_view(held.id)},
                    [&](const store::row& r) {
                      newest = r.integer(0);
                      return true;
                    });
  if (!ok) return ok.error();
  if (newest > held.fence) return lost();
  return {};
}

result<void> outbox::raise_fence(store::connection& c, const lease& held, std::int64_t now_ms) {
  static const store::statement sql(
      "INSERT INTO queue_fence (queue, job, fence, at_ms) VALUES ($1, $2, $3, $4)"
      " ON CONFLICT (queue, job) DO UPDATE SET fence = excluded.fence, at_ms = excluded.at_ms"
      " WHERE excluded.fence > queue_fence.fence");
  return c.send(sql, {std::string_view(held.queue), std::string_view(held.id), held.fence, now_ms});
}

result<std::set<std::string>> outbox::jobs_between(store::connection& c, const std::string& queue,
                                                   std::string_view first, std::string_view last) {
  static const store::statement sql(
      "SELECT job, job_last, words FROM queue_outbox WHERE queue = $1 AND job <= $3"
      " AND (job >= $2 OR job_last >= $2)");
  std::set<std::string> found;
  auto ok = c.query(sql, {std::string_view(queue), first, last}, [&](const store::row& r) {
    if (r.is_null(1)) {
      found.emplace(r.text(0));
    } else if (const auto args = words::unpack(r.text(2))) {
      for (auto& id : staged_adds::ids_of(*args)) found.insert(std::move(id));
    }
    return true;
  });
  if (!ok) return ok.error();
  return found;
}

result<bool> outbox::cancel_of(store::connection& c, const lease& held) {
  static const store::statement sql(
      "SELECT id FROM queue_outbox WHERE queue = $1 AND job = $2 AND script = 'cancel'");
  bool found = false;
  std::lock_guard lock(mutex_);
  auto ok = c.query(sql, {std::string_view(held.queue), std::string_view(held.id)},
                    [&](const store::row& r) {
                      const auto known = std::find(answered_.begin(), answered_.end(), r.text(0));
                      found = found || known == answered_.end();
                      return true;
                    });
  if (!ok) return ok.error();
  return found;
}

result<std::optional<outbox_entry>> outbox::end_of(store::connection& c, const lease& held) {
  static const store::statement sql(
      "SELECT id, words FROM queue_outbox WHERE queue = $1 AND job = $2 AND script = 'finish'");
  std::optional<outbox_entry> found;
  auto ok = c.query(
      sql, {std::string_view(held.queue), std::string_view(held.id)}, [&](const store::row& r) {
        if (auto args = words::unpack(r.text(1)))
          found = outbox_entry{std::string(r.text(0)), "finish", std::move(*args), {}, 0};
        return true;
      });
  if (!ok) return ok.error();
  return found;
}

result<std::vector<outbox_entry>> outbox::unanswered(std::int64_t before_ms) {
  auto read = [before_ms](store::connection& c) -> result<std::vector<outbox_entry>> {
    static const store::statement sql(
        "SELECT id, script, words, queue, job, at_ms FROM queue_outbox WHERE at_ms <= $1"
        " ORDER BY id LIMIT $2");
    std::vector<outbox_entry> some;
    auto ok = c.query(sql, {before_ms, relay_max}, [&](const store::row& r) {
      auto args = words::unpack(r.text(2));
      if (!args) return true;
      outbox_entry one{
          std::string(r.text(0)), std::string(r.text(1)), std::move(*args), {}, r.integer(5)};
      const auto queue = std::string(r.text(3)) + '/';
      if (one.script == "push") {
        for (const auto& id : staged_adds::ids_of(one.args)) one.jobs.push_back(queue + id);
      } else {
        one.jobs.push_back(queue + std::string(r.text(4)));
      }
      some.push_back(std::move(one));
      return true;
    });
    if (!ok) return ok.error();
    return some;
  };
  return store::read_and_wait(db_, std::move(read));
}

// Sends these without waiting in between; the first failure.
result<void> outbox::send_together(std::span<const outbox_entry> some) {
  struct answers {
    std::mutex mutex;
    std::size_t left = 0;
    result<void> outcome;
    std::promise<void> all;
  };
  auto now = std::make_shared<answers>();
  now->left = some.size();
  auto whole = now->all.get_future();
  for (const auto& row : some) {
    const bool end = row.script == "finish";
    link_->send(row.script, row.args,
                [this, now, end, id = row.id, at = row.at_ms](link::reply got) {
                  if (got && end) end_done(id, (*got)[0], at);
                  if (got && !end) done(id);
                  std::lock_guard lock(now->mutex);
                  if (!got && now->outcome) now->outcome = got.error();
                  if (--now->left == 0) now->all.set_value();
                });
  }
  whole.wait();
  return now->outcome;
}

// Changes of one job go one after the other, each when the one before it was answered.
result<std::size_t> outbox::relay(std::int64_t before_ms) {
  std::size_t sent = 0;
  for (int rounds = 0; rounds < relay_rounds_max; ++rounds) {
    auto rows = unanswered(before_ms);
    if (!rows) return rows.error();
    for (std::size_t first = 0; first < rows->size();) {
      std::set<std::string> jobs;
      std::size_t end = first;
      const auto is_among = [&](const std::string& job) { return jobs.contains(job); };
      while (end < rows->size() && end - first < together_max) {
        const auto& own = (*rows)[end].jobs;
        if (std::any_of(own.begin(), own.end(), is_among)) break;
        jobs.insert(own.begin(), own.end());
        ++end;
      }
      auto ok = send_together(std::span(*rows).subspan(first, end - first));
      // What Redis itself refuses would be refused again: the others must not wait for it.
      if (!ok && ok.error().code != errc::internal) return ok.error();
      if (!ok) log::error("queue.outbox_refused", {{"why", ok.error().what()}});
      first = end;
    }
    sent += rows->size();
    if (rows->empty() || static_cast<std::int64_t>(rows->size()) < relay_max) break;
    forget_answered();
  }
  if (sent > 0) log::info("queue.outbox_relayed", {{"changes", sent}});
  return sent;
}

void outbox::forget_answered() {
  std::vector<std::string> some;
  {
    std::lock_guard lock(mutex_);
    some.swap(answered_);
  }
  if (some.empty()) return;
  store::transaction tx(store::durability::process);
  tx.stage([some, oldest = link_->now_ms() - fences_kept_ms](store::connection& c) -> result<void> {
    static const store::statement one = forget_statement(1);
    static const store::statement many = forget_statement(forgotten_at_once);
    static const store::statement fences("DELETE FROM queue_fence WHERE at_ms < $1");
    std::vector<store::value> ids;
    for (const auto& id : some) ids.emplace_back(std::string_view(id));
    for (std::span<const store::value> left(ids); !left.empty();) {
      const bool full = left.size() >= forgotten_at_once;
      const auto now = left.first(full ? forgotten_at_once : 1);
      if (auto sent = c.send(full ? many : one, now); !sent) return sent;
      left = left.subspan(now.size());
    }
    return c.send(fences, {oldest});
  });
  if (store::commit_and_wait(db_, std::move(tx))) return;
  std::lock_guard lock(mutex_);
  answered_.insert(answered_.end(), some.begin(), some.end());
}

}  // namespace son1k::queue::redis
