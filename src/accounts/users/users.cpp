#include "accounts/users/users.hpp"

#include "accounts/jwt/jwt.hpp"
#include "accounts/sessions/sessions.hpp"
#include "base/utf8.hpp"
#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::accounts {
using boost::asio::awaitable;
using store::statement;
namespace {

error email_taken() {
  return {
      errc::conflict, "email",
      text("there is an account with this e-mail already", "ya hay una cuenta con este correo")};
}

result<void> check_name(std::string_view name) {
  const auto points = count_code_points(name);
  const bool plain = name.find_first_of(std::string_view("\0\n\r\t", 4)) == name.npos;
  if (points && *points >= 1 && *points <= account_name_points_max && plain && !is_blank(name))
    return {};
  return error(errc::validation, "name",
               text("must have 1 to 100 characters on one line",
                    "debe tener de 1 a 100 caracteres en una línea"));
}

error no_role() {
  return {
      errc::validation, "role",
      text("must be user, viewer, operator or admin", "debe ser user, viewer, operator o admin")};
}

error no_tier() {
  return {errc::validation, "tier", text("there is no such tier", "no existe ese nivel")};
}

error programs_own() {
  return {errc::conflict, "user",
          text("this account is the program's own and cannot be changed that way",
               "esta cuenta es del propio programa y no se puede cambiar así")};
}

error signs_in_elsewhere() {
  return {errc::conflict, "user",
          text("this account does not sign in with a password",
               "esta cuenta no inicia sesión con contraseña")};
}

// Another administrator who can sign in; checked in the commit that takes one away.
result<void> keep_an_administrator(store::connection& db, std::string_view but) {
  static const statement count(
      "SELECT count(*) FROM account WHERE role = 'admin' AND disabled_at_ms = 0 AND id <> $1 AND "
      "(id <> 'local' OR password IS NOT NULL)");
  if (auto locked = db.lock("account.administrators"); !locked) return locked;
  std::int64_t others = 0;
  auto read = db.query(count, {but}, [&](const store::row& r) {
    others = r.integer(0);
    return false;
  });
  if (!read) return read;
  if (others > 0) return {};
  return error(errc::conflict, "user",
               text("this is the last administrator", "es la última cuenta de administración"));
}

result<void> update_account(store::connection& db, const account& row) {
  static const statement update(
      "UPDATE account SET name = $2, role = $3, tier = $4, disabled_at_ms = $5, "
      "updated_at_ms = $6 WHERE id = $1");
  auto changed = db.execute(
      update, {std::string_view(row.id), std::string_view(row.name), std::string_view(row.role),
               std::string_view(row.tier), row.disabled_at_ms, row.updated_at_ms});
  if (!changed) return changed.error();
  return {};
}

result<void> update_email(store::connection& db, const account& row) {
  static const statement update("UPDATE account SET login = $2, email = $2 WHERE id = $1");
  auto changed = db.execute(update, {std::string_view(row.id), std::string_view(row.email)});
  if (!changed) return changed.error();
  return {};
}

// The account as it will be.
result<account> applied(account row, const account_change& to, std::int64_t now_ms,
                        const std::function<bool(std::string_view)>& is_tier) {
  const bool own = row.id == local_account || row.id == system_account;
  if (own && (to.role || to.tier || to.disabled.value_or(false))) return programs_own();
  if (to.name) {
    if (auto ok = check_name(*to.name); !ok) return ok.error();
    row.name = *to.name;
  }
  if (to.email) {
    if (!row.external_id.empty() || !row.has_password) return signs_in_elsewhere();
    if (auto ok = check_email("email", *to.email); !ok) return ok.error();
    row.email = login_of(*to.email);
  }
  if (to.role) {
    if (!is_role(*to.role)) return no_role();
    row.role = *to.role;
  }
  if (to.tier) {
    if (!is_tier(*to.tier)) return no_tier();
    row.tier = *to.tier;
  }
  if (to.disabled && *to.disabled != (row.disabled_at_ms != 0))
    row.disabled_at_ms = *to.disabled ? now_ms : 0;
  row.updated_at_ms = now_ms;
  return row;
}

}  // namespace

error wrong_credentials() {
  return {errc::unauthenticated, text("the e-mail or the password is wrong",
                                      "el correo o la contraseña no son correctos")};
}

