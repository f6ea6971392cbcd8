// Replies that hold a secret, kept so that only who asks under the same Idempotency-Key can read
// them: neither the key nor the secret stands in the database. As safe as the key is hard to guess.
// Thread-safe.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace son1k::api {

// Sealed (XSalsa20-Poly1305, a random nonce) under what the owner's key gives, in base64url.
std::string seal_reply(std::string_view reply, std::string_view owner, std::string_view key);
// Nothing: it was not sealed so.
std::optional<std::string> open_reply(std::string_view sealed, std::string_view owner,
                                      std::string_view key);
// What stands in the database for the key, or for what is told together with it.
std::string name_of_sealed(std::string_view key);

}  // namespace son1k::api
