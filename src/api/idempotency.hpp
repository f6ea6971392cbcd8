// Idempotency-Key: a request that makes something makes it once, however often it is sent. The
// reply is stored in the same commit as what was made, so either both are there or neither; of
// requests at the same time one commits and the others get its reply. It holds for a day; the
// system's schedule idempotency-retention removes what is older.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "api/services.hpp"
#include "net/http_message.hpp"
#include "store/database.hpp"

namespace son1k::api {

inline constexpr std::int64_t idempotency_ms = 86'400'000;

struct idempotency_key {
  std::string owner;        // whose it is: the caller's user
  std::string key;          // as it stands in the database
  std::string fingerprint;  // of route, query and body
  std::string seal;         // the key itself, where the reply is sealed with it
};
// How a reply is kept: those that hold a secret are sealed (see sealed_reply).
enum class keeping { open, sealed };

// What a request that makes something begins with.
struct keyed_request {
  std::optional<idempotency_key> key;       // nothing where it has no such header
  std::optional<net::http_response> reply;  // there already, or a refusal: nothing is to be made
};
// Refuses (validation, field "Idempotency-Key") what is not 1 to 255 printable characters, and a
// key that was given with another request.
boost::asio::awaitable<keyed_request> read_keyed(const services& with,
                                                 const net::http_request& request,
                                                 keeping how = keeping::open);

// Removes at most `most` of the replies that hold no longer; how many.
result<std::int64_t> forget_replies(store::connection& db, std::int64_t now_ms, std::int64_t most);

// The reply that was given under the key; nothing if the key is new. validation: it was given to
// another request.
boost::asio::awaitable<result<std::optional<net::http_response>>> earlier_reply(
    const services& with, const idempotency_key& key);

// The reply joins a unit of work that somebody else commits. conflict with the field
// "Idempotency-Key" rolls that back: another request was faster, see refuse_keyed().
void stage_reply(const services& with, store::transaction& tx, const idempotency_key& key,
                 int status, const std::string& data);
// The same for an engine that commits by itself: `first`, if any, then the reply, if there is a
// key.
store::beside_step reply_beside(const services& with, std::optional<idempotency_key> key,
                                int status, std::string data, store::beside_step first = {});
// What such an engine refused: if another request under the key made it meanwhile, its reply.
boost::asio::awaitable<net::http_response> refuse_keyed(const services& with,
                                                        std::optional<idempotency_key> key,
                                                        error fault,
                                                        const net::http_request& request);

// Commits what the request made and replies with `data` (serialised JSON). With a key, the reply
// stands in the same commit; if another request was faster, its reply is given and nothing of `tx`
// takes effect.
boost::asio::awaitable<net::http_response> commit_and_reply(const services& with,
                                                            store::transaction tx,
                                                            std::optional<idempotency_key> key,
                                                            int status, std::string data,
                                                            const net::http_request& request);

}  // namespace son1k::api