result<void> users::ensure_own() {
  const auto there = store::read_and_wait(with_.db, [](store::connection& db) -> result<bool> {
    for (const auto id : {local_account, system_account}) {
      auto row = find_account(db, id);
      if (row) continue;
      if (row.error().code == errc::not_found) return false;
      return row.error();
    }
    return true;
  });
  if (!there) return there.error();
  if (*there) return {};
  store::transaction tx;
  tx.stage([now = with_.clock.now_ms()](store::connection& db) -> result<void> {
    static const statement insert(
        "INSERT INTO account (id, email, name, role, tier, disabled_at_ms, created_at_ms, "
        "updated_at_ms) VALUES ($1, '', $1, $2, 'SYSTEM', 0, $3, $3) ON CONFLICT (id) DO NOTHING");
    for (const auto& [id, role] : {std::pair(local_account, std::string_view("admin")),
                                   std::pair(system_account, std::string_view("system"))}) {
      auto made = db.execute(insert, {id, role, now});
      if (!made) return made.error();
    }
    return {};
  });
  return store::commit_and_wait(with_.db, std::move(tx));
}

awaitable<result<account>> users::create(new_account asked, store::beside_making<account> beside) {
  if (auto ok = check_email("email", asked.email); !ok) co_return ok.error();
  const auto login = login_of(asked.email);
  if (asked.name.empty()) asked.name = login.substr(0, login.find('@'));
  if (auto ok = check_name(asked.name); !ok) co_return ok.error();
  if (!is_role(asked.role)) co_return no_role();
  if (!with_.is_tier(asked.tier)) co_return no_tier();
  std::string hash;
  if (!asked.password.empty()) {
    if (auto ok = check_password("password", asked.password, login); !ok) co_return ok.error();
    auto hashed = co_await with_.passwords.hash(std::move(asked.password));
    if (!hashed) co_return hashed.error();
    hash = std::move(*hashed);
  }
  account row;
  row.id = uuid_v7();
  row.email = login;
  row.name = std::move(asked.name);
  row.role = std::move(asked.role);
  row.tier = std::move(asked.tier);
  row.has_password = !hash.empty();
  row.created_at_ms = row.updated_at_ms = with_.clock.now_ms();
  store::transaction tx;
  tx.stage([row, login, hash](store::connection& db) -> result<void> {
    auto inserted = insert_account(db, row, login, hash);
    if (!inserted && inserted.error().code == errc::conflict) return email_taken();
    return inserted;
  });
  if (beside) tx.stage_beside(beside(row), row.id);
  auto done = co_await store::async_commit(with_.db, std::move(tx));
  if (!done) co_return done.error();
  co_return row;
}

awaitable<result<account>> users::log_in(std::string email, std::string password) {
  struct found {
    account who;
    std::string stored;
  };
  auto read = [login = login_of(email)](store::connection& db) -> result<found> {
    found out;
    auto who = account_by_login(db, login);
    if (!who) return who.error();
    if (!*who) return out;
    out.who = std::move(**who);
    auto stored = password_of(db, out.who.id);
    if (!stored) return stored.error();
    out.stored = std::move(*stored);
    return out;
  };
  auto looked = co_await store::async_read(with_.db, std::move(read));
  if (!looked) co_return looked.error();
  if (password.size() > 4 * password_points_max) password.clear();
  auto same = co_await with_.passwords.matches(looked->stored, std::move(password));
  if (!same) co_return same.error();
  if (!*same || looked->who.disabled_at_ms != 0) co_return wrong_credentials();
  co_return std::move(looked->who);
}

awaitable<result<account>> users::find(std::string id_or_email) {
  auto read = [key = std::move(id_or_email)](store::connection& db) -> result<account> {
    if (key.find('@') == key.npos) return find_account(db, key);
    auto found = account_by_login(db, login_of(key));
    if (!found) return found.error();
    if (*found) return std::move(**found);
    return find_account(db, key);
  };
  co_return co_await store::async_read(with_.db, std::move(read));
}

awaitable<result<std::vector<account>>> users::list(account_query query) {
  auto read = [query = std::move(query)](store::connection& db) {
    return list_accounts(db, query);
  };
  co_return co_await store::async_read(with_.db, std::move(read));
}

