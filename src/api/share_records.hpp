// The rows of share links: see docs/pieces.md. Statements only; steps of a unit of work and reads,
// on the database's threads.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/generation_records.hpp"

namespace son1k::api {

inline constexpr std::int64_t shares_of_a_piece_max = 100;

struct share {
  std::string id;
  std::string owner;
  std::string piece;
  std::string digest;  // SHA-256 of the token
  std::string ending;  // of the token, its last four characters
  std::int64_t created_at_ms = 0;
  std::int64_t expires_at_ms = 0;  // 0: never
};

// not_found: the owner has no such piece · conflict: it is not completed, or has as many links as
// it may.
void stage_share(store::transaction& tx, share made);
// not_found.
void stage_share_revoked(store::transaction& tx, std::string owner, std::string piece,
                         std::string id);
// Of one piece, the newest first; also those that have expired.
result<std::vector<share>> list_shares(store::connection& db, std::string_view owner,
                                       std::string_view piece);
struct shared_piece {
  share link;
  generation_record row;
};
// not_found: no such link, it has expired, or its piece is not completed (any more).
result<shared_piece> find_shared(store::connection& db, std::string_view digest,
                                 std::int64_t now_ms);
// Removes at most `most` links that have expired; how many.
result<std::int64_t> forget_shares(store::connection& db, std::int64_t now_ms, std::int64_t most);

}  // namespace son1k::api
