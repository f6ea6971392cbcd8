// What of a client travels with its socket, also when it comes back on another process: who it is
// and how far it was told the news. And what a news item looks like on the wire. Pure; thread-safe.
#pragma once
#include <boost/json/value.hpp>

#include "accounts/identity/identity.hpp"
#include "api/realtime/news_desk.hpp"
#include "realtime/socketio/socket.hpp"

namespace son1k::api {

boost::json::object to_json(const accounts::identity& who);
accounts::identity identity_of(const boost::json::value& data);  // lenient: it is our own
void keep_mark(boost::json::value& data, const news_mark& mark);
news_mark mark_of(const boost::json::value& data);

// Of the handshake's auth object; empty if there is none. validation, field "token".
result<std::string> token_of(const boost::json::value& auth);
bool is_topic(const std::vector<news_source>& sources, std::string_view room);
// The event's facts, and {eventId} as its second argument: what `since` takes.
realtime::io_payload payload_of(const news_item& item);

}  // namespace son1k::api
