#include "queue/redis/notebook.hpp"

namespace son1k::queue::redis {
namespace {

constexpr std::size_t notes_of_run_max = 100;
constexpr std::chrono::milliseconds wait_time{20};

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
  if (of_run.fence != held.fence) of_run = {held.fence, clock::now(), {}};
  of_run.notes.push_back(std::move(what));
  if (of_run.notes.size() >= notes_of_run_max) {
    flush();
  } else if (!waits_) {
    wait();
  }
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
  if (of_run.fence != held.fence) of_run = {held.fence, clock::now(), {}};
  of_run.notes.insert(of_run.notes.begin(), std::make_move_iterator(notes.begin()),
                      std::make_move_iterator(notes.end()));
  if (!waits_) wait();
}

void notebook::flush() {
  send_since(clock::time_point::max());
}

void notebook::send_since(clock::time_point latest) {
  std::lock_guard lock(mutex_);
  words args;
  std::size_t runs = 0;
  for (auto at = unsent_.begin(); at != unsent_.end();) {
    const auto& [job, of_run] = *at;
    if (of_run.since > latest) {
      ++at;
      continue;
    }
    ++runs;
    args.add(job.first).add(job.second).add(of_run.fence);
    add_notes(args, of_run.notes);
    at = unsent_.erase(at);
  }
  if (runs == 0) return;
  words all;
  all.add(runs).append(std::move(args));
  link_->send("note", all);
}

void notebook::wait() {
  waits_ = true;
  link_->later(wait_time, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    std::lock_guard lock(self->mutex_);
    self->waits_ = false;
    self->send_since(clock::now() - wait_time);
    if (!self->unsent_.empty()) self->wait();
  });
}

}  // namespace son1k::queue::redis
