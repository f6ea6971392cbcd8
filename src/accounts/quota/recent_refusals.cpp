#include "accounts/quota/recent_refusals.hpp"

namespace son1k::accounts {

void recent_refusals::note(std::string_view account, std::int64_t until_ms) {
  const std::scoped_lock hold(mutex_);
  const bool known = until_ms_.find(account) != until_ms_.end();
  if (!known && until_ms_.size() >= accounts_max) until_ms_.erase(until_ms_.begin());
  until_ms_.insert_or_assign(std::string(account), until_ms);
}

bool recent_refusals::has(std::string_view account, std::int64_t now_ms) {
  const std::scoped_lock hold(mutex_);
  const auto at = until_ms_.find(account);
  if (at == until_ms_.end()) return false;
  if (now_ms < at->second) return true;
  until_ms_.erase(at);
  return false;
}

}  // namespace son1k::accounts
