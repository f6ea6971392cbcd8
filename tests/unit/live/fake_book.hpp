// A book of rooms that a test writes: in "jam" everybody is an editor but for those of whom it says
// otherwise. One thread, but for changed().
#pragma once
#include <map>
#include <mutex>
#include <set>

#include "realtime/rooms/room_book.hpp"

namespace son1k::test {

class fake_book final : public realtime::room_book {
 public:
  boost::asio::awaitable<result<realtime::room_role>> check(std::string user,
                                                            std::string room) override {
    if (away) co_return error(errc::unavailable, text("away"));
    if (room != "jam" || strangers.contains(user))
      co_return error(errc::not_found, "roomId", text("there is no room with this id"));
    const auto found = roles.find(user);
    const auto role = found == roles.end() ? realtime::room_role::editor : found->second;
    if (after_check) std::exchange(after_check, nullptr)();
    co_return role;
  }
  boost::asio::awaitable<result<realtime::room_message>> say(
      realtime::new_room_message what) override {
    auto checking = check(what.user, what.room);
    const auto role = co_await std::move(checking);
    if (!role) co_return role.error();
    if (*role == realtime::room_role::viewer) co_return error(errc::forbidden, "id", text("no"));
    realtime::room_message out;
    out.number = static_cast<std::int64_t>(said.size()) + 1;
    out.id = "m" + std::to_string(out.number);
    out.room = what.room;
    out.user = what.user;
    out.name = what.name;
    out.type = what.type;
    out.body = what.body;
    said.push_back(out);
    co_return out;
  }
  boost::asio::awaitable<result<std::vector<realtime::room_message>>> recent(std::string) override {
    co_return said;
  }
  result<std::vector<std::string>> changed() override {
    const std::scoped_lock hold(mutex_);
    if (lost_) return error(errc::unavailable, text("away"));
    return std::exchange(changed_, {});
  }
  void note_change(std::string room) {
    const std::scoped_lock hold(mutex_);
    changed_.push_back(std::move(room));
  }
  void lose(bool yes) {
    const std::scoped_lock hold(mutex_);
    lost_ = yes;
    changed_.clear();
  }

  std::set<std::string> strangers{"eve"};
  std::map<std::string, realtime::room_role> roles;
  std::vector<realtime::room_message> said;
  bool away = false;
  std::function<void()> after_check;  // once: what happens before the answer arrives

 private:
  std::mutex mutex_;
  std::vector<std::string> changed_;
  bool lost_ = false;
};

}  // namespace son1k::test
