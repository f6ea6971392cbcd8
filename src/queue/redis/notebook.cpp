#include "queue/redis/notebook.hpp"

namespace son1k::queue::redis {
namespace {

constexpr std::size_t notes_of_run_max = 100;

}  // namespace

void add_notes(words& to, const std::vector<note>& notes) {
  to.add(notes.size());
  for (const auto& n : notes) {
    to.add(n.what).add(n.value);
    if (n.what == "log") to.add(n.keep);
  }
}

void notebook::add(const lease& held, note what) {
  std::lock_guard lock(mutex_);
  auto& of_run = unsent_[{held.queue, held.id}];
  if (of_run.fence != held.fence) of_run = {held.fence, {}};
  of_run.notes.push_back(std::move(what));
  if (!under_way_ || of_run.notes.size() >= notes_of_run_max) flush();
}

std::vector<note> notebook::take(const lease& held) {
  std::lock_guard lock(mutex_);
  const auto at = unsent_.find({held.queue, held.id});
  if (at == unsent_.end() || at->second.fence != held.fence) return {};
  auto notes = std::move(at->second.notes);
  unsent_.erase(at);
  return notes;
}

void notebook::put_back(const lease& held, std::vector<note> notes) {
  if (notes.empty()) return;
  std::lock_guard lock(mutex_);
  auto& of_run = unsent_[{held.queue, held.id}];
  if (of_run.fence != held.fence) of_run = {held.fence, {}};
  of_run.notes.insert(of_run.notes.begin(), std::make_move_iterator(notes.begin()),
                      std::make_move_iterator(notes.end()));
}

void notebook::flush() {
  std::lock_guard lock(mutex_);
  if (unsent_.empty()) return;
  words args;
  args.add(unsent_.size());
  for (const auto& [job, of_run] : unsent_) {
    args.add(job.first).add(job.second).add(of_run.fence);
    add_notes(args, of_run.notes);
  }
  unsent_.clear();
  under_way_ = true;
  link_->send("note", args, [self = shared_from_this()](link::reply) { self->answered(); });
}

void notebook::answered() {
  std::lock_guard lock(mutex_);
  under_way_ = false;
  flush();
}

}  // namespace son1k::queue::redis
