#include "accounts/keys/api_keys.hpp"

#include <algorithm>

#include "accounts/identity/secrets.hpp"
#include "base/utf8.hpp"
#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::accounts {
using boost::asio::awaitable;
using store::statement;
namespace {

constexpr std::int64_t use_noted_ms = 60'000;
constexpr std::string_view key_columns =
    "id, account, name, ending, scopes, created_at_ms, expires_at_ms, used_at_ms";

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  while (!line.empty()) {
    const auto end = std::min(line.find(' '), line.size());
    if (end > 0) out.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return out;
}

std::string line_of(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

api_key read_key_row(const store::row& r) {
  api_key out;
  out.id = r.text(0);
  out.account = r.text(1);
  out.name = r.text(2);
  out.ending = r.text(3);
  out.scopes = words_of(r.text(4));
  out.created_at_ms = r.integer(5);
  out.expires_at_ms = r.integer(6);
  out.used_at_ms = r.integer(7);
  return out;
}

result<void> check_new_key(const new_api_key& asked, std::int64_t now_ms) {
  const auto points = count_code_points(asked.name);
  if (!points || *points < 1 || *points > api_key_name_points_max || is_blank(asked.name) ||
      asked.name.find('\0') != asked.name.npos) {
    return error(errc::validation, "name",
                 text("must have 1 to 100 characters", "debe tener de 1 a 100 caracteres"));
  }
  std::vector<std::string> once = asked.scopes;
  std::ranges::sort(once);
  const bool twice = std::ranges::adjacent_find(once) != once.end();
  const bool known = std::ranges::all_of(once, [](const auto& scope) {
    return std::ranges::find(api_key_scopes, scope) != std::end(api_key_scopes);
  });
  if (twice || !known) {
    return error(errc::validation, "scopes",
                 text("must be of read, generate, manage and operate, each once at most",
                      "deben ser de read, generate, manage y operate, cada uno una vez"));
  }
  if (!asked.may_operate && std::ranges::find(once, "operate") != once.end()) {
    return error(errc::forbidden, "scopes",
                 text("operate is for keys of operators", "operate es para claves de operadores"));
  }
  if (asked.expires_at_ms != 0 &&
      (asked.expires_at_ms <= now_ms || asked.expires_at_ms > now_ms + api_key_ms_max)) {
    return error(errc::validation, "expiresAt",
                 text("must be a time in the next ten years",
                      "debe ser un momento de los próximos diez años"));
  }
  return {};
}

}  // namespace

result<void> insert_key(store::connection& db, const made_api_key& made) {
  const auto& key = made.key;
  const auto digest = digest_of(made.secret);
  static const statement count("SELECT count(*) FROM api_key WHERE account = $1");
  static const statement insert(
      "INSERT INTO api_key (id, account, name, digest, ending, scopes, created_at_ms, "
      "expires_at_ms, used_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)");
  if (auto locked = db.lock("api_key." + key.account); !locked) return locked;
  std::int64_t there = 0;
  auto read = db.query(count, {std::string_view(key.account)}, [&](const store::row& r) {
    there = r.integer(0);
    return false;
  });
  if (!read) return read;
  if (there >= api_keys_of_account_max) {
    return error(errc::conflict, "tokens",
                 text("there are 50 keys already; remove one first",
                      "ya hay 50 claves; elimine una primero"));
  }
  const auto scopes = line_of(key.scopes);
  return db.send(
      insert, {std::string_view(key.id), std::string_view(key.account), std::string_view(key.name),
               std::string_view(digest), std::string_view(key.ending), std::string_view(scopes),
               key.created_at_ms, key.expires_at_ms});
}

result<made_api_key> api_keys::fresh(new_api_key asked) const {
  const auto now = clock_.now_ms();
  if (auto ok = check_new_key(asked, now); !ok) return ok.error();
  made_api_key out;
  out.secret = new_secret(api_key_prefix);
  out.key.id = uuid_v7();
  out.key.account = std::move(asked.account);
  out.key.name = std::move(asked.name);
  out.key.ending = out.secret.substr(out.secret.size() - 4);
  out.key.scopes = std::move(asked.scopes);
  out.key.created_at_ms = now;
  out.key.expires_at_ms = asked.expires_at_ms;
  return out;
}

awaitable<result<made_api_key>> api_keys::create(new_api_key asked,
                                                 store::beside_making<made_api_key> beside) {
  auto made = fresh(std::move(asked));
  if (!made) co_return made.error();
  store::transaction tx;
  tx.stage([made = *made](store::connection& db) { return insert_key(db, made); });
  if (beside) tx.stage_beside(beside(*made), made->key.id);
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done) co_return done.error();
  co_return std::move(*made);
}

awaitable<result<std::vector<api_key>>> api_keys::list(std::string account) {
  auto read = [account =
                   std::move(account)](store::connection& db) -> result<std::vector<api_key>> {
    static const statement select("SELECT " + std::string(key_columns) +
                                  " FROM api_key WHERE account = $1 ORDER BY id DESC");
    std::vector<api_key> out;
    auto done = db.query(select, {std::string_view(account)}, [&](const store::row& r) {
      out.push_back(read_key_row(r));
      return true;
    });
    if (!done) return done.error();
    return out;
  };
  co_return co_await store::async_read(db_, std::move(read));
}

awaitable<result<void>> api_keys::revoke(std::string account, std::string id) {
  store::transaction tx;
  tx.stage([account, id](store::connection& db) -> result<void> {
    static const statement remove("DELETE FROM api_key WHERE account = $1 AND id = $2");
    auto gone = db.execute(remove, {std::string_view(account), std::string_view(id)});
    if (!gone) return gone.error();
    if (*gone == 1) return {};
    return error(errc::not_found, "id", text("there is no such key", "no hay ninguna clave así"));
  });
  std::vector<revocation> what{{std::move(account), std::move(id)}};
  const auto notices = revocations_.stage(tx, std::move(what));
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (done) revocations_.tell(notices);
  co_return done;
}

result<std::optional<api_key>> api_key_by_digest(store::connection& db, std::string_view digest) {
  static const statement select("SELECT " + std::string(key_columns) +
                                " FROM api_key WHERE digest = $1");
  std::optional<api_key> out;
  auto read = db.query(select, {digest}, [&](const store::row& r) {
    out = read_key_row(r);
    return false;
  });
  if (!read) return read.error();
  return out;
}

void stage_use_of_key(store::transaction& tx, std::string id, std::int64_t now_ms) {
  tx.stage([id = std::move(id), now_ms](store::connection& db) -> result<void> {
    static const statement note(
        "UPDATE api_key SET used_at_ms = $2 WHERE id = $1 AND used_at_ms <= $3");
    return db.send(note, {std::string_view(id), now_ms, now_ms - use_noted_ms});
  });
}

}  // namespace son1k::accounts
