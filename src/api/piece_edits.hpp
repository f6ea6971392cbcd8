// What the owner of a piece does to its row: names it, has it made again, deletes it. Statements
// only; steps of a unit of work and reads, on the database's threads.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/quota/ledger.hpp"
#include "api/generation_records.hpp"
#include "queue/job.hpp"

namespace son1k::api {

// What is not given stays as it is.
struct piece_edit {
  std::optional<std::string> title;
  std::optional<std::vector<std::string>> tags;
  std::optional<bool> favourite;
};
// `version`: of the row that the caller saw; 0: whichever. not_found · conflict with the field
// "If-Match": it has changed since.
void stage_piece_edit(store::transaction& tx, std::string owner, std::string id,
                      std::int64_t version, piece_edit to);

// A failed or cancelled piece waits again; what it was given back is charged anew (see
// accounts::stage_reserve_again). `wanted` names the owner as the account. not_found · conflict:
// it is in another state · quota_exceeded.
void stage_piece_again(store::transaction& tx, accounts::reservation wanted);

// Deletes the row with its links, and notes that files may be left; a piece that has not ended is
// given back. not_found · conflict: it has a listing.
void stage_piece_delete(store::transaction& tx, std::string owner, std::string id,
                        std::int64_t now_ms);

// The job of a piece as it was added. not_found.
result<queue::job_spec> job_of_piece(store::connection& db, const std::string& owner,
                                     const std::string& id);

// Deleted pieces whose files may still be there, the oldest first.
result<std::vector<std::string>> deleted_pieces(store::connection& db, std::int64_t most);
// Forgets those of them that were deleted before `until_ms`.
void stage_deleted_forgotten(store::transaction& tx, std::vector<std::string> ids,
                             std::int64_t until_ms);

}  // namespace son1k::api
