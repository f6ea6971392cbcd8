#include "ops/doctor_postgres.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "ops/doctor_clock.hpp"

namespace son1k::ops {
namespace {

constexpr std::int64_t postgres_wanted = 130'000;

finding judge_server(const postgres_facts& facts) {
  const std::string what = "PostgreSQL " + facts.version;
  const auto bad = [&](text why, text advice) {
    return finding{"postgres", verdict::bad, text(what + ": " + why.en, what + ": " + why.es),
                   std::move(advice)};
  };
  if (facts.version_number < postgres_wanted)
    return bad(text("too old", "demasiado antiguo"),
               text("use PostgreSQL 13 or later", "use PostgreSQL 13 o posterior"));
  if (facts.standby)
    return bad(text("a standby, it takes no writes", "un servidor en espera, no acepta escrituras"),
               text("name the primary server in DATABASE_URL",
                    "indique el servidor primario en DATABASE_URL"));
  if (facts.read_only)
    return bad(text("reading only", "solo lectura"),
               text("ALTER ROLE or DATABASE … RESET default_transaction_read_only",
                    "ALTER ROLE o DATABASE … RESET default_transaction_read_only"));
  if (!facts.may_create)
    return bad(text("this user may not make tables", "este usuario no puede crear tablas"),
               text("GRANT CREATE, USAGE ON SCHEMA public TO the user, or let its owner run "
                    "`son1k migrate up`",
                    "GRANT CREATE, USAGE ON SCHEMA public TO el usuario, o que su dueño ejecute "
                    "`son1k migrate up`"));
  return {"postgres", verdict::good, text(what + ", primary", what + ", primario"), {}};
}

finding judge_durability(const postgres_facts& facts) {
  const bool safe = facts.fsync && facts.synchronous_commit != "off";
  finding out{"postgres durability",
              safe ? verdict::good : verdict::bad,
              text(fmt::format("fsync {}, synchronous_commit {}", facts.fsync ? "on" : "off",
                               facts.synchronous_commit)),
              {}};
  if (!safe)
    out.advice = text("what was acknowledged may be lost in a crash: set both to on",
                      "lo confirmado puede perderse en una caída: ponga ambos en on");
  return out;
}

finding judge_connections(const postgres_facts& facts) {
  const bool tight = facts.connections * 10 > facts.connections_max * 8;
  finding out{"postgres connections",
              tight ? verdict::warning : verdict::good,
              text(fmt::format("{} of {} in use", facts.connections, facts.connections_max),
                   fmt::format("{} de {} en uso", facts.connections, facts.connections_max)),
              {}};
  if (tight)
    out.advice = text("lower DATABASE_POOL_MAX, raise max_connections or put PgBouncer before it",
                      "baje DATABASE_POOL_MAX, suba max_connections o ponga PgBouncer delante");
  return out;
}

}  // namespace

std::vector<finding> judge_postgres(const postgres_facts& facts) {
  return {judge_server(facts), judge_durability(facts), judge_connections(facts),
          judge_clock("postgres clock", facts.skew_ms, facts.round_ms)};
}

std::vector<finding> check_postgres(const open_database& open, const clock_port& clock) {
  auto opened = open();
  if (!opened) return {};
  const auto facts = read_postgres_facts(**opened, clock);
  (*opened)->stop();
  if (!facts) return {};
  return judge_postgres(*facts);
}

}  // namespace son1k::ops
