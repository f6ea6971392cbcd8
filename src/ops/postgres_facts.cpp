#include "ops/postgres_facts.hpp"

#include "store/async.hpp"

namespace son1k::ops {
namespace {

const store::statement ask_facts(R"sql(
SELECT current_setting('server_version'),
       current_setting('server_version_num')::bigint,
       pg_is_in_recovery()::int::bigint,
       (current_setting('default_transaction_read_only') = 'on')::int::bigint,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)::int::bigint,
       (current_setting('fsync') = 'on')::int::bigint,
       current_setting('synchronous_commit'),
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
       current_setting('max_connections')::bigint,
       (extract(epoch FROM clock_timestamp()) * 1000)::bigint
)sql");

}  // namespace

result<postgres_facts> read_postgres_facts(store::database& db, const clock_port& clock) {
  postgres_facts facts;
  const auto ask = [&](store::connection& c) {
    const auto begun = clock.now_ms();
    auto asked = c.query(ask_facts, {}, [&](const store::row& r) {
      const auto ended = clock.now_ms();
      facts.version = r.text(0);
      facts.version_number = r.integer(1);
      facts.standby = r.integer(2) != 0;
      facts.read_only = r.integer(3) != 0;
      facts.may_create = r.integer(4) != 0;
      facts.fsync = r.integer(5) != 0;
      facts.synchronous_commit = r.text(6);
      facts.connections = r.integer(7);
      facts.connections_max = r.integer(8);
      facts.round_ms = ended - begun;
      facts.skew_ms = r.integer(9) - (begun + ended) / 2;
      return true;
    });
    return asked;
  };
  if (auto asked = store::read_and_wait(db, ask); !asked) return asked.error();
  return facts;
}

}  // namespace son1k::ops
