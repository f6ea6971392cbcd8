#include "realtime/engine/lane_calls.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/completion.hpp"

namespace son1k::realtime {
namespace {

using net::http_request;

// A poll or a post on its way to its session's reactor and back.
struct session_call final : waiting_poll {
  void answer(poll_reply r) override {
    reply = std::move(r);
    if (auto last = std::exchange(caller, nullptr)) resume_soon(std::move(last));
  }
  std::shared_ptr<waiting> caller;
  poll_reply reply;
};

// Of a POST whose body is on its way: when it goes with its connection, the session ends.
class post_mark {
 public:
  post_mark(std::weak_ptr<engine_lane> lane, std::string id)
      : lane_(std::move(lane)), id_(std::move(id)) {}
  ~post_mark() {
    if (const auto lane = handled_ ? nullptr : lane_.lock(); lane)
      boost::asio::post(lane->loop(), telling(&engine_session::on_post_gone));
  }
  post_mark(const post_mark&) = delete;
  post_mark& operator=(const post_mark&) = delete;

  // The session was told of its body.
  void handled() { handled_ = true; }
  // The server refused the body. At once if this is the session's reactor: what it posts to itself
  // it sees after what others post to it meanwhile, such as the client's next post.
  void refused() {
    handled_ = true;
    if (const auto lane = lane_.lock(); lane)
      boost::asio::dispatch(lane->loop(), telling(&engine_session::forget_post));
  }

 private:
  std::function<void()> telling(void (engine_session::*what)(const void*)) const {
    return [what, weak = lane_, id = id_, mark = static_cast<const void*>(this)] {
      const auto here = weak.lock();
      auto* session = here ? here->find(id) : nullptr;
      if (session != nullptr) (session->*what)(mark);
    };
  }

  const std::weak_ptr<engine_lane> lane_;
  const std::string id_;
  bool handled_ = false;
};

// Runs `act` on the lane's reactor until it has answered the call: at once if that is this one,
// unless it must come `behind` what the lane was told before.
template <class Act>
boost::asio::awaitable<void> on_lane(std::shared_ptr<engine_lane> lane,
                                     std::shared_ptr<session_call> call, Act act,
                                     bool behind = false) {
  auto start = [lane, call, behind, act = std::move(act)](std::shared_ptr<waiting> caller) mutable {
    call->caller = std::move(caller);
    behind ? boost::asio::post(lane->loop(), std::move(act))
           : boost::asio::dispatch(lane->loop(), std::move(act));
  };
  co_await suspend_until_resumed(std::move(start));
}

}  // namespace

boost::asio::awaitable<poll_reply> knock(std::shared_ptr<engine_lane> lane, std::string id) {
  auto call = std::make_shared<session_call>();
  auto act = [lane, call, id] {
    auto* session = lane->find(id);
    call->answer({session != nullptr && session->alive() ? 200 : 404, {}});
  };
  co_await on_lane(lane, call, std::move(act));
  co_return std::move(call->reply);
}

boost::asio::awaitable<poll_reply> call_poll(http_request& request,
                                             std::shared_ptr<engine_lane> lane,
                                             engine_query query) {
  const auto& id = query.session;
  auto call = std::make_shared<session_call>();
  std::weak_ptr<session_call> weak = call;
  auto gone = [lane, weak, id] {
    boost::asio::dispatch(lane->loop(), [lane, weak, id] {
      const auto waits = weak.lock();
      auto* session = lane->find(id);
      if (waits && session != nullptr) session->on_poll_gone(waits.get());
    });
  };
  if (request.peer != nullptr) request.peer->on_gone(std::move(gone));
  auto act = [lane, call, id, stamp = query.stamp] {
    auto* session = lane->find(id);
    session != nullptr ? session->on_poll(call, stamp) : call->answer({404, {}});
  };
  co_await on_lane(lane, call, std::move(act));
  co_return std::move(call->reply);
}

boost::asio::awaitable<poll_reply> call_post(http_request& request,
                                             std::shared_ptr<engine_lane> lane, std::string id) {
  auto call = std::make_shared<session_call>();
  const bool octets = request.header("Content-Type").starts_with("application/octet-stream");
  const auto mark = std::static_pointer_cast<post_mark>(request.mark);
  if (mark) mark->handled();
  auto act = [lane, call, id, octets, mark, body = std::move(request.body)] {
    auto* session = lane->find(id);
    if (session == nullptr || session->lingers()) return call->answer({404, {}});
    const int status = session->on_post(body, octets, mark.get());
    call->answer({status, "ok"});
  };
  // One whose body came with its head was not announced: see announce_post().
  const bool behind = mark == nullptr;
  co_await on_lane(lane, call, std::move(act), behind);
  co_return std::move(call->reply);
}

boost::asio::awaitable<poll_reply> announce_post(http_request& request,
                                                 std::shared_ptr<engine_lane> lane,
                                                 std::string id) {
  const auto mark = std::make_shared<post_mark>(lane, id);
  auto call = std::make_shared<session_call>();
  auto act = [lane, call, id, mark] {
    auto* session = lane->find(id);
    const bool goes = session == nullptr || session->begin_post(mark.get());
    call->answer({goes ? 200 : 400, {}});
  };
  // Behind what another reactor has told the lane of the post before it: that it was refused.
  co_await on_lane(lane, call, std::move(act), true);
  if (call->reply.status == 200) {
    request.mark = mark;
  } else {
    mark->handled();
  }
  co_return std::move(call->reply);
}

void forget_announced_post(http_request& request) {
  if (const auto mark = std::static_pointer_cast<post_mark>(request.mark); mark) mark->refused();
}

}  // namespace son1k::realtime
