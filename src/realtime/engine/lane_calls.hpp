// What a request asks of a session on the session's own reactor. Each call runs there and resumes
// its caller where the request came in; the lane lives as long.
//
// A reply's status: 200, 400 where the session refuses, 404 where it is not there.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "net/http_message.hpp"
#include "realtime/engine/lane.hpp"
#include "realtime/engine/request.hpp"

namespace son1k::realtime {

// Whether the session is there.
boost::asio::awaitable<poll_reply> knock(std::shared_ptr<engine_lane> lane, std::string id);
// Waits for what the session has to say, or until the client goes.
boost::asio::awaitable<poll_reply> call_poll(net::http_request& request,
                                             std::shared_ptr<engine_lane> lane, engine_query query);
// Hands over the packets of the request's body.
boost::asio::awaitable<poll_reply> call_post(net::http_request& request,
                                             std::shared_ptr<engine_lane> lane, std::string id);
// Of a POST whose body is on its way. One that overlaps another is refused here, as the other
// cannot be waited for. When an announced request goes without its body, the session ends.
boost::asio::awaitable<poll_reply> announce_post(net::http_request& request,
                                                 std::shared_ptr<engine_lane> lane, std::string id);
// The server refused the body that was announced, if it was: the session goes on.
void forget_announced_post(net::http_request& request);

}  // namespace son1k::realtime
