#include "accounts/identity/account_identities.hpp"

#include <sodium.h>

#include "accounts/identity/secrets.hpp"
#include "accounts/jwt/jwt.hpp"
#include "accounts/keys/api_keys.hpp"
#include "accounts/sessions/session_records.hpp"
#include "store/async.hpp"

namespace son1k::accounts {
using boost::asio::awaitable;
namespace {

constexpr std::int64_t key_kept_ms = 60'000;
constexpr std::int64_t token_kept_ms = 3'600'000;  // it expires before

identity identity_of_account(const account& row, credential shown) {
  identity who;
  who.user = row.id;
  who.name = row.name;
  who.roles = roles_of(row.role);
  who.tier = row.tier;
  who.shown = shown;
  return who;
}

identity of_the_program(std::string_view id, std::string_view role, credential shown) {
  account row;
  row.id = row.name = id;
  row.role = role;
  row.tier = "SYSTEM";
  return identity_of_account(row, shown);
}

}  // namespace

account_identities::account_identities(parts with)
    : with_(std::move(with)),
      hash_key_(random_bytes(crypto_generichash_KEYBYTES)),
      kept_(std::make_shared<verified_cache>(with_.kept_max)) {
  if (!with_.local_token.empty()) local_hash_ = hash_of(with_.local_token);
  for (const auto& one : with_.service_secrets)
    if (!one.empty()) service_hashes_.push_back(hash_of(one));
  // The first to hear of it, so that whoever asks again upon hearing finds nothing kept.
  listening_ = with_.revocations.listen([kept = kept_](const auto& what) { kept->forget(what); });
}

account_identities::~account_identities() = default;

std::string account_identities::hash_of(std::string_view token) const {
  std::string out(crypto_generichash_BYTES, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), out.size(),
                     reinterpret_cast<const unsigned char*>(token.data()), token.size(),
                     reinterpret_cast<const unsigned char*>(hash_key_.data()), hash_key_.size());
  return out;
}

// Hashes of one length under a key that nobody knows: the comparison tells nothing.
std::optional<identity> account_identities::by_secret(const std::string& digest) const {
  std::optional<identity> out;
  if (!local_hash_.empty() && same_secret(local_hash_, digest))
    out = of_the_program(local_account, "admin", credential::local);
  for (const auto& one : service_hashes_) {
    if (same_secret(one, digest))
      out = of_the_program(system_account, "system", credential::service);
  }
  return out;
}

awaitable<result<identity>> account_identities::verify(caller_facts, std::string token) {
  if (token.empty() || token.size() > token_bytes_max) co_return faulty_token();
  auto digest = hash_of(token);
  if (auto own = by_secret(digest)) co_return std::move(*own);
  const verified_cache::moment now{with_.clock.now_ms(), with_.clock.steady_ms()};
  if (auto kept = kept_->find(digest, now)) co_return std::move(*kept);
  const auto forgotten = kept_->forgotten();
  auto found = co_await look_up(std::move(token));
  if (!found) co_return found.error();
  const verified_cache::bounds until{found->who.expires_at_ms, now.steady_ms + found->kept_ms};
  kept_->keep(std::move(digest), found->who, until, forgotten);
  co_return std::move(found->who);
}

awaitable<result<account_identities::verified>> account_identities::look_up(std::string token) {
  if (token.starts_with(api_key_prefix)) {
    auto key = co_await by_key(std::move(token));
    co_return key;
  }
  auto own = with_.own(token, with_.clock.now_ms());
  if (own) {
    auto open = co_await by_own(std::move(*own));
    co_return open;
  }
  const auto fault = own.error();
  if (fault.code != errc::unauthenticated || !with_.external) co_return fault;
  auto other = co_await by_external(std::move(token));
  co_return other;
}

awaitable<result<account_identities::verified>> account_identities::by_key(std::string token) {
  struct found {
    std::optional<api_key> key;
    account who;
  };
  auto read = [digest = digest_of(token)](store::connection& db) -> result<found> {
    found out;
    auto key = api_key_by_digest(db, digest);
    if (!key) return key.error();
    out.key = std::move(*key);
    if (!out.key) return out;
    auto who = find_account(db, out.key->account);
    if (!who) return who.error();
    out.who = std::move(*who);
    return out;
  };
  auto looked = co_await store::async_read(with_.db, std::move(read));
  if (!looked) co_return looked.error();
  if (!looked->key || looked->who.disabled_at_ms != 0) co_return faulty_token();
  const auto now = with_.clock.now_ms();
  const auto& key = *looked->key;
  if (key.expires_at_ms != 0 && key.expires_at_ms <= now) co_return expired_token();
  if (now - key.used_at_ms >= key_kept_ms) {
    // Nobody waits for it: it is a note.
    store::transaction tx(store::durability::process);
    stage_use_of_key(tx, key.id, now);
    with_.db.commit(std::move(tx), [](const result<void>&) {});
  }
  verified out;
  out.who = identity_of_account(looked->who, credential::api_key);
  out.who.session = key.id;
  out.who.expires_at_ms = key.expires_at_ms;
  out.who.scopes = key.scopes;
  if (key.scopes.empty())
    out.who.scopes.assign(std::begin(api_key_scopes), std::end(api_key_scopes));
  out.kept_ms = key_kept_ms;
  co_return std::move(out);
}

awaitable<result<account_identities::verified>> account_identities::by_own(vouched told) {
  auto read = [told, now = with_.clock.now_ms()](store::connection& db) -> result<account> {
    auto open = is_open_session(db, told.subject, told.session, now);
    if (!open) return open.error();
    if (!*open) return faulty_token();
    return find_account(db, told.subject);
  };
  auto who = co_await store::async_read(with_.db, std::move(read));
  if (!who) {
    const auto fault = who.error();
    if (fault.code == errc::not_found) co_return faulty_token();
    co_return fault;
  }
  if (who->disabled_at_ms != 0) co_return faulty_token();
  verified out;
  out.who = identity_of_account(*who, credential::session);
  out.who.session = told.session;
  out.who.expires_at_ms = told.expires_at_ms;
  out.kept_ms = token_kept_ms;
  co_return std::move(out);
}

awaitable<result<account_identities::verified>> account_identities::by_external(std::string token) {
  auto told = co_await with_.external(std::move(token));
  if (!told) co_return told.error();
  auto who = co_await with_.users.of_external(told->subject, told->email);
  if (!who) co_return who.error();
  verified out;
  out.who = identity_of_account(*who, credential::external);
  out.who.session = told->session;
  out.who.expires_at_ms = told->expires_at_ms;
  out.kept_ms = token_kept_ms;
  co_return std::move(out);
}

std::shared_ptr<void> account_identities::on_revoked(std::function<void(const revocation&)> told) {
  return with_.revocations.listen(std::move(told));
}

}  // namespace son1k::accounts
