// Who types where, until they stop or say nothing for a while. Pure; not thread-safe.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace son1k::realtime {

class typing_board {
 public:
  struct entry {
    std::string room;
    std::string socket;
    auto operator<=>(const entry&) const = default;
  };
  typing_board(std::int64_t silence_ms, std::size_t most) : silence_ms_(silence_ms), most_(most) {}

  // True: that is new to the others.
  bool start(const entry& who, std::int64_t now_ms) {
    const auto found = until_.find(who);
    if (found == until_.end() && until_.size() >= most_) return false;
    until_[who] = now_ms + silence_ms_;
    return found == until_.end();
  }
  bool stop(const entry& who) { return until_.erase(who) != 0; }
  std::vector<entry> silent(std::int64_t now_ms) {
    std::vector<entry> out;
    for (auto at = until_.begin(); at != until_.end();) {
      if (at->second > now_ms) {
        ++at;
        continue;
      }
      out.push_back(at->first);
      at = until_.erase(at);
    }
    return out;
  }

 private:
  const std::int64_t silence_ms_;
  const std::size_t most_;
  std::map<entry, std::int64_t> until_;
};

}  // namespace son1k::realtime