awaitable<result<account>> users::change(std::string id, account_change to,
                                         store::beside_step beside) {
  auto after = std::make_shared<account>();
  store::transaction tx;
  tx.stage([after, id, to, is_tier = with_.is_tier,
            now = with_.clock.now_ms()](store::connection& db) -> result<void> {
    auto before = find_account(db, id);
    if (!before) return before.error();
    auto next = applied(*before, to, now, is_tier);
    if (!next) return next.error();
    const bool was = before->role == "admin" && before->disabled_at_ms == 0;
    if (was && (next->role != "admin" || next->disabled_at_ms != 0)) {
      if (auto ok = keep_an_administrator(db, id); !ok) return ok;
    }
    if (auto ok = update_account(db, *next); !ok) return ok;
    if (to.email) {
      if (auto ok = update_email(db, *next); !ok) return ok;
    }
    if (next->disabled_at_ms != 0) {
      auto gone = remove_sessions_but(db, id, "");
      if (!gone) return gone.error();
    }
    *after = std::move(*next);
    return {};
  });
  tx.stage_beside(std::move(beside), id);
  std::vector<revocation> what{{id, ""}};
  const auto notices = with_.revocations.stage(tx, std::move(what));
  auto done = co_await store::async_commit(with_.db, std::move(tx));
  if (!done) {
    const auto fault = done.error();
    // The refusals above name the user; what the database finds taken is the e-mail.
    if (to.email && fault.code == errc::conflict && fault.field != "user") co_return email_taken();
    co_return fault;
  }
  with_.revocations.tell(notices);
  co_return *after;
}

awaitable<result<void>> users::write_password(account of, std::string hash, std::string keep,
                                              store::beside_step beside) {
  store::transaction tx;
  tx.stage([id = of.id, hash = std::move(hash),
            now = with_.clock.now_ms()](store::connection& db) -> result<void> {
    static const statement update(
        "UPDATE account SET password = $2, updated_at_ms = $3 WHERE id = $1");
    auto changed = db.execute(update, {std::string_view(id), std::string_view(hash), now});
    if (!changed) return changed.error();
    return {};
  });
  tx.stage_beside(std::move(beside), of.id);
  const auto notices =
      stage_end_of_sessions(tx, with_.revocations, std::move(of.id), std::move(keep));
  auto done = co_await store::async_commit(with_.db, std::move(tx));
  if (done) with_.revocations.tell(notices);
  co_return done;
}

awaitable<result<void>> users::confirm(std::string id, std::string current) {
  auto read = [id = std::move(id)](store::connection& db) { return password_of(db, id); };
  auto stored = co_await store::async_read(with_.db, std::move(read));
  if (!stored) co_return stored.error();
  if (current.size() > 4 * password_points_max) current.clear();
  auto same = co_await with_.passwords.matches(std::move(*stored), std::move(current));
  if (!same) co_return same.error();
  if (*same) co_return result<void>();
  co_return error(
      errc::validation, "currentPassword",
      text("is not the password of this account", "no es la contraseña de esta cuenta"));
}

awaitable<result<void>> users::change_password(std::string id, std::string current,
                                               std::string next, std::string keep) {
  auto who = co_await find(id);
  if (!who) co_return who.error();
  if (auto ok = check_password("newPassword", next, who->email); !ok) co_return ok;
  auto known = co_await confirm(std::move(id), std::move(current));
  if (!known) co_return known;
  auto hash = co_await with_.passwords.hash(std::move(next));
  if (!hash) co_return hash.error();
  co_return co_await write_password(std::move(*who), std::move(*hash), std::move(keep), {});
}

awaitable<result<void>> users::reset_password(std::string id, std::string next,
                                              store::beside_step beside) {
  auto who = co_await find(id);
  if (!who) co_return who.error();
  if (who->email.empty() || !who->external_id.empty()) {
    co_return signs_in_elsewhere();
  }
  if (auto ok = check_password("password", next, who->email); !ok) co_return ok;
  auto hash = co_await with_.passwords.hash(std::move(next));
  if (!hash) co_return hash.error();
  co_return co_await write_password(std::move(*who), std::move(*hash), "", std::move(beside));
}

awaitable<result<account>> users::of_external(std::string external_id, std::string email) {
  auto read = [external_id](store::connection& db) {
    return account_by_external_id(db, external_id);
  };
  for (int look = 0; look < 2; ++look) {
    auto found = co_await store::async_read(with_.db, read);
    if (!found) co_return found.error();
    if (*found) {
      if ((*found)->disabled_at_ms != 0) co_return faulty_token();
      co_return std::move(**found);
    }
    account row;
    row.id = uuid_v7();
    if (check_email("email", email)) row.email = login_of(email);
    row.name = row.email.empty() ? "user" : row.email.substr(0, row.email.find('@'));
    row.external_id = external_id;
    row.created_at_ms = row.updated_at_ms = with_.clock.now_ms();
    store::transaction tx;
    tx.stage([row](store::connection& db) { return insert_account(db, row, "", ""); });
    auto done = co_await store::async_commit(with_.db, std::move(tx));
    if (done) co_return row;
    // Another request of the same newcomer was faster.
    if (done.error().code != errc::conflict) co_return done.error();
  }
  co_return error(errc::unavailable, text("the account cannot be made now; try again",
                                          "la cuenta no se puede crear ahora; inténtelo de nuevo"));
}

}  // namespace son1k::accounts
