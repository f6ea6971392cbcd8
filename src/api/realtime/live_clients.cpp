#include "api/realtime/live_clients.hpp"

namespace son1k::api {

accounts::identity live_client::who() const {
  const std::scoped_lock hold(mutex_);
  return who_;
}

void live_client::renew(accounts::identity who) {
  const std::scoped_lock hold(mutex_);
  who_ = std::move(who);
}

void live_clients::add(live_client_ptr one) {
  const std::scoped_lock hold(mutex_);
  by_id_[one->id] = std::move(one);
  count_ = by_id_.size();
}

live_client_ptr live_clients::remove(const std::string& id) {
  const std::scoped_lock hold(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  auto out = std::move(found->second);
  by_id_.erase(found);
  count_ = by_id_.size();
  return out;
}

live_client_ptr live_clients::find(const std::string& id) const {
  const std::scoped_lock hold(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::vector<live_client_ptr> live_clients::all() const {
  const std::scoped_lock hold(mutex_);
  std::vector<live_client_ptr> out;
  out.reserve(by_id_.size());
  for (const auto& [id, one] : by_id_) out.push_back(one);
  return out;
}

}  // namespace son1k::api
