#include "net/redis/redis_subscriber.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/dispatch.hpp>

#include "base/log.hpp"

namespace son1k::net {
namespace {

struct word_row {
  redis_channel how;
  std::string_view join;
  std::string_view part;
  std::string_view joined;
  std::string_view message;
};
constexpr std::array wordings{
    word_row{redis_channel::name, "SUBSCRIBE", "UNSUBSCRIBE", "subscribe", "message"},
    word_row{redis_channel::pattern, "PSUBSCRIBE", "PUNSUBSCRIBE", "psubscribe", "pmessage"},
    word_row{redis_channel::shard, "SSUBSCRIBE", "SUNSUBSCRIBE", "ssubscribe", "smessage"},
};

const word_row& wording_of(redis_channel how) {
  return wordings[static_cast<std::size_t>(how)];
}

// What escapes a listener is logged: the others must hear.
template <class Function, class... Arguments>
void guarded(const Function& listener, Arguments... arguments) {
  try {
    listener(arguments...);
  } catch (const std::exception& fault) {
    log::error("redis.escaped", {{"what", fault.what()}});
  }
}

}  // namespace

std::uint64_t redis_subscriber::add(std::string channel, redis_listener listener,
                                    redis_channel how) {
  const auto id = last_id_.fetch_add(1) + 1;
  auto held = std::make_shared<const redis_listener>(std::move(listener));
  auto enter_it = [self = shared_from_this(), id, what = key(how, std::move(channel)),
                   held = std::move(held)]() mutable {
    self->enter(id, std::move(what), std::move(held));
  };
  boost::asio::post(core_.loop, std::move(enter_it));
  return id;
}

void redis_subscriber::remove(std::uint64_t id) {
  boost::asio::dispatch(core_.loop, [self = shared_from_this(), id] { self->leave(id); });
}

void redis_subscriber::close() {
  closed_ = true;
  if (connection_) connection_->close();
  connection_.reset();
  listeners_.clear();
  by_id_.clear();
}

void redis_subscriber::enter(std::uint64_t id, key what,
                             std::shared_ptr<const redis_listener> listener) {
  if (closed_) return;
  auto& there = listeners_[what];
  const bool first = there.empty();
  there.push_back({id, std::move(listener)});
  by_id_.emplace(id, what);
  if (!connection_) return connect();
  if (first) {
    connection_->tell({wording_of(what.first).join, what.second});
  } else if (standing_.contains(what)) {
    confirmed(what);
  }
}

void redis_subscriber::leave(std::uint64_t id) {
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) return;
  const key what = known->second;
  by_id_.erase(known);
  auto& there = listeners_[what];
  std::erase_if(there, [id](const entry& one) { return one.id == id; });
  if (!there.empty()) return;
  listeners_.erase(what);
  standing_.erase(what);
  if (connection_) connection_->tell({wording_of(what.first).part, what.second});
}

void redis_subscriber::connect() {
  redis_connection::hooks hooks;
  hooks.push = [self = weak_from_this()](redis_value pushed) {
    if (auto held = self.lock()) held->on_push(pushed);
  };
  hooks.up = [self = weak_from_this()] {
    if (auto held = self.lock()) held->on_up();
  };
  connection_ = std::make_shared<redis_connection>(
      core_, core_.settings.client_name + ":subscriber", std::move(hooks));
  connection_->start();
}

void redis_subscriber::on_up() {
  standing_.clear();
  for (auto& [what, there] : listeners_) {
    for (auto& one : there) one.live = false;
    connection_->tell({wording_of(what.first).join, what.second});
  }
}

void redis_subscriber::on_push(const redis_value& pushed) {
  const auto word = pushed[0].bytes();
  if (pushed.is_error()) {
    log::warn("redis.subscribe_refused", {{"why", refused_error(pushed.bytes()).message.en}});
    // A moved shard channel or a lost permission: the next dial asks again.
    connection_->interrupt();
    return;
  }
  for (const auto& row : wordings) {
    if (word == row.message) {
      const bool pattern = row.how == redis_channel::pattern;
      const key what(row.how, pushed[1].bytes());
      return deliver(what, pushed[pattern ? 2 : 1].bytes(), pushed[pattern ? 3 : 2].bytes());
    }
    if (word == row.joined) {
      const key what(row.how, pushed[1].bytes());
      if (!listeners_.contains(what)) return;
      standing_[what] = true;
      return confirmed(what);
    }
  }
}

void redis_subscriber::confirmed(const key& what) {
  const auto found = listeners_.find(what);
  if (found == listeners_.end()) return;
  std::vector<std::shared_ptr<const redis_listener>> told;
  for (auto& one : found->second) {
    if (!one.live) told.push_back(one.listener);
    one.live = true;
  }
  for (const auto& listener : told) {
    if (listener->live) guarded(listener->live);
  }
}

void redis_subscriber::deliver(const key& what, std::string_view channel,
                               std::string_view payload) {
  const auto found = listeners_.find(what);
  if (found == listeners_.end()) return;
  // A listener may end its subscription, or another's, while it runs.
  const auto there = found->second;
  for (const auto& one : there) {
    if (by_id_.contains(one.id)) guarded(one.listener->message, channel, payload);
  }
}

}  // namespace son1k::net
