#include "accounts/users/setup.hpp"

#include "accounts/identity/secrets.hpp"
#include "store/async.hpp"

namespace son1k::accounts {
using boost::asio::awaitable;
using store::statement;
namespace {

error closed() {
  return {
      errc::unauthenticated,
      text("the set-up link is not valid; it works once, until there is an administrator",
           "el enlace de configuración no vale; sirve una vez, hasta que hay quien administre")};
}

// Whether it is the one that was written last, and nobody administrates yet.
result<bool> is_valid(store::connection& db, std::string_view digest) {
  static const statement select("SELECT secret FROM program_secret WHERE name = 'setup'");
  std::string kept;
  auto read = db.query(select, {}, [&](const store::row& r) {
    kept = r.text(0);
    return false;
  });
  if (!read) return read.error();
  auto closed_already = has_administrator(db);
  if (!closed_already) return closed_already;
  return !*closed_already && same_secret(kept, digest);
}

}  // namespace

result<std::optional<std::string>> setup::begin() {
  auto open =
      store::read_and_wait(db_, [](store::connection& db) { return has_administrator(db); });
  if (!open) return open.error();
  if (*open) return std::optional<std::string>();
  auto secret = new_secret("");
  store::transaction tx;
  tx.stage([digest = digest_of(secret)](store::connection& db) -> result<void> {
    static const statement keep(
        "INSERT INTO program_secret (name, secret) VALUES ('setup', $1) "
        "ON CONFLICT (name) DO UPDATE SET secret = excluded.secret");
    auto kept = db.execute(keep, {std::string_view(digest)});
    if (!kept) return kept.error();
    return {};
  });
  if (auto done = store::commit_and_wait(db_, std::move(tx)); !done) return done.error();
  return std::optional<std::string>(std::move(secret));
}

awaitable<result<bool>> setup::is_open() {
  auto read = [](store::connection& db) -> result<bool> {
    auto closed_already = has_administrator(db);
    if (!closed_already) return closed_already.error();
    return !*closed_already;
  };
  auto open = co_await store::async_read(db_, std::move(read));
  co_return open;
}

awaitable<result<account>> setup::claim(std::string secret, std::string email, std::string password,
                                        store::beside_step beside) {
  const auto digest = digest_of(secret);
  auto check = [digest](store::connection& db) { return is_valid(db, digest); };
  auto valid = co_await store::async_read(db_, std::move(check));
  if (!valid) co_return valid.error();
  if (!*valid) co_return closed();
  if (auto ok = check_email("email", email); !ok) co_return ok.error();
  const auto login = login_of(email);
  if (auto ok = check_password("password", password, login); !ok) co_return ok.error();
  auto hash = co_await passwords_.hash(std::move(password));
  if (!hash) co_return hash.error();
  auto claimed = std::make_shared<account>();
  store::transaction tx;
  tx.stage([claimed, digest, login, hash = std::move(*hash),
            now = clock_.now_ms()](store::connection& db) -> result<void> {
    static const statement use_up(
        "DELETE FROM program_secret WHERE name = 'setup' AND secret = $1");
    static const statement give(
        "UPDATE account SET login = $2, email = $2, password = $3, updated_at_ms = $4 "
        "WHERE id = $1");
    if (auto locked = db.lock("account.administrators"); !locked) return locked;
    auto still = is_valid(db, digest);
    if (!still) return still.error();
    if (!*still) return closed();
    auto used = db.execute(use_up, {std::string_view(digest)});
    if (!used) return used.error();
    auto given =
        db.execute(give, {local_account, std::string_view(login), std::string_view(hash), now});
    if (!given) return given.error();
    auto who = find_account(db, local_account);
    if (!who) return who.error();
    *claimed = std::move(*who);
    return {};
  });
  tx.stage_beside(std::move(beside), std::string(local_account));
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (done) co_return *claimed;
  if (done.error().code == errc::conflict) {
    co_return error(
        errc::conflict, "email",
        text("there is an account with this e-mail already", "ya hay una cuenta con este correo"));
  }
  co_return done.error();
}

}  // namespace son1k::accounts
