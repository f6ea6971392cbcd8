#include "api/idempotency.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "api/endpoint.hpp"
#include "api/envelope.hpp"
#include "api/sealed_reply.hpp"
#include "store/async.hpp"

namespace son1k::api {
using boost::asio::awaitable;
using net::http_response;
using store::statement;
namespace {

constexpr std::string_view header_name = "Idempotency-Key";
constexpr std::size_t key_bytes_max = 255;

error wrong_key() {
  return {errc::validation, std::string(header_name),
          text("must be 1 to 255 printable characters",
               "debe tener de 1 a 255 caracteres imprimibles")};
}

error other_request() {
  return {errc::validation, std::string(header_name),
          text("was used for another request; take a new key",
               "se usó para otra petición; use una clave nueva")};
}

// Each part is followed by its length, so that no two requests give the same bytes.
std::string fingerprint_of(const net::http_request& request) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(),
                                                                     &EVP_MD_CTX_free);
  bool ok = hash && EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) == 1;
  const std::string_view parts[] = {net::name_of(request.method), request.target, request.body};
  for (const auto part : parts) {
    const auto length = std::to_string(part.size()) + "\n";
    ok = ok && EVP_DigestUpdate(hash.get(), part.data(), part.size()) == 1 &&
         EVP_DigestUpdate(hash.get(), length.data(), length.size()) == 1;
  }
  ok = ok && EVP_DigestFinal_ex(hash.get(), digest.data(), &size) == 1;
  if (!ok) throw std::runtime_error("SHA-256 is not available");
  std::string out;
  for (unsigned int n = 0; n < size; ++n) out += fmt::format("{:02x}", digest[n]);
  return out;
}

struct stored_reply {
  std::string fingerprint;
  int status = 0;
  std::string data;
};

result<std::optional<stored_reply>> find_reply(store::connection& db, std::string_view owner,
                                               std::string_view key, std::int64_t oldest_ms) {
  static const statement find(
      "select fingerprint, status, reply from idempotency_key "
      "where owner = $1 and key = $2 and created_at_ms >= $3");
  std::optional<stored_reply> out;
  const auto found = db.query(find, {owner, key, oldest_ms}, [&out](const store::row& row) {
    out = stored_reply{std::string(row.text(0)), static_cast<int>(row.integer(1)),
                       std::string(row.text(2))};
    return false;
  });
  if (!found) return found.error();
  return out;
}

result<std::optional<idempotency_key>> read_key(const net::http_request& request, keeping how) {
  if (!request.has_header(header_name)) return std::optional<idempotency_key>();
  const auto given = request.header(header_name);
  if (given.empty() || given.size() > key_bytes_max) return wrong_key();
  for (const char c : given) {
    if (c < 0x20 || c == 0x7f) return wrong_key();
  }
  idempotency_key out{caller_of(request).user, std::string(given), fingerprint_of(request), {}};
  if (how == keeping::sealed) {
    out.key = name_of_sealed(given);
    // A body may hold a password, which a digest of the body alone would let others guess.
    out.fingerprint = name_of_sealed(std::string(given) + "\n" + out.fingerprint);
    out.seal = given;
  }
  return std::optional(std::move(out));
}

}  // namespace

store::beside_step reply_beside(const services& with, std::optional<idempotency_key> key,
                                int status, std::string data, store::beside_step first) {
  static const statement take(
      "insert into idempotency_key (owner, key, fingerprint, status, reply, created_at_ms) "
      "values ($1, $2, $3, $4, $5, $6) on conflict (owner, key) do update set "
      "fingerprint = $3, status = $4, reply = $5, created_at_ms = $6 "
      "where idempotency_key.created_at_ms < $7");
  if (!key) return first;
  if (!key->seal.empty()) data = seal_reply(data, key->owner, key->seal);
  return [key = std::move(*key), status, data = std::move(data), first = std::move(first),
          now = with.clock.now_ms()](store::connection& db, std::string_view id) -> result<void> {
    if (first) {
      if (auto ok = first(db, id); !ok) return ok;
    }
    const auto oldest = now - idempotency_ms;
    const auto taken = db.execute(take, {std::string_view(key.owner), std::string_view(key.key),
                                         std::string_view(key.fingerprint), std::int64_t{status},
                                         std::string_view(data), now, oldest});
    if (!taken) return taken.error();
    if (*taken == 1) return {};
    return error(errc::conflict, std::string(header_name), text("taken"));
  };
}

void stage_reply(const services& with, store::transaction& tx, const idempotency_key& key,
                 int status, const std::string& data) {
  tx.stage_beside(reply_beside(with, key, status, data), {});
}

result<std::int64_t> forget_replies(store::connection& db, std::int64_t now_ms, std::int64_t most) {
  static const statement forget(
      "delete from idempotency_key where (owner, key) in (select owner, key from idempotency_key "
      "where created_at_ms < $1 order by created_at_ms limit $2)");
  return db.execute(forget, {now_ms - idempotency_ms, most});
}

awaitable<result<std::optional<http_response>>> earlier_reply(const services& with,
                                                              const idempotency_key& key) {
  auto work = [owner = key.owner, name = key.key, oldest = with.clock.now_ms() - idempotency_ms](
                  store::connection& db) { return find_reply(db, owner, name, oldest); };
  const std::string fingerprint = key.fingerprint, owner = key.owner, seal = key.seal;
  auto stored = co_await store::async_read(with.database, std::move(work));
  if (!stored) co_return stored.error();
  if (!*stored) co_return std::optional<http_response>();
  if ((*stored)->fingerprint != fingerprint) co_return other_request();
  if (!seal.empty()) {
    auto opened = open_reply((*stored)->data, owner, seal);
    if (!opened) co_return error(errc::internal, text("A reply that was kept cannot be opened."));
    (*stored)->data = std::move(*opened);
  }
  auto again = reply_serialized((*stored)->status, (*stored)->data);
  again.headers.add("Idempotent-Replayed", "true");
  co_return std::optional<http_response>(std::move(again));
}

awaitable<keyed_request> read_keyed(const services& with, const net::http_request& request,
                                    keeping how) {
  keyed_request out;
  auto key = read_key(request, how);
  if (!key) {
    out.reply = refuse(key.error(), request);
    co_return out;
  }
  out.key = std::move(*key);
  if (!out.key) co_return out;
  auto earlier = co_await earlier_reply(with, *out.key);
  if (earlier) {
    out.reply = std::move(*earlier);
  } else {
    out.reply = refuse(earlier.error(), request);
  }
  co_return out;
}

awaitable<http_response> refuse_keyed(const services& with, std::optional<idempotency_key> key,
                                      error fault, const net::http_request& request) {
  // What the other one made may be what this one would have made a second time.
  if (key && fault.code == errc::conflict) {
    auto earlier = co_await earlier_reply(with, *key);
    if (!earlier) co_return refuse(earlier.error(), request);
    if (*earlier) co_return std::move(**earlier);
  }
  co_return refuse(fault, request);
}

awaitable<http_response> commit_and_reply(const services& with, store::transaction tx,
                                          std::optional<idempotency_key> key, int status,
                                          std::string data, const net::http_request& request) {
  if (key) stage_reply(with, tx, *key, status, data);
  if (!tx.empty()) {
    auto committed = co_await store::async_commit(with.database, std::move(tx));
    if (!committed) {
      auto refused = refuse_keyed(with, std::move(key), committed.error(), request);
      co_return co_await std::move(refused);
    }
  }
  co_return reply_serialized(status, data);
}

}  // namespace son1k::api
