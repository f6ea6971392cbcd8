// Sockets that come back: what is kept of them, what they missed. A pid names its socket, its
// namespace and where it began, so that a client that never got an event can go on, too:
// <sid>.<secret>.<namespace>[.<offset>]
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <random>

#include "base/log.hpp"
#include "realtime/socketio/hub.hpp"

namespace son1k::realtime {
namespace {

using boost::asio::awaitable;

constexpr std::size_t pid_bytes_max = 128;
// Servers ask each other by it; applications do not hear it.
constexpr std::string_view give_up_event = "son1k:give_up";
constexpr std::int64_t give_up_ms = 1'000;

std::uint32_t digest_of(std::string_view text) {
  std::uint32_t out = 2'166'136'261U;
  for (const char c : text) out = (out ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return out;
}

std::vector<std::string_view> parts_of(std::string_view pid) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto end = pid.find('.');
    out.push_back(pid.substr(0, end));
    if (end == std::string_view::npos || out.size() > 4) return out;
    pid.remove_prefix(end + 1);
  }
}

bool is_for(const io_broadcast& message, const std::vector<std::string>& rooms) {
  const auto has = [&](const std::string& room) {
    return std::ranges::find(rooms, room) != rooms.end();
  };
  const auto& whom = message.whom;
  if (message.flags.is_volatile || std::ranges::any_of(whom.except, has)) return false;
  return whom.rooms.empty() || std::ranges::any_of(whom.rooms, has);
}

}  // namespace

std::string new_io_id() {
  static constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  thread_local std::random_device random;
  std::string out(22, ' ');
  for (std::size_t at = 0; at < out.size();) {
    auto bits = random();
    for (int n = 0; n < 5 && at < out.size(); ++n, bits >>= 6) out[at++] = letters[bits & 63];
  }
  return out;
}

std::string io_server::state::new_pid(const hub_space& space, const std::string& sid) {
  auto pid = fmt::format("{}.{}.{:08x}", sid, new_io_id(), digest_of(space.name()));
  const std::lock_guard lock(order_mutex);
  if (!last_offset.empty()) pid += "." + last_offset;
  return pid;
}

bool io_server::state::is_pid_of(const hub_space& space, std::string_view pid) const {
  if (pid.empty() || pid.size() > pid_bytes_max) return false;
  const auto parts = parts_of(pid);
  // Of another make: it does not say.
  if (parts.size() < 3) return true;
  return parts[2] == fmt::format("{:08x}", digest_of(space.name()));
}

std::optional<std::string> io_server::state::resume_at(const std::string& pid,
                                                       const std::string& offset) const {
  const auto parts = parts_of(pid);
  const std::string begun(parts.size() == 4 ? parts[3] : std::string_view());
  const auto first = read_offset(begun);
  if (offset.empty() && first) return begun;
  const auto given = read_offset(offset);
  if (!given) return std::nullopt;
  // A client that could not come back still has the offset of its life before.
  return first && *given < *first ? begun : offset;
}

void io_server::state::keep(kept_session session, const boost::asio::any_io_executor& on) {
  const std::string pid = session.pid;
  {
    const std::lock_guard lock(keeping_mutex);
    keeping.insert_or_assign(pid, session);
  }
  start(on, "socketio.keep", keep_it(std::move(session)));
}

awaitable<void> io_server::state::keep_it(kept_session session) {
  const auto alive = shared_from_this();
  const std::string pid = session.pid;
  auto kept = co_await shared->keep_session(std::move(session), settings.recovery_ms);
  std::unique_lock lock(keeping_mutex);
  const bool taken_meanwhile = keeping.erase(pid) == 0;
  lock.unlock();
  if (kept) {
    if (taken_meanwhile) co_await shared->take_session(pid);
    co_return;
  }
  // A format without recovery is no fault.
  if (const auto why = kept.error(); why.code != errc::not_found) warn("keep", why);
}

awaitable<std::optional<kept_session>> io_server::state::take(std::string space, std::string pid) {
  const auto alive = shared_from_this();
  auto evicted = co_await evict(pid);
  if (evicted) co_return evicted;
  {
    const std::lock_guard lock(keeping_mutex);
    if (auto row = keeping.extract(pid); !row.empty()) co_return std::move(row.mapped());
  }
  auto taken = co_await shared->take_session(pid);
  if (!taken && taken.error().code == errc::not_found) {
    co_await ask_to_give_up(std::move(space), pid);
    taken = co_await shared->take_session(pid);
  }
  if (taken) co_return std::move(*taken);
  if (const auto why = taken.error(); why.code != errc::not_found) warn("take", why);
  co_return std::nullopt;
}

