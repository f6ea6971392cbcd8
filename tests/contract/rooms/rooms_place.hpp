// Rooms in each kind of database, as two servers have it open.
#pragma once
#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
#include <string>
#include <vector>

#include "realtime/rooms/database/database_rooms.hpp"
#include "store/async.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_folder.hpp"

namespace son1k::realtime::test {

class rooms_contract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;

  template <class T>
  static T run(boost::asio::awaitable<T> work) {
    boost::asio::io_context loop;
    auto done = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
    const auto busy = boost::asio::make_work_guard(loop);
    while (done.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
      loop.run_one_for(std::chrono::milliseconds(100));
    return done.get();
  }

  database_rooms& rooms(std::size_t server = 0) { return *rooms_[server % rooms_.size()]; }
  store::database& db() { return *nodes_.front(); }
  void add_account(std::string id, std::string login = "", bool external = false);

  result<std::string> make(std::string owner, bool is_public = false, std::string name = "Jam");
  result<room_invitation> invite(std::string room, std::string user, std::string login = "",
                                 room_role role = room_role::editor, std::string by = "ana");
  result<room_role> join(std::string user, std::string room) {
    return run(rooms().join(std::move(user), std::move(room)));
  }
  result<room_message> say(std::string user, std::string room, std::string body = "hi") {
    return run(rooms().say({std::move(room), user, "Name of " + user, "text", std::move(body)}));
  }
  result<room_role> role(std::string user, std::string room) {
    return run(rooms().check(std::move(user), std::move(room)));
  }
  std::vector<std::string> listed(room_query query);

  son1k::test::manual_clock clock{1'763'900'000'000};

 private:
  son1k::test::temp_folder folder_;
  std::vector<std::unique_ptr<store::database>> nodes_;
  std::vector<std::unique_ptr<database_rooms>> rooms_;
};

template <class T>
errc code_of(const result<T>& got) {
  return got ? errc::internal : got.error().code;
}

}  // namespace son1k::realtime::test
