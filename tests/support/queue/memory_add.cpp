// Adding jobs and cancelling them: checked when staged, done when committed.
#include <algorithm>

#include "base/uuid.hpp"
#include "store/async.hpp"
#include "support/queue/memory_queue.hpp"

namespace son1k::test {
namespace asio = boost::asio;
using namespace queue;

namespace {

constexpr std::size_t add_max = 10'000;

error no_parent() {
  return {errc::not_found, "parent", {"no such job, or it has ended", "no existe o ya terminó"}};
}

// The jobs of a tree, children before their parents.
void flatten(job_spec spec, std::optional<job_ref> parent, memory_tree& into) {
  if (spec.id.empty()) spec.id = uuid_v7();
  memory_tree::node self;
  self.parent = std::move(parent);
  for (job_spec& child : spec.children) {
    if (child.id.empty()) child.id = uuid_v7();
    self.children.emplace_back(job_ref{child.queue, child.id}, child.options.on_failure);
    flatten(std::move(child), job_ref{spec.queue, spec.id}, into);
  }
  spec.children.clear();
  self.spec = std::move(spec);
  into.nodes.push_back(std::move(self));
}

}  // namespace

result<std::shared_ptr<memory_queue::batch>> memory_queue::prepare_all(
    std::vector<job_spec> specs) {
  auto made = std::make_shared<batch>();
  const session held(*this);
  if (stopped_) return error(errc::unavailable, "the queue has been stopped");
  for (std::size_t n = 0; n < specs.size(); ++n) {
    auto ok = check(specs[n]);
    const auto& parent = specs[n].parent;
    if (ok && parent) {
      const job* known = find(parent->queue, parent->id);
      if (known == nullptr || is_ended(known->view.state)) ok = no_parent();
    }
    if (!ok) {
      error why = ok.error();
      if (specs.size() > 1) why.field = "jobs[" + std::to_string(n) + "]." + why.field;
      return why;
    }
    prepare(*made, std::move(specs[n]));
  }
  return made;
}

void memory_queue::prepare(batch& into, job_spec spec) {
  memory_tree tree;
  const auto parent = spec.parent;
  flatten(std::move(spec), parent, tree);
  const job_spec& root = tree.nodes.back().spec;
  added_job reply{root.id, false, 0};
  for (const auto& [id, j] : place_->lanes[root.queue].jobs) {
    const bool ready = j.view.state == job_state::waiting || j.view.state == job_state::prioritized;
    if (ready && j.view.options.priority <= root.options.priority) ++reply.position;
  }
  reply.position += static_cast<std::int64_t>(into.trees.size());
  for (auto& node : tree.nodes) node.order = place_->next_order++;
  into.trees.push_back(std::move(tree));
  into.replies.push_back(std::move(reply));
  known_already(into.trees.back(), into.replies.back(), false);
}

bool memory_queue::known_already(const memory_tree& tree, added_job& reply, bool for_good) {
  const job_spec& root = tree.nodes.back().spec;
  if (const job* known = find(root.queue, root.id)) {
    reply = {root.id, true, 0};
    if (for_good) tell(event_type::duplicated, *known);
    return true;
  }
  const auto owner = owner_of(root);
  if (!owner) return false;
  reply = {*owner, true, 0};
  if (for_good) refused_by_owner(root, *owner);
  return true;
}

std::optional<std::string> memory_queue::owner_of(const job_spec& spec) {
  if (spec.options.dedup.id.empty() || broken(memory_fault::dedup_forgotten)) return std::nullopt;
  lane& in = place_->lanes[spec.queue];
  const auto found = in.owners.find(spec.options.dedup.id);
  if (found == in.owners.end()) return std::nullopt;
  const memory_owner& owner = found->second;
  if (owner.until > 0) {
    if (owner.until <= clock_.steady_ms()) return std::nullopt;
    return owner.job;
  }
  const job* j = find(spec.queue, owner.job);
  if (j == nullptr || is_ended(j->view.state)) return std::nullopt;
  return owner.job;
}

void memory_queue::refused_by_owner(const job_spec& spec, const std::string& owner) {
  const dedup_options& dedup = spec.options.dedup;
  lane& in = place_->lanes[spec.queue];
  memory_owner& entry = in.owners.at(dedup.id);
  if (dedup.extend && entry.until > 0 && dedup.ttl_ms > 0)
    entry.until = clock_.steady_ms() + dedup.ttl_ms;
  job* j = find(spec.queue, owner);
  if (j == nullptr) return;
  tell(event_type::deduplicated, *j);
  if (!dedup.replace || j->view.state != job_state::delayed) return;
  j->view.data = spec.data;
  take_out(*j);
  if (spec.options.delay_ms > 0) {
    make_delayed(*j, clock_.now_ms() + spec.options.delay_ms);
  } else {
    make_ready(*j, false);
    tell(event_type::waiting, *j, "delayed");
  }
}

void memory_queue::release_owner(const job& j) {
  const std::string& id = j.view.options.dedup.id;
  if (id.empty()) return;
  auto& owners = lane_of(j).owners;
  const auto found = owners.find(id);
  if (found != owners.end() && found->second.job == j.view.id) owners.erase(found);
}

void memory_queue::admit(batch& in, std::size_t n) {
  const memory_tree& tree = in.trees[n];
  if (known_already(tree, in.replies[n], true)) return;
  for (const auto& node : tree.nodes) {
    if (find(node.spec.queue, node.spec.id) == nullptr) insert(node);
    if (&node == &tree.nodes.back()) adopt(node);
  }
}

void memory_queue::insert(const memory_tree::node& node) {
  const job_spec& spec = node.spec;
  const std::int64_t now = clock_.now_ms();
  job fresh;
  fresh.order = node.order;
  fresh.place = static_cast<std::int64_t>(node.order);
  fresh.view.queue = spec.queue;
  fresh.view.id = spec.id;
  fresh.view.kind = spec.kind;
  fresh.view.data = spec.data;
  fresh.view.user = spec.user;
  fresh.view.options = spec.options;
  fresh.view.parent = node.parent;
  fresh.view.added_at_ms = now;
  const auto& options = spec.options;
  if (options.expires_in_ms > 0) fresh.expires_at = clock_.steady_ms() + options.expires_in_ms;
  lane& in = place_->lanes[spec.queue];
  job& j = in.jobs.emplace(spec.id, std::move(fresh)).first->second;
  for (const auto& [child, on_failure] : node.children) {
    memory_child entry;
    entry.view.job = child;
    entry.on_failure = on_failure;
    j.children.push_back(std::move(entry));
    // Added a moment ago, or known from before: then it may have ended already.
    const job* known = find(child.queue, child.id);
    if (known != nullptr && is_ended(known->view.state))
      child_ended(j.children.back(), j, *known, false);
  }
  if (const auto& dedup = options.dedup; !dedup.id.empty())
    in.owners[dedup.id] = {spec.id, dedup.ttl_ms > 0 ? clock_.steady_ms() + dedup.ttl_ms : 0};
  tell(event_type::added, j);
  if (children_left(j) > 0) {
    j.view.state = job_state::waiting_children;
    if (options.delay_ms > 0) j.view.run_at_ms = now + options.delay_ms;
    tell(event_type::waiting_children, j);
  } else if (options.delay_ms > 0) {
    make_delayed(j, now + options.delay_ms);
    tell(event_type::delayed, j, std::to_string(j.view.run_at_ms));
  } else {
    make_ready(j, false);
    tell(event_type::waiting, j);
  }
}

void memory_queue::adopt(const memory_tree::node& node) {
  if (!node.parent) return;
  job* parent = find(node.parent->queue, node.parent->id);
  if (parent == nullptr || is_ended(parent->view.state)) return;
  memory_child entry;
  entry.view.job = {node.spec.queue, node.spec.id};
  entry.on_failure = node.spec.options.on_failure;
  parent->children.push_back(std::move(entry));
}

void memory_queue::stage_batch(store::transaction& tx, const std::shared_ptr<batch>& in) {
  tx.stage([](store::connection&) { return result<void>{}; });
  tx.on_outcome([this, in](bool committed) {
    if (!committed) return;
    const session held(*this);
    for (std::size_t n = 0; n < in->trees.size(); ++n) admit(*in, n);
  });
}

result<added_job> memory_queue::stage(store::transaction& tx, job_spec spec) {
  std::vector<job_spec> one;
  one.push_back(std::move(spec));
  auto made = prepare_all(std::move(one));
  if (!made) return made.error();
  stage_batch(tx, *made);
  return (*made)->replies.front();
}

asio::awaitable<result<std::vector<added_job>>> memory_queue::add(std::vector<job_spec> specs) {
  if (specs.size() > add_max) {
    co_return error(errc::payload_too_large, "jobs",
                    {"at most 10000 jobs in one call", "como mucho 10000 trabajos por llamada"});
  }
  auto made = prepare_all(std::move(specs));
  if (!made) co_return made.error();
  store::transaction tx;
  stage_batch(tx, *made);
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done) co_return done.error();
  co_return std::move((*made)->replies);
}

