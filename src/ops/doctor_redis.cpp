#include "ops/doctor_redis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "ops/doctor_clock.hpp"

namespace son1k::ops {
namespace {

constexpr int redis_wanted = 70'000;  // shard channels
constexpr std::chrono::milliseconds patience{5'000};
constexpr int queues_looked_at = 1'000;

text advice_for(const error& e) {
  switch (e.code) {
    case errc::validation:
      return text("correct REDIS_URL, such as redis://:password@host:6379/0",
                  "corrija REDIS_URL, por ejemplo redis://:contraseña@servidor:6379/0");
    case errc::unauthenticated:
      return text(
          "put the user and the password into REDIS_URL, percent-encoded; over TLS, name "
          "the authority with ?tls_ca_file=PATH",
          "ponga usuario y contraseña en REDIS_URL, con codificación por ciento; con TLS, "
          "indique la autoridad con ?tls_ca_file=RUTA");
    case errc::forbidden:
      return text("allow this user @all on the keys of the queue (ACL SETUSER)",
                  "permita @all a este usuario sobre las claves de la cola (ACL SETUSER)");
    case errc::malformed:
      return text("check the port; over TLS the address begins with rediss://",
                  "revise el puerto; con TLS la dirección empieza por rediss://");
    default:
      return text("start Redis there, or correct the host, port and firewall",
                  "arranque Redis ahí, o corrija servidor, puerto y cortafuegos");
  }
}

finding judge_version(const net::redis_facts& facts) {
  const std::string what = "Redis " + facts.version + ", " + facts.mode + ", " + facts.role;
  if (facts.role != "master") {
    return {"redis", verdict::bad,
            text(what + ": it takes no writes", what + ": no acepta escrituras"),
            text("name the master, or the sentinels: redis+sentinel://host:26379/mymaster",
                 "indique el maestro, o los centinelas: redis+sentinel://servidor:26379/mymaster")};
  }
  if (facts.loading) {
    return {"redis", verdict::warning,
            text(what + ": still loading its data", what + ": aún carga sus datos"),
            text("wait; calls wait too", "espere; las llamadas también esperan")};
  }
  if (net::version_number(facts.version) < redis_wanted) {
    return {"redis", verdict::bad, text(what),
            text("use Redis 7.0 or later", "use Redis 7.0 o posterior")};
  }
  return {"redis", verdict::good, text(what), {}};
}

finding judge_memory(const net::redis_facts& facts) {
  const auto mib = [](std::int64_t bytes) { return bytes / (1024 * 1024); };
  const auto limit_en =
      facts.maxmemory == 0 ? "no limit" : fmt::format("limit {} MiB", mib(facts.maxmemory));
  const auto limit_es =
      facts.maxmemory == 0 ? "sin límite" : fmt::format("límite {} MiB", mib(facts.maxmemory));
  const auto used = mib(facts.used_memory);
  const text what(
      fmt::format("{} MiB used, {}, policy {}", used, limit_en, facts.maxmemory_policy),
      fmt::format("{} MiB en uso, {}, política {}", used, limit_es, facts.maxmemory_policy));
  if (facts.maxmemory_policy.empty() || facts.maxmemory_policy == "noeviction") {
    return {"redis memory", verdict::good, what, {}};
  }
  return {"redis memory", verdict::bad, what,
          text("with this policy Redis throws jobs away when it is full: CONFIG SET "
               "maxmemory-policy noeviction, and in redis.conf",
               "con esta política Redis tira trabajos cuando se llena: CONFIG SET "
               "maxmemory-policy noeviction, y en redis.conf")};
}

finding judge_durability(const net::redis_facts& facts) {
  if (facts.aof) {
    const std::string how = facts.aof_fsync.empty() ? "" : ", appendfsync " + facts.aof_fsync;
    return {"redis durability",
            verdict::good,
            text("append-only file on" + how, "archivo AOF activo" + how),
            {}};
  }
  return {"redis durability", verdict::warning,
          text("append-only file off: a crash forgets what came after the last snapshot",
               "archivo AOF inactivo: una caída olvida lo posterior a la última copia"),
          text("CONFIG SET appendonly yes, and in redis.conf",
               "CONFIG SET appendonly yes, y en redis.conf")};
}

}  // namespace

std::vector<finding> judge_redis(const net::redis_facts& facts) {
  return {judge_version(facts), judge_memory(facts), judge_durability(facts),
          judge_clock("redis clock", facts.skew_ms, facts.round_ms)};
}

finding judge_fleet(const std::map<std::string, std::string>& versions, std::int64_t set) {
  for (const auto& [queue, version] : versions) {
    constexpr std::string_view name = "bullmq:";
    if (!version.starts_with(name)) continue;
    const auto major = std::atoi(version.c_str() + name.size());
    if (major == 0 || (major >= 5 && std::min(major, 6) == set)) continue;
    return {
        "redis fleet", verdict::bad,
        text(fmt::format("{} uses the queue {}, and SON1K_BULLMQ_VERSION is {}: workers refuse it",
                         version, queue, set),
             fmt::format("{} usa la cola {}, y SON1K_BULLMQ_VERSION es {}: los trabajadores la "
                         "rechazan",
                         version, queue, set)),
        text("set SON1K_BULLMQ_VERSION to the fleet's version (5, or 6 for 6 and later), or "
             "bring all clients of the queue to one version",
             "ponga SON1K_BULLMQ_VERSION en la versión de la flota (5, o 6 para 6 y "
             "posteriores), o lleve todos los clientes de la cola a una versión")};
  }
  return {"redis fleet",
          verdict::good,
          versions.empty()
              ? text("no client of BullMQ has opened our queues",
                     "ningún cliente de BullMQ ha abierto nuestras colas")
              : text(fmt::format("clients of BullMQ opened {} queues, all of version {}",
                                 versions.size(), set),
                     fmt::format("clientes de BullMQ abrieron {} colas, todas de la versión {}",
                                 versions.size(), set)),
          {}};
}

namespace {

std::map<std::string, std::string> read_versions(net::redis_client& from,
                                                 const std::string& prefix) {
  std::map<std::string, std::string> out;
  net::redis_command names("SSCAN");
  names.add(prefix + ":s1k:queues").add("0").add("COUNT").add(queues_looked_at);
  const auto known = from.call_and_wait(std::move(names));
  if (!known) return out;
  for (const auto& queue : (*known)[1].items()) {
    net::redis_command ask("HGET");
    ask.add(fmt::format("{}:{}:meta", prefix, queue.bytes())).add("version");
    const auto version = from.call_and_wait(std::move(ask));
    if (version && !version->is_nil()) out.emplace(queue.bytes(), version->bytes());
  }
  return out;
}

}  // namespace

std::vector<finding> check_redis(const std::string& url, const fleet_setting& fleet) {
  const auto failed = [](const error& e) {
    return std::vector<finding>{{"redis", verdict::bad, e.message, advice_for(e)}};
  };
  auto settings = net::parse_redis_url(url);
  if (!settings) return failed(settings.error());
  settings->client_name = "son1k:doctor";
  settings->call_time = patience;
  auto client = net::redis_client::make(std::move(*settings));
  if (!client) return failed(client.error());
  (*client)->start();
  const auto facts = net::read_redis_facts(**client, system_clock());
  if (!facts) return failed(facts.error());
  auto all = judge_redis(*facts);
  all.push_back(judge_fleet(read_versions(**client, fleet.prefix), fleet.version));
  return all;
}

}  // namespace son1k::ops
