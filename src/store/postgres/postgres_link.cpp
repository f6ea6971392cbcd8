#include "store/postgres/postgres_link.hpp"

#include <algorithm>
#include <thread>

#include "base/log.hpp"

namespace son1k::store {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds pause_min{50};
constexpr milliseconds pause_max{5'000};
// How soon a wait notices that the database is being closed.
constexpr milliseconds glance{20};

}  // namespace

postgres_link::postgres_link(postgres_place place, settings s, postgres_figures& figures,
                             const std::atomic<bool>& closing)
    : place_(std::move(place)), settings_(s), figures_(figures), closing_(closing) {}

postgres_link::~postgres_link() {
  drop();
}

void postgres_link::drop() {
  if (!connection_) return;
  if (connection_->lost()) {
    log::warn("store.connection_lost", {{"database", place_.name()},
                                        {"role", settings_.role},
                                        {"why", connection_->lost()->message.en}});
  }
  connection_.reset();
  figures_.connections.fetch_sub(1);
}

result<postgres_connection*> postgres_link::get() {
  if (connection_ && connection_->alive()) return connection_.get();
  drop();
  if (!away_since_) away_since_ = clock::now();
  const auto until = *away_since_ + settings_.away_max;
  while (wait_for_turn(until)) {
    last_ = open();
    if (!last_) continue;
    const auto away = std::chrono::duration_cast<milliseconds>(clock::now() - *away_since_);
    if (had_one_) figures_.away_ms.fetch_add(static_cast<std::uint64_t>(away.count()));
    had_one_ = true;
    away_since_.reset();
    return connection_.get();
  }
  if (!last_) return last_.error();
  return error(errc::unavailable, place_.name(),
               text("There is no connection to PostgreSQL.", "No hay conexión con PostgreSQL."));
}

bool postgres_link::wait_for_turn(clock::time_point until) {
  while (clock::now() < next_attempt_) {
    if (clock::now() >= until || closing_) return false;
    std::this_thread::sleep_for(std::min<clock::duration>(glance, next_attempt_ - clock::now()));
  }
  return true;
}

result<void> postgres_link::open() {
  auto opened = postgres_connection::open(place_, settings_.connection);
  if (!opened) {
    figures_.refused_connects.fetch_add(1);
    pause_ = std::clamp(pause_ * 2, pause_min, pause_max);
    next_attempt_ = clock::now() + pause_;
    log::warn("store.connect_failed", {{"database", place_.name()},
                                       {"role", settings_.role},
                                       {"why", opened.error().message.en},
                                       {"again_in_ms", pause_.count()}});
    return opened.error();
  }
  connection_ = std::move(*opened);
  figures_.connections.fetch_add(1);
  if (had_one_) {
    figures_.reconnects.fetch_add(1);
    log::info("store.connected_again", {{"database", place_.name()}, {"role", settings_.role}});
  }
  pause_ = milliseconds(0);
  return {};
}

}  // namespace son1k::store
