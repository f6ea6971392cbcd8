#include "store/database.hpp"

#include <deque>
#include <mutex>
#include <unordered_map>

namespace son1k::store {
namespace {

// Texts are kept for the life of the program, so the views and ids handed out stay valid.
class statement_registry {
 public:
  std::pair<std::string_view, std::size_t> intern(std::string_view sql) {
    std::lock_guard lock(mutex_);
    if (auto known = ids_.find(sql); known != ids_.end()) return {known->first, known->second};
    std::string_view kept = texts_.emplace_back(sql);
    return {kept, ids_.emplace(kept, ids_.size()).first->second};
  }

 private:
  std::mutex mutex_;
  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, std::size_t> ids_;
};

statement_registry& registry() {
  static auto* instance = new statement_registry;  // outlives static statements of other files
  return *instance;
}

}  // namespace

statement::statement(std::string_view sql) {
  std::tie(sql_, id_) = registry().intern(sql);
}

}  // namespace son1k::store
