#include "queue/schedules/leader.hpp"

#include "store/async.hpp"

namespace son1k::queue {
using boost::asio::awaitable;
using store::statement;
namespace {

const statement sql_look("SELECT holder, fence, beat FROM schedule_leader WHERE name = $1");
const statement sql_first(
    "INSERT INTO schedule_leader (name, holder, fence, beat) VALUES ($1, $2, 1, 1) "
    "ON CONFLICT (name) DO NOTHING");
const statement sql_take(
    "UPDATE schedule_leader SET holder = $2, fence = fence + 1, beat = beat + 1 "
    "WHERE name = $1 AND fence = $3 AND beat = $4");
const statement sql_beat(
    "UPDATE schedule_leader SET beat = beat + 1 WHERE name = $1 AND fence = $2");
const statement sql_leave("UPDATE schedule_leader SET holder = '' WHERE name = $1 AND fence = $2");

error too_late() {
  return {errc::lease_lost, text("another scheduler leads", "otro planificador está al mando")};
}

result<void> must_change(const result<std::int64_t>& rows) {
  if (!rows) return rows.error();
  if (*rows == 1) return {};
  return too_late();
}

}  // namespace

leader::leader(store::database& db, const clock_port& clock, std::string name, std::string holder,
               std::int64_t lease_ms)
    : db_(db),
      clock_(clock),
      name_(std::move(name)),
      holder_(std::move(holder)),
      lease_ms_(lease_ms) {}

void leader::stage_fence(store::transaction& tx) const {
  tx.stage([name = name_, fence = fence_](store::connection& db) -> result<void> {
    // A write rather than a look: in a database with many writers it also keeps the row.
    return must_change(db.execute(sql_beat, {std::string_view(name), fence}));
  });
}

awaitable<result<bool>> leader::beat() {
  if (leads()) co_return co_await renew();
  auto work = [this](store::connection& db) { return look(db); };
  auto found = co_await store::async_read(db_, std::move(work));
  if (!found) co_return found.error();
  const auto now = clock_.steady_ms();
  if (!*found) co_return co_await take(std::nullopt);
  const auto& there = **found;
  if (there != seen_) {
    seen_ = there;
    seen_at_ms_ = now;
  }
  const bool silent = now - seen_at_ms_ >= lease_ms_;
  if (!there.holder.empty() && !silent) co_return false;
  co_return co_await take(there);
}

awaitable<result<bool>> leader::renew() {
  store::transaction tx(store::durability::process);
  stage_fence(tx);
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (done) co_return true;
  if (done.error().code != errc::lease_lost) co_return done.error();
  lost();
  co_return false;
}

awaitable<result<bool>> leader::take(std::optional<seat> from) {
  store::transaction tx(store::durability::process);
  tx.stage([name = name_, holder = holder_, from](store::connection& db) -> result<void> {
    const std::string_view office(name);
    const std::string_view me(holder);
    if (!from) return must_change(db.execute(sql_first, {office, me}));
    return must_change(db.execute(sql_take, {office, me, from->fence, from->beat}));
  });
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done && done.error().code != errc::lease_lost) co_return done.error();
  if (done) fence_ = from ? from->fence + 1 : 1;
  co_return leads();
}

result<std::optional<leader::seat>> leader::look(store::connection& db) const {
  std::optional<seat> out;
  auto done = db.query(sql_look, {std::string_view(name_)}, [&](const store::row& r) {
    out = seat{std::string(r.text(0)), r.integer(1), r.integer(2)};
    return false;
  });
  if (!done) return done.error();
  return out;
}

awaitable<void> leader::give_up() {
  if (!leads()) co_return;
  store::transaction tx(store::durability::process);
  tx.stage([name = name_, fence = fence_](store::connection& db) -> result<void> {
    return must_change(db.execute(sql_leave, {std::string_view(name), fence}));
  });
  lost();
  // If it cannot be said, the lease runs out by itself.
  (void)co_await store::async_commit(db_, std::move(tx));
}

}  // namespace son1k::queue
