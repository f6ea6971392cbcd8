// SQLite's result codes as errors of the product: one table, one sentence in each language.
// Stateless, thread-safe.
#pragma once
#include <string>
#include <string_view>

#include "base/error.hpp"

struct sqlite3;

namespace son1k::store {

// `code` is an extended result code (sqlite.org/rescode.html), `system_errno` what the system said
// (0 = nothing), `detail` SQLite's own words, `file` the database the error is about.
error sqlite_failure(int code, int system_errno, std::string_view detail, const std::string& file);

// The last failure of a connection.
error sqlite_failure(sqlite3* handle, const std::string& file);

// True if the code says that the disk did not confirm a write: what was written since the last
// confirmed fsync may be gone although it still reads back.
bool is_lost_fsync(int code);

}  // namespace son1k::store
