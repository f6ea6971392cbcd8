// Who waits for whom: the children of the parents that have not ended, as far as memory must know
// them to let a parent go. Jobs are named by their rows (`seq`); an entry is only good as long as
// it still holds that row. Pure structure; guarded by the lock of the embedded core.
#pragma once
#include <algorithm>
#include <unordered_map>
#include <vector>

#include "queue/embedded/job_entry.hpp"

namespace son1k::queue::embedded {

struct child_link {
  std::int64_t parent = 0;
  child_failure on_failure = child_failure::fail;
  bool open = true;  // the parent waits for it
};

struct family {
  entry_index parent = no_entry;
  std::size_t open = 0;
  // The parent's number of starts when a child told it to run at once: good for one waiting.
  std::int32_t proceeds_at = -1;
  std::vector<std::pair<std::int64_t, entry_index>> children;
};

class flows {
 public:
  family* find(std::int64_t parent) {
    const auto found = families_.find(parent);
    return found == families_.end() ? nullptr : &found->second;
  }
  void link(std::int64_t parent, entry_index parent_entry, std::int64_t child,
            entry_index child_entry, child_failure on_failure, bool open) {
    auto& f = families_[parent];
    f.parent = parent_entry;
    auto& links = links_[child];
    if (std::any_of(links.begin(), links.end(), [&](auto& l) { return l.parent == parent; }))
      return;
    links.push_back({parent, on_failure, open});
    f.children.emplace_back(child, child_entry);
    if (open) ++f.open;
  }
  // A parent without children yet: it is told of what they come to.
  void found(std::int64_t parent, entry_index parent_entry) {
    families_[parent].parent = parent_entry;
  }

  // The parents of a child; the view is good until the next change.
  const std::vector<child_link>& parents(std::int64_t child) const {
    static const std::vector<child_link> none;
    const auto known = links_.find(child);
    return known == links_.end() ? none : known->second;
  }
  // The parent waits for the child no longer.
  void close(std::int64_t parent, std::int64_t child) {
    const auto links = links_.find(child);
    if (links == links_.end()) return;
    for (auto& l : links->second) {
      if (l.parent != parent || !l.open) continue;
      l.open = false;
      if (auto* f = find(parent)) --f->open;
    }
  }

  void forget_parent(std::int64_t parent) {
    const auto f = families_.find(parent);
    if (f == families_.end()) return;
    for (const auto& [child, entry] : f->second.children) {
      const auto links = links_.find(child);
      if (links == links_.end()) continue;
      std::erase_if(links->second, [&](const auto& l) { return l.parent == parent; });
      if (links->second.empty()) links_.erase(links);
    }
    families_.erase(f);
  }
  void forget_child(std::int64_t child) { links_.erase(child); }

 private:
  std::unordered_map<std::int64_t, family> families_;
  std::unordered_map<std::int64_t, std::vector<child_link>> links_;
};

}  // namespace son1k::queue::embedded
