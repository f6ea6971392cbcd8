// How a connection begins: who answers, and what holds for its session.
#include <libpq-fe.h>

#include <algorithm>

#include "store/postgres/postgres_connection.hpp"

namespace son1k::store {
namespace {

const statement sql_facts{
    "SELECT pg_backend_pid(), current_setting('synchronous_commit'), current_setting('fsync')"};
// A process that is stopped in the midst of a transaction would keep its locks as long as it
// sleeps; so the server ends a session that idles in one.
const statement sql_timeout{
    "SELECT set_config('statement_timeout', $1, $2 = 1),"
    " set_config('idle_in_transaction_session_timeout', $3, $2 = 1)"};
// Among advisory locks of other programs: "son1k" in ASCII.
const statement sql_take_turns{"SELECT pg_advisory_xact_lock(hashtextextended($1, 495790125419))"};

}  // namespace

result<std::unique_ptr<postgres_connection>> postgres_connection::open(const postgres_place& place,
                                                                       settings s) {
  auto handle = place.connect(s.connect_max);
  if (!handle) return handle.error();
  std::unique_ptr<postgres_connection> opened(
      new postgres_connection(place, std::move(*handle), s));
  if (auto met = opened->meet(); !met) return met.error();
  return opened;
}

postgres_connection::postgres_connection(postgres_place place, postgres_handle handle, settings s)
    : place_(std::move(place)),
      settings_(s),
      statement_text_(std::to_string(s.statement_max.count())),
      idle_text_(std::to_string(s.idle_max.count())),
      handle_(std::move(handle)),
      statement_max_(s.statement_max) {}

postgres_connection::~postgres_connection() = default;

// Learns who is at the other end. A pooler answers for many servers' sessions, so the number it
// gave for cancelling is not that of the session.
result<void> postgres_connection::meet() {
  if (PQsetnonblocking(handle_.get(), 1) != 0 || PQenterPipelineMode(handle_.get()) != 1) {
    lose({}, PQerrorMessage(handle_.get()));
    return *lost_;
  }
  std::int64_t session = 0;
  auto met = query(sql_facts, {}, [&](const row& r) {
    session = r.integer(0);
    weak_ = r.text(1) == "off";
    return false;
  });
  if (!met) return met.error();
  pooled_ = session != PQbackendPID(handle_.get());
  plain_ = pooled_ || !settings_.prepare;
  if (pooled_) return {};
  return query(sql_timeout, {std::string_view(statement_text_), 0, std::string_view(idle_text_)},
               [](const row&) { return false; });
}

void postgres_connection::begin(const statement& words, bool together) {
  statement_max_ = settings_.statement_max;
  joined_.begin(together);
  say(words);
  if (!pooled_) return;
  const value params[] = {std::string_view(statement_text_), std::int64_t{1},
                          std::string_view(idle_text_)};
  if (bind(sql_timeout, params)) dispatch(sql_timeout, kind::word);
}

result<void> postgres_connection::lock(std::string_view name) {
  return send(sql_take_turns, {name});
}

joint_write* postgres_connection::joined(const void* key) {
  return joined_.last(key);
}

bool postgres_connection::join(const void* key, std::shared_ptr<joint_write> what) {
  return joined_.add(key, std::move(what));
}

result<void> postgres_connection::write_joined() {
  return joined_.write(*this);
}

}  // namespace son1k::store
