// Jobs that come with a commit of the caller's. Those that are ready at once need nothing of Redis
// before it: they are accepted while it is away, and sent when it is back.
#include <future>

#include "base/uuid.hpp"
#include "queue/redis/core.hpp"
#include "queue/redis/staged_adds.hpp"

namespace son1k::queue::redis {
namespace {

// Redis answers within a millisecond, or it does not matter what it would say.
constexpr std::chrono::milliseconds position_wait_max{100};

}  // namespace

// What an add of the job would find; asks only for what this process cannot know.
result<added_job> core::foresee(const job_spec& root) {
  const auto& o = root.options;
  const bool usual =
      root.id_is_new && o.dedup.id.empty() && !root.parent && o.priority <= outlook::priority_max;
  if (usual) return added_job{root.id, false, usual_position(root.queue, o.priority)};
  words look;
  look.add(root.queue).add(root.id).add(o.dedup.id).add(o.priority);
  look.add(root.parent ? root.parent->queue : "").add(root.parent ? root.parent->id : "");
  const auto seen = link_->wait("foresee", look);
  if (!seen) return seen.error();
  if ((*seen)[0].number_or(0) < 0) return no_parent();
  if ((*seen)[0].number_or(0) == 1) return added_job{std::string((*seen)[1].bytes()), true, 0};
  const auto position = (*seen)[2].number_or(0);
  return added_job{root.id, false, position};
}

// How many jobs are ready before a new one of that priority. What was known last, or -1, while
// Redis does not answer.
std::int64_t core::usual_position(const std::string& queue, std::int64_t priority) {
  const auto lane = outlook::lane(queue, priority);
  if (const auto known = outlook_->position(lane)) return *known;
  if (!link_->connected() || outlook_->silent()) return outlook_->last(lane);
  const auto asked = outlook_->ask(lane);
  words look;
  look.add(queue).add("").add("").add(priority).add("").add("");
  auto answered = std::make_shared<std::promise<void>>();
  auto answer = answered->get_future();
  link_->send("foresee", look, [seen = outlook_, lane, asked, answered](link::reply got) {
    seen->set_silent(false);
    if (got) seen->told(lane, asked, (*got)[2].number_or(0));
    answered->set_value();
  });
  if (answer.wait_for(position_wait_max) != std::future_status::ready) outlook_->set_silent(true);
  return outlook_->last(lane);
}

result<added_job> core::stage(store::transaction& tx, job_spec spec) {
  if (auto ok = unstopped(); !ok) return ok.error();
  spec.id_is_new = spec.id_is_new || spec.id.empty();
  if (spec.id.empty()) spec.id = uuid_v7();
  if (staged_adds::takes(spec)) return stage_plain(tx, spec);
  std::vector<job_spec> one;
  one.push_back(std::move(spec));
  auto trees = tree_words(one, false);
  if (!trees) return trees.error();
  auto reply = foresee(one.front());
  if (!reply) return reply;
  struct staged {
    std::vector<job_spec> specs;
    added_trees trees;
    std::string row;
  };
  auto now = std::make_shared<staged>(staged{std::move(one), std::move(*trees), {}});
  const auto& root = now->specs.front();
  now->row = outbox_->stage_row(tx, "add", with_count(now->trees), root.queue, root.id);
  tx.on_outcome(when_committed(door_, [now](core& c) {
    auto& job = now->specs.front();
    auto done = [box = c.outbox_, row = now->row](link::reply got) {
      if (got) box->done(row);
    };
    c.count_adds(now->specs);
    if (job.parent) {
      c.gate_->flush();
      c.link_->send("add", with_count(std::move(now->trees)), std::move(done));
    } else {
      c.gate_->send(std::move(now->trees), std::move(done));
    }
    c.wake(job.queue, true);
  }));
  return reply;
}

std::shared_ptr<const std::string> core::lane_key(const std::string& queue) {
  std::lock_guard lock(mutex_);
  auto& key = lane_keys_[queue];
  if (!key) key = std::make_shared<const std::string>(queue);
  return key;
}

// A job that is ready at once shares its row of the outbox with those of its commit.
result<added_job> core::stage_plain(store::transaction& tx, const job_spec& spec) {
  if (auto ok = check(spec); !ok) return ok.error();
  if (auto ok = check_names(spec); !ok) return ok.error();
  struct staged {
    staged_add job;
    std::shared_ptr<staged_adds> with;
  };
  auto now = std::make_shared<staged>(staged{staged_adds::prepare(spec), {}});
  const auto key = lane_key(spec.queue);
  tx.stage([now, key, at_ms = link_->now_ms()](store::connection& c) -> result<void> {
    if (auto* open = static_cast<staged_adds*>(c.joined(key.get())); open && !open->full()) {
      now->with = open->shared_from_this();
      open->add(now->job);
      return {};
    }
    now->with = std::make_shared<staged_adds>(now->job.queue, at_ms);
    now->with->add(now->job);
    if (c.join(key.get(), now->with)) return {};
    return now->with->write(c);
  });
  tx.on_outcome(when_committed(door_, [now](core& c) { c.push(*now->with); }));
  return added_job{spec.id, false, usual_position(spec.queue, spec.options.priority)};
}

void core::push(staged_adds& some) {
  words args;
  if (!some.take(args)) return;
  for (const auto& shape : some.shapes())
    outlook_->added(outlook::lane(some.queue(), shape.priority), shape.jobs);
  gate_->push(std::move(args), some.jobs(), [box = outbox_, row = some.row()](link::reply got) {
    if (got) box->done(row);
  });
  wake(some.queue(), true);
}

}  // namespace son1k::queue::redis
