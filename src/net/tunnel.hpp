// Two connections of one reactor of which each gets what the other sends, unread. While nothing
// moves it holds no buffer; of a side that takes nothing it holds one buffer and stops reading the
// other. Everything belongs to the reactor's thread; it keeps itself until it has ended.
#pragma once
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

namespace son1k::net {

class tunnel : public std::enable_shared_from_this<tunnel> {
 public:
  using socket = boost::asio::ip::tcp::socket;

  // Both sockets are of the reactor. `ended` is called once.
  tunnel(socket near_side, socket far_side, std::function<void()> ended);

  // What had been read from each side before.
  void start(std::string from_near, std::string from_far);
  void cut();

 private:
  struct way {
    way(socket& f, socket& t) : from(f), to(t) {}
    socket& from;
    socket& to;
    std::string pending;  // read and not yet taken
    bool over = false;
  };

  void pump(way& one);
  // False: it has to wait, or there is no more.
  bool push(way& one);
  bool pull(way& one);
  void wait(way& one, bool for_room);
  void on_end(way& one);

  socket near_;
  socket far_;
  way there_{near_, far_};
  way back_{far_, near_};
  boost::asio::steady_timer farewell_;
  std::function<void()> ended_;
};

}  // namespace son1k::net