// It may be that another server does not know yet that the connection is dead. Servers in Node do
// not answer: they are waited for a moment.
awaitable<void> io_server::state::ask_to_give_up(std::string space, std::string pid) {
  const auto alive = shared_from_this();
  io_payload question;
  question.json = boost::json::serialize(boost::json::array{give_up_event, pid});
  auto answers = co_await shared->server_emit(std::move(space), std::move(question), give_up_ms);
  if (answers) co_return;
  if (const auto why = answers.error(); why.code != errc::timeout) warn("give up", why);
}

bool io_server::state::is_give_up(const io_payload& event) {
  return name_in(event) == give_up_event;
}

void io_server::state::on_give_up(const io_payload& event, std::function<void(io_payload)> reply) {
  boost::json::error_code ec;
  const auto asked = boost::json::parse(event.json, ec);
  std::string pid;
  if (!ec && asked.is_array() && asked.get_array().size() == 2) {
    if (const auto* text = asked.get_array()[1].if_string()) pid = std::string(*text);
  }
  if (stopped) return;
  start(shards.front()->executor, "socketio.give_up", give_up(std::move(pid), std::move(reply)));
}

awaitable<void> io_server::state::give_up(std::string pid, std::function<void(io_payload)> reply) {
  const auto alive = shared_from_this();
  std::optional<kept_session> had;
  if (!pid.empty() && pid.size() <= pid_bytes_max) had = co_await evict(pid);
  if (!had) {
    // On its way to the cluster already: once this is there, that is.
    const std::lock_guard lock(keeping_mutex);
    if (const auto row = keeping.find(pid); row != keeping.end()) had = row->second;
  }
  const bool found = had.has_value();
  if (had) {
    auto kept = co_await shared->keep_session(std::move(*had), settings.recovery_ms);
    if (!kept) warn("keep", kept.error());
  }
  if (!reply) co_return;
  io_payload answer;
  answer.json = found ? "[true]" : "[false]";
  reply(std::move(answer));
}

// A connection that died unnoticed still has the socket.
awaitable<std::optional<kept_session>> io_server::state::evict(std::string pid) {
  const auto alive = shared_from_this();
  struct search {
    std::mutex mutex;
    std::size_t left = 0;
    std::optional<kept_session> found;
    std::shared_ptr<io_signal> done = std::make_shared<io_signal>();
  };
  const std::string sid(parts_of(pid).front());
  auto all = std::make_shared<search>();
  all->left = shards.size();
  order look = [this, all, sid, pid](hub_shard& shard) {
    std::optional<kept_session> here;
    for (const auto& [name, space] : spaces) {
      auto* member = shard.table(*space).find(sid);
      if (member == nullptr) continue;
      const auto socket = std::static_pointer_cast<hub_socket>(
          static_cast<hub_socket*>(member)->shared_from_this());
      if (socket->pid_ != pid || socket->held_) continue;
      here = socket->keep();
      const auto connection = socket->connection();
      socket->end(name_of(close_reason::transport_close));
      connection->close(close_reason::transport_close);
    }
    std::unique_lock lock(all->mutex);
    if (here) all->found = std::move(here);
    if (--all->left > 0) return;
    lock.unlock();
    all->done->fire();
  };
  for (const auto& shard : shards) shard->give(look);
  co_await io_signal::wait(all->done);
  co_return std::move(all->found);
}

awaitable<std::optional<io_server::state::missed>> io_server::state::missed_by(
    const hub_space& space, kept_session session, std::string offset) {
  const auto alive = shared_from_this();
  missed out;
  out.last = read_offset(offset).value_or(io_offset{});
  {
    const std::lock_guard lock(order_mutex);
    if (lost_any && out.last <= lost_at) co_return std::nullopt;
  }
  std::size_t bytes = 0;
  for (std::size_t pages = 0; pages < settings.kept_pages_max; ++pages) {
    auto page = co_await shared->since(space.name(), offset);
    if (!page) co_return std::nullopt;
    if (page->empty()) co_return out;
    for (const auto& each : *page) {
      const auto at = read_offset(each.offset);
      if (!at) co_return std::nullopt;
      offset = each.offset;
      out.last = std::max(out.last, *at);
      if (!is_for(each, session.rooms)) continue;
      io_encoding how;
      how.offset = each.offset;
      out.events.push_back(encode_event(space.name(), each.event, how));
      for (const auto& part : out.events.back()) bytes += part->frame().size();
      if (bytes > settings.kept_bytes_max || out.events.size() > settings.kept_events_max)
        co_return std::nullopt;
    }
  }
  co_return std::nullopt;
}

void io_server::state::warn(const char* what, const error& why) {
  const auto now = clock.steady_ms();
  auto last = warned_ms.load();
  if (now - last >= 1'000 && warned_ms.compare_exchange_strong(last, now))
    log::warn("socketio.cluster", {{"what", what}, {"why", why.what()}});
}

void io_server::state::note_loss() {
  lost_any = true;
  lost_at = last_at;
}

}  // namespace son1k::realtime