void memory_queue::cancel(const std::string& queue, const std::string& id, const job_set& ran) {
  job* j = find(queue, id);
  if (j == nullptr || is_ended(j->view.state)) return;
  const auto children = j->children;
  if (j->view.state == job_state::active) {
    j->cancel_requested = true;
  } else if (ran.contains({queue, id})) {
    // Given back meanwhile: nobody has settled it, so its next claim ends it.
    j->cancel_requested = true;
    const bool waited =
        j->view.state == job_state::waiting || j->view.state == job_state::prioritized;
    take_out(*j);
    make_ready(*j, waited);
  } else {
    const auto before = j->view.state;
    tell(event_type::cancelled, *j, std::string(name_of(before)));
    tell(event_type::removed, *j, std::string(name_of(before)));
    run_record record = record_of(*j, {});
    record.ended = record.cancelled = true;
    record.state = job_state::failed;
    record.error = outcome::cancel().error;
    records_.push_back(std::move(record));
    remove(*j, outcome::cancel().error);
  }
  for (const memory_child& child : children) cancel(child.view.job.queue, child.view.job.id, ran);
}

void memory_queue::part_cancelled(const job& j, job_set& active, std::vector<job_view>& removed) {
  if (is_ended(j.view.state)) return;
  if (j.view.state == job_state::active) {
    active.emplace(j.view.queue, j.view.id);
  } else {
    removed.push_back(j.view);
    removed.back().state = job_state::failed;
    removed.back().error = outcome::cancel().error;
  }
  for (const memory_child& child : j.children)
    if (const job* k = find(child.view.job.queue, child.view.job.id))
      part_cancelled(*k, active, removed);
}

result<void> memory_queue::stage_cancel(store::transaction& tx, const std::string& queue,
                                        const std::string& id, const settle_function& settle) {
  const session held(*this);
  const job* j = find(queue, id);
  if (j == nullptr || is_ended(j->view.state))
    return error(errc::not_found, "id", "no such job, or it has ended");
  const auto ran = std::make_shared<job_set>();
  tx.stage([this, queue, id, settle, ran](store::connection& c) -> result<void> {
    std::vector<job_view> removed;
    ran->clear();
    {
      const session inner(*this);
      if (const job* now = find(queue, id)) part_cancelled(*now, *ran, removed);
    }
    store::transaction writes;
    for (const job_view& one : removed)
      if (settle) settle(one, writes);
    for (const auto& step : writes.steps())
      if (auto ok = step(c); !ok) return ok;
    return {};
  });
  tx.on_outcome([this, queue, id, ran](bool committed) {
    if (!committed || broken(memory_fault::cancel_forgotten)) return;
    const session inner(*this);
    cancel(queue, id, *ran);
  });
  return {};
}

}  // namespace son1k::test
