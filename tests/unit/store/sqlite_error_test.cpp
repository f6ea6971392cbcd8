// The table from SQLite's codes to the product's.
#include "store/sqlite/sqlite_error.hpp"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <cerrno>

namespace son1k::store {
namespace {

struct mapping {
  int code;
  int system_errno;
  errc expected;
};

TEST(sqlite_error, every_kind_of_failure_has_its_code_and_both_languages) {
  const mapping rows[] = {
      {SQLITE_CONSTRAINT_UNIQUE, 0, errc::conflict},
      {SQLITE_CONSTRAINT_CHECK, 0, errc::conflict},
      {SQLITE_FULL, 0, errc::storage_full},
      {SQLITE_IOERR_WRITE, EDQUOT, errc::storage_full},
      {SQLITE_IOERR_SHMSIZE, ENOSPC, errc::storage_full},
      {SQLITE_CANTOPEN, ENOSPC, errc::storage_full},
      {SQLITE_IOERR_WRITE, EIO, errc::unavailable},
      {SQLITE_IOERR_FSYNC, EIO, errc::unavailable},
      {SQLITE_CORRUPT, 0, errc::storage_corrupt},
      {SQLITE_CORRUPT_INDEX, 0, errc::storage_corrupt},
      {SQLITE_NOTADB, 0, errc::storage_corrupt},
      {SQLITE_READONLY, 0, errc::forbidden},
      {SQLITE_READONLY_DIRECTORY, EACCES, errc::forbidden},
      {SQLITE_PERM, 0, errc::forbidden},
      {SQLITE_BUSY, 0, errc::unavailable},
      {SQLITE_BUSY_SNAPSHOT, 0, errc::unavailable},
      {SQLITE_LOCKED, 0, errc::unavailable},
      {SQLITE_NOMEM, 0, errc::unavailable},
      {SQLITE_TOOBIG, 0, errc::payload_too_large},
      {SQLITE_INTERRUPT, 0, errc::cancelled},
      {SQLITE_ERROR, 0, errc::internal},
      {SQLITE_MISUSE, 0, errc::internal},
  };
  for (const mapping& row : rows) {
    error e = sqlite_failure(row.code, row.system_errno, "detail", "a.db");
    EXPECT_EQ(e.code, row.expected) << row.code;
    EXPECT_THAT(e.message.en, testing::HasSubstr("(detail)"));
    EXPECT_THAT(e.message.es, testing::HasSubstr("(detail)"));
    EXPECT_NE(e.message.en, e.message.es);
    EXPECT_EQ(e.field, row.expected == errc::conflict ? "" : "a.db");
  }
}

TEST(sqlite_error, only_an_unconfirmed_fsync_is_a_lost_one) {
  EXPECT_TRUE(is_lost_fsync(SQLITE_IOERR_FSYNC));
  EXPECT_TRUE(is_lost_fsync(SQLITE_IOERR_DIR_FSYNC));
  EXPECT_FALSE(is_lost_fsync(SQLITE_IOERR_WRITE));
  EXPECT_FALSE(is_lost_fsync(SQLITE_FULL));
  EXPECT_FALSE(is_lost_fsync(SQLITE_OK));
}

}  // namespace
}  // namespace son1k::store
