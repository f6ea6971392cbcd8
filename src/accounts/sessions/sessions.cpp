#include "accounts/sessions/sessions.hpp"

#include "accounts/identity/secrets.hpp"
#include "accounts/jwt/jwt.hpp"
#include "base/base64.hpp"
#include "base/log.hpp"
#include "base/utf8.hpp"
#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::accounts {
using boost::asio::awaitable;
namespace {

constexpr std::size_t family_bytes = 16;
constexpr std::size_t changing_bytes = 32;
constexpr std::size_t device_bytes_max = 200;
// Of two processes that renew one session at the same moment the slower looks again, once.
constexpr int looks_max = 3;

struct refresh_parts {
  std::string family;
  std::string changing;
  std::string text() const {
    std::string out(refresh_prefix);
    append_base64url(out, family + changing);
    return out;
  }
};

std::optional<refresh_parts> parse_refresh(std::string_view token) {
  if (!token.starts_with(refresh_prefix)) return std::nullopt;
  const auto bytes = from_base64url(token.substr(refresh_prefix.size()));
  if (!bytes || bytes->size() != family_bytes + changing_bytes) return std::nullopt;
  return refresh_parts{bytes->substr(0, family_bytes), bytes->substr(family_bytes)};
}

// What a client calls itself is any bytes; a database takes text.
std::string readable(std::string device) {
  keep_readable(device);
  cut_text(device, device_bytes_max);
  return device;
}

}  // namespace

std::vector<revocations::notice> stage_end_of_sessions(store::transaction& tx,
                                                       const revocations& told, std::string account,
                                                       std::string keep) {
  tx.stage([account, keep = std::move(keep)](store::connection& db) -> result<void> {
    auto gone = remove_sessions_but(db, account, keep);
    return gone ? result<void>() : gone.error();
  });
  std::vector<revocation> what{{std::move(account), ""}};
  return told.stage(tx, std::move(what));
}

awaitable<result<open_session>> sessions::open(account who, session_origin from) {
  const auto now = clock_.now_ms();
  auto open_ones = co_await list(who.id);
  if (!open_ones) co_return open_ones.error();
  const refresh_parts token{random_bytes(family_bytes), random_bytes(changing_bytes)};
  session_secrets row;
  row.of.id = uuid_v7();
  row.of.account = who.id;
  row.of.device = readable(std::move(from.device));
  row.of.address = std::move(from.address);
  row.of.created_at_ms = row.of.used_at_ms = now;
  row.of.expires_at_ms = now + session_ms;
  row.token = digest_of(token.changing);
  store::transaction tx;
  std::vector<revocations::notice> notices;
  if (static_cast<std::int64_t>(open_ones->size()) >= sessions_of_account_max) {
    tx.stage([id = who.id](store::connection& db) {
      return remove_oldest_sessions(db, id, sessions_of_account_max - 1);
    });
    std::vector<revocation> what{{who.id, ""}};
    notices = revocations_.stage(tx, std::move(what));
  }
  tx.stage([row, family = digest_of(token.family)](store::connection& db) {
    return insert_session(db, row, family);
  });
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done) co_return done.error();
  revocations_.tell(notices);
  co_return open_session{std::move(who), std::move(row.of), token.text()};
}

awaitable<result<sessions::lookup>> sessions::look_up(std::string family) {
  auto read = [family = std::move(family)](store::connection& db) -> result<lookup> {
    lookup out;
    auto found = session_by_family(db, family);
    if (!found) return found.error();
    out.found = std::move(*found);
    if (!out.found) return out;
    auto who = find_account(db, out.found->of.account);
    if (!who) return who.error();
    out.who = std::move(*who);
    return out;
  };
  co_return co_await store::async_read(db_, std::move(read));
}

awaitable<result<bool>> sessions::renew(session_secrets to, std::string from) {
  auto was_valid = std::make_shared<bool>(false);
  store::transaction tx;
  tx.stage([to = std::move(to), from = std::move(from),
            was_valid](store::connection& db) -> result<void> {
    auto rotated = rotate_session(db, to, from);
    if (!rotated) return rotated.error();
    *was_valid = *rotated;
    return {};
  });
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done) co_return done.error();
  co_return *was_valid;
}

awaitable<result<open_session>> sessions::rotate(std::string refresh_token) {
  const auto shown = parse_refresh(refresh_token);
  if (!shown) co_return faulty_token();
  const auto digest = digest_of(shown->changing);
  const auto family = digest_of(shown->family);
  for (int look = 0; look < looks_max; ++look) {
    auto looked = co_await look_up(family);
    if (!looked) co_return looked.error();
    const auto now = clock_.now_ms();
    if (!looked->found || looked->who.disabled_at_ms != 0 || looked->found->of.expires_at_ms <= now)
      co_return faulty_token();
    auto row = std::move(*looked->found);
    const auto next_of = [&](std::string_view seed) {
      return refresh_parts{shown->family, keyed_digest(seed, shown->changing)};
    };
    if (same_secret(row.token, digest)) {
      const auto seed = random_bytes(changing_bytes);
      const auto next = next_of(seed);
      row.seed.clear();
      append_base64url(row.seed, seed);
      row.token = digest_of(next.changing);
      row.of.used_at_ms = now;
      row.of.expires_at_ms = now + session_ms;
      auto renewed = co_await renew(row, digest);
      if (!renewed) co_return renewed.error();
      if (!*renewed) continue;
      co_return open_session{std::move(looked->who), std::move(row.of), next.text()};
    }
    const auto seed = from_base64url(row.seed);
    if (same_secret(row.token_before, digest) && seed && now - row.of.used_at_ms < repeat_ms) {
      const auto next = next_of(*seed);
      co_return open_session{std::move(looked->who), std::move(row.of), next.text()};
    }
    log::warn("session.reused", {{"account", row.of.account}, {"session", row.of.id}});
    auto ended = co_await end(row.of.account, row.of.id);
    if (!ended && ended.error().code != errc::not_found) co_return ended.error();
    co_return faulty_token();
  }
  co_return error(errc::unavailable,
                  text("the session is being renewed elsewhere; try again",
                       "la sesión se está renovando en otro lugar; inténtelo de nuevo"));
}

awaitable<result<std::vector<session>>> sessions::list(std::string account) {
  auto read = [account = std::move(account), now = clock_.now_ms()](store::connection& db) {
    return list_sessions(db, account, now);
  };
  co_return co_await store::async_read(db_, std::move(read));
}

awaitable<result<void>> sessions::end(std::string account, std::string id) {
  store::transaction tx;
  tx.stage([account, id](store::connection& db) -> result<void> {
    auto gone = remove_session(db, account, id);
    if (!gone) return gone.error();
    if (*gone == 1) return {};
    return error(errc::not_found, "session",
                 text("there is no such session", "no hay ninguna sesión así"));
  });
  std::vector<revocation> what{{std::move(account), std::move(id)}};
  const auto notices = revocations_.stage(tx, std::move(what));
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (done) revocations_.tell(notices);
  co_return done;
}

awaitable<result<void>> sessions::end_all(std::string account, std::string keep) {
  store::transaction tx;
  const auto notices = stage_end_of_sessions(tx, revocations_, std::move(account), std::move(keep));
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (done) revocations_.tell(notices);
  co_return done;
}

}  // namespace son1k::accounts
