#include "realtime/rooms/membership.hpp"

namespace son1k::realtime {
namespace {

class owner_rooms final : public room_membership {
 public:
  explicit owner_rooms(std::string owner) : owner_(std::move(owner)) {}

  boost::asio::awaitable<result<void>> check(std::string user, std::string) override {
    if (user == owner_) co_return result<void>();
    co_return error(errc::not_found, "roomId",
                    text("there is no room with this id", "no hay ninguna sala con este id"));
  }

 private:
  const std::string owner_;
};

}  // namespace

std::unique_ptr<room_membership> make_owner_rooms(std::string owner) {
  return std::make_unique<owner_rooms>(std::move(owner));
}

}  // namespace son1k::realtime
