#include "realtime/engine/lane.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <limits>
#include <utility>

#include "realtime/engine/session_id.hpp"

namespace son1k::realtime {
namespace {

constexpr std::size_t read_buffer_bytes = 64 * 1024;
constexpr std::int64_t never_us = std::numeric_limits<std::int64_t>::max();

std::int64_t microseconds(std::chrono::milliseconds time) {
  return time.count() * 1000;
}

engine_session& session_of(deadline_mark& mark) {
  return *static_cast<engine_session*>(mark.owner());
}

}  // namespace

engine_lane::engine_lane(boost::asio::io_context& loop, std::size_t index,
                         const engine_settings& settings, const engine_acceptor& accept)
    : loop_(loop),
      index_(index),
      settings_(settings),
      accept_(accept),
      buffer_(read_buffer_bytes),
      pings_(microseconds(settings.ping_interval)),
      pongs_(microseconds(settings.ping_timeout)),
      upgrades_(microseconds(settings.upgrade_timeout)),
      ends_(microseconds(settings.close_timeout)),
      closes_(microseconds(settings.close_timeout)),
      timer_(loop.get_executor()) {}

void engine_lane::start() {
  stopping_ = false;
  std::weak_ptr<engine_lane> weak = weak_from_this();
  poller_ = std::make_shared<net::socket_poller>(loop_, [weak] {
    if (const auto self = weak.lock()) self->end_turn();
  });
  poller_->start();
}

std::int64_t engine_lane::now_us() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

engine_session* engine_lane::find(std::string_view id) {
  // A session whose time is over must not be found because the timer is late.
  if (armed_us_ != 0 && armed_us_ <= now_us()) look_at_time();
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

engine_session& engine_lane::add_session() {
  std::unique_ptr<engine_session> made(
      new engine_session(*this, new_session_id(index_, settings_.node)));
  auto& session = *made;
  sessions_.emplace(session.id(), std::move(made));
  return session;
}

websocket_link& engine_lane::add_link(int descriptor, std::shared_ptr<net::connection_hold> hold) {
  std::weak_ptr<engine_lane> weak = weak_from_this();
  hold->on_stop([weak](bool at_once) {
    const auto self = weak.lock();
    if (!self) return;
    boost::asio::post(self->loop_, [weak, at_once] {
      if (const auto lane = weak.lock()) lane->stop(at_once);
    });
  });
  std::unique_ptr<websocket_link> made(
      new websocket_link(*this, descriptor, std::move(hold), settings_.payload_bytes_max));
  auto& link = *links_.emplace_back(std::move(made));
  link.slot = links_.size() - 1;
  return link;
}

void engine_lane::greet(engine_session& session, const net::http_request& request) {
  engine_handshake facts;
  facts.remote_address = request.remote_address;
  facts.query = request.query_pairs();
  facts.headers.reserve(request.fields.size());
  for (const auto& field : request.fields) facts.headers.emplace_back(field.name, field.value);
  session.set_client(accept_(session, facts));
}

std::string engine_lane::open_polling(const net::http_request& request) {
  if (sessions_.size() >= settings_.sessions_max || stopping_) return {};
  auto& session = add_session();
  session.begin(nullptr);
  session.note_stamp(request.query("t").value_or(""));
  greet(session, request);
  return session.take_payload();
}

void engine_lane::open_websocket(const net::http_request& request, net::taken_socket taken) {
  if (sessions_.size() >= settings_.sessions_max || stopping_) return;
  auto& link = add_link(taken.socket.release(), std::move(taken.hold));
  auto& session = add_session();
  session.begin(&link);
  greet(session, request);
  link.start(&session, std::move(taken.unread));
}

void engine_lane::adopt(std::string_view id, int descriptor, std::string unread,
                        std::shared_ptr<net::connection_hold> hold) {
  auto& link = add_link(descriptor, std::move(hold));
  auto* session = stopping_ ? nullptr : find(id);
  if (session != nullptr && !session->begin_upgrade(link)) session = nullptr;
  link.start(session, std::move(unread));
  if (session == nullptr && !link.gone()) link.end(ws_code::normal, {});
}

void engine_lane::flush_soon(engine_session& session) {
  session.flush_asked = true;
  unflushed_.push_back(&session);
  end_turn_soon();
}

void engine_lane::bury(engine_session& session) {
  const auto found = sessions_.find(session.id());
  if (found == sessions_.end()) return;
  auto owned = std::move(found->second);
  sessions_.erase(found);
  ended_.push_back(std::move(owned));
  end_turn_soon();
}

void engine_lane::tell_end_soon(engine_session& session) {
  to_tell_.push_back(&session);
  end_turn_soon();
}

void engine_lane::read_soon(websocket_link& link) {
  if (link.reads_soon) return;
  link.reads_soon = true;
  unread_.push_back(&link);
  end_turn_soon();
}

void engine_lane::bury(websocket_link& link) {
  auto& place = links_[link.slot];
  gone_.push_back(std::move(place));
  if (&place != &links_.back()) {
    place = std::move(links_.back());
    place->slot = link.slot;
  }
  links_.pop_back();
  end_turn_soon();
}

// Within a turn of the poller its end is near; else one is asked for.
void engine_lane::end_turn_soon() {
  if (turn_asked_ || (poller_->in_turn() && unread_.empty())) return;
  turn_asked_ = true;
  boost::asio::post(loop_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->turn_asked_ = false;
    const auto unread = std::exchange(self->unread_, {});
    for (auto* link : unread) link->reads_soon = false;
    for (auto* link : unread) {
      if (!link->gone()) link->read();
    }
    self->end_turn();
  });
}

// What is written, told and destroyed here may cause more of it, which then is the next turn's.
void engine_lane::end_turn() {
  // By index: a flush that cuts its session may ask for others, never for itself.
  for (std::size_t n = 0; n < unflushed_.size(); ++n) unflushed_[n]->flush();
  unflushed_.clear();
  const auto to_tell = std::exchange(to_tell_, {});
  for (auto* session : to_tell) session->tell_end();
  auto ended = std::exchange(ended_, {});
  for (const auto& session : ended) session->tell_end();
  const auto is_gone = [](const websocket_link* link) { return link->gone(); };
  unread_.erase(std::remove_if(unread_.begin(), unread_.end(), is_gone), unread_.end());
  const auto gone = std::exchange(gone_, {});
}

deadline_list& engine_lane::wake_for(deadline_list& list) {
  // The caller sets a deadline now; the timer is looked at once it has.
  if (!arm_asked_ && (armed_us_ == 0 || list.first() == nullptr)) {
    arm_asked_ = true;
    boost::asio::post(loop_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->arm_asked_ = false;
      self->arm(self->first_due_us());
    });
  }
  return list;
}

