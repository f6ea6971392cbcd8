#include "accounts/signing/signing_keys.hpp"

#include "accounts/identity/secrets.hpp"
#include "accounts/signing/ed25519.hpp"
#include "base/base64.hpp"
#include "store/async.hpp"

namespace son1k::accounts {
using boost::asio::awaitable;
using store::statement;
namespace {

std::string encoded(std::string_view bytes) {
  std::string out;
  append_base64url(out, bytes);
  return out;
}

std::string decoded(std::string_view text) {
  return from_base64url(text).value_or(std::string());
}

result<std::vector<signing_key>> read_keys(store::connection& db, bool only_current) {
  static const statement select(
      "SELECT id, public_key, secret, created_at_ms, retired_at_ms FROM signing_key "
      "WHERE $1 = 0 OR retired_at_ms = 0 ORDER BY created_at_ms DESC, id LIMIT 1000");
  std::vector<signing_key> out;
  auto done = db.query(select, {std::int64_t{only_current}}, [&](const store::row& r) {
    out.push_back({std::string(r.text(0)), decoded(r.text(1)), decoded(r.text(2)), r.integer(3),
                   r.integer(4)});
    return true;
  });
  if (!done) return done.error();
  return out;
}

// Of those who add at the same time one is the first; the others change nothing.
result<void> write_key(store::connection& db, const signing_key& made, bool in_place_of_current) {
  static const statement retire(
      "UPDATE signing_key SET retired_at_ms = $1, secret = '' WHERE retired_at_ms = 0");
  static const statement insert(
      "INSERT INTO signing_key (id, public_key, secret, created_at_ms, retired_at_ms) "
      "VALUES ($1, $2, $3, $4, 0) ON CONFLICT DO NOTHING");
  if (auto ok = db.lock("signing_key"); !ok) return ok;
  if (in_place_of_current) {
    if (auto ok = db.send(retire, {made.created_at_ms}); !ok) return ok;
  }
  const auto open = encoded(made.public_key);
  const auto closed = encoded(made.secret);
  return db.send(insert, {std::string_view(made.id), std::string_view(open),
                          std::string_view(closed), made.created_at_ms});
}

}  // namespace

awaitable<result<void>> signing_keys::add(bool in_place_of_current) {
  signing_key made;
  made.secret = random_bytes(ed25519_key_bytes);
  made.public_key = ed25519_public_key(made.secret);
  made.id = key_id_of(made.public_key);
  made.created_at_ms = clock_.now_ms();
  store::transaction tx;
  tx.stage([made, in_place_of_current](store::connection& db) {
    return write_key(db, made, in_place_of_current);
  });
  auto done = co_await store::async_commit(db_, std::move(tx));
  co_return done;
}

awaitable<result<signing_key>> signing_keys::current() {
  const auto read = [](store::connection& db) { return read_keys(db, true); };
  auto found = co_await store::async_read(db_, read);
  if (!found) co_return found.error();
  if (found->empty()) {
    auto made = co_await add(false);
    if (!made) co_return made.error();
    found = co_await store::async_read(db_, read);
    if (!found) co_return found.error();
    if (found->empty()) co_return error(errc::internal, text("no signing key was kept"));
  }
  co_return std::move(found->front());
}

awaitable<result<signing_key>> signing_keys::rotate() {
  auto made = co_await add(true);
  if (!made) co_return made.error();
  auto now = co_await current();
  co_return now;
}

awaitable<result<std::vector<signing_key>>> signing_keys::list() {
  const auto read = [](store::connection& db) { return read_keys(db, false); };
  auto found = co_await store::async_read(db_, read);
  if (!found) co_return found.error();
  for (auto& one : *found) one.secret.clear();
  co_return found;
}

}  // namespace son1k::accounts
