// What the steps of a group have joined (see connection::join), in the order of joining. Used by
// one thread.
#pragma once
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "store/database.hpp"

namespace son1k::store {

class joint_list {
 public:
  // Forgets what was joined; `together`: the steps that come may join.
  void begin(bool together) {
    together_ = together;
    joined_.clear();
  }
  joint_write* last(const void* key) const {
    const auto at = std::ranges::find(joined_.rbegin(), joined_.rend(), key, &row::first);
    return at == joined_.rend() ? nullptr : at->second.get();
  }
  bool add(const void* key, std::shared_ptr<joint_write> what) {
    if (together_) joined_.emplace_back(key, std::move(what));
    return together_;
  }
  bool empty() const { return joined_.empty(); }
  result<void> write(connection& db) {
    for (const auto& [key, what] : joined_)
      if (auto wrote = what->write(db); !wrote) return wrote;
    return {};
  }

 private:
  using row = std::pair<const void*, std::shared_ptr<joint_write>>;
  bool together_ = false;
  std::vector<row> joined_;
};

}  // namespace son1k::store
