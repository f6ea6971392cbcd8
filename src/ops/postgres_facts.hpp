// What a PostgreSQL server is and how it is set up, for `son1k doctor`.
#pragma once
#include <string>

#include "base/clock.hpp"
#include "store/database.hpp"

namespace son1k::ops {

struct postgres_facts {
  std::string version;              // "15.6 (Debian 15.6-0+deb12u1)"
  std::int64_t version_number = 0;  // 150006
  bool standby = false;             // follows a primary server
  bool read_only = false;           // default_transaction_read_only, of this user and database
  bool may_create = false;          // tables, in the first schema of the search path
  bool fsync = false;               // what is committed is on the disk …
  std::string synchronous_commit;   // … before it is told: "on"; off: some time later
  std::int64_t connections = 0;     // open now, where this user may see them
  std::int64_t connections_max = 0;
  std::int64_t skew_ms = 0;   // the server's clock less ours
  std::int64_t round_ms = 0;  // the skew is known to half of that
};

// Blocks the calling thread. Errors as for connection::query().
result<postgres_facts> read_postgres_facts(store::database& db, const clock_port& clock);

}  // namespace son1k::ops