std::int64_t engine_lane::first_due_us() const {
  auto due = never_us;
  for (const auto* list : {&pings_, &pongs_, &upgrades_, &ends_, &closes_}) {
    if (list->first() != nullptr) due = std::min(due, list->first()->due_us());
  }
  return due;
}

void engine_lane::arm(std::int64_t due_us) {
  if (due_us == never_us || (armed_us_ != 0 && armed_us_ <= due_us)) return;
  armed_us_ = due_us;
  timer_.expires_at(std::chrono::steady_clock::time_point(std::chrono::microseconds(due_us)));
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
    const auto self = weak.lock();
    if (ec || !self) return;
    self->armed_us_ = 0;
    self->look_at_time();
  });
}

void engine_lane::look_at_time() {
  const auto now = now_us();
  const auto each_due = [now](deadline_list& list, auto act) {
    while (list.first() != nullptr && list.first()->due_us() <= now) act(*list.first());
  };
  each_due(pongs_, [](deadline_mark& mark) { session_of(mark).on_pong_due(); });
  each_due(pings_, [](deadline_mark& mark) { session_of(mark).on_ping_due(); });
  each_due(upgrades_, [](deadline_mark& mark) { session_of(mark).on_grace_over(); });
  each_due(ends_, [](deadline_mark& mark) { session_of(mark).on_grace_over(); });
  each_due(closes_,
           [](deadline_mark& mark) { static_cast<websocket_link*>(mark.owner())->on_close_due(); });
  arm(first_due_us());
}

void engine_lane::stop(bool at_once) {
  if (!poller_) return;
  stopping_ = true;
  std::vector<engine_session*> sessions;
  sessions.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) sessions.push_back(session.get());
  for (auto* session : sessions) {
    session->alive() ? session->close(close_reason::server_stops) : session->on_grace_over();
  }
  if (at_once) {
    while (!links_.empty()) links_.back()->abort();
    poller_->stop();
    timer_.cancel();
  }
  end_turn();
}

}  // namespace son1k::realtime
