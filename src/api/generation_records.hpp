// The rows of the resource "generation": what is stored when a piece is asked for, how it is found
// again. Statements only; rules of the run itself live in kinds. Calls run inside a unit of work or
// a read of the database, on its threads.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "store/database.hpp"

namespace son1k::api {

struct generation_record {
  std::string id;
  std::string owner;
  std::string status;  // pending | processing | completed | failed | cancelled
  std::string prompt;
  std::string request;  // JSON, as accepted
  std::string error_code;
  std::string error_message;
  std::string result;  // JSON of the finished piece; empty before
  std::int64_t created_at_ms = 0;
  std::int64_t started_at_ms = 0;   // 0: not yet
  std::int64_t finished_at_ms = 0;  // 0: not yet
  std::string title;                // the owner's, else the composed one; empty: none yet
  std::vector<std::string> tags;    // the owner's
  std::string style;                // that was played; empty: not yet
  bool favourite = false;
  std::int64_t version = 1;  // of what its owner says of it
  // Of its job, where they differ from the defaults; written only.
  std::int64_t job_priority = 0;
  std::string job_group;
  std::string job_options;  // see queue/options_codec.hpp
  bool ended() const { return status != "pending" && status != "processing"; }
};

// Stages the row of a new piece; of what its owner says of it only the tags.
void stage_generation(store::transaction& tx, generation_record row);
// Stages a cancel, which gives back what the piece was charged; conflict (rolls the unit of work
// back) if the piece has ended already.
void stage_generation_cancel(store::transaction& tx, std::string owner, std::string id,
                             std::int64_t now_ms);

// not_found if there is none of that id that belongs to `owner`.
result<generation_record> find_generation(store::connection& db, std::string_view owner,
                                          std::string_view id);
// not_found. Whose piece it is, for whoever tells owners apart.
result<std::string> owner_of_generation(store::connection& db, std::string_view id);

// What a row of the table is read from, in the order of read_generation().
inline constexpr std::string_view generation_columns =
    "id, owner, status, prompt, request, error_code, error_message, result, created_at_ms, "
    "started_at_ms, finished_at_ms, title, tags, style, favourite, version";
generation_record read_generation(const store::row& r);

// Tags as the table keeps them: each between line feeds, which no tag has.
std::string packed_tags(const std::vector<std::string>& tags);
std::vector<std::string> unpacked_tags(std::string_view packed);

// not_found, field "id".
error no_such_piece();

}  // namespace son1k::api
