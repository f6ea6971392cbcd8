#include "app/settings.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <stdexcept>

namespace son1k::app {
namespace {

constexpr std::int64_t no_limit = 0;
constexpr std::array rows{
    setting_row{"data_dir", "--data-dir", "DATA_DIR", setting_type::text, "", no_limit, no_limit,
                "folder of the database and the pieces (default: ~/.local/share/son1k)"},
    setting_row{"host", "--host", "HOST", setting_type::text, "127.0.0.1", no_limit, no_limit,
                "address to listen on"},
    setting_row{"port", "--port", "PORT", setting_type::integer, "3001", 0, 65'535,
                "port to listen on; 0 takes any free one"},
    setting_row{"metrics_port", "--metrics-port", "METRICS_PORT", setting_type::integer, "0", 0,
                65'535,
                "port for /metrics and /health of a process without the API, on the same address; "
                "0 is none; with --processes each takes the next"},
    setting_row{"workers", "--workers", "WORKERS", setting_type::integer, "1", 0, 64,
                "workers in this process; 0 serves the API only"},
    setting_row{"concurrency", "--concurrency", "GENERATION_CONCURRENCY", setting_type::integer,
                "0", 0, 10'000, "jobs a worker runs at once; 0 is one per core"},
    setting_row{"rate_limit", "", "GENERATION_RATE_LIMIT", setting_type::integer, "100", 0,
                1'000'000, "job starts a second and worker; 0 is no limit"},
    setting_row{"lease_ms", "", "SON1K_LEASE_MS", setting_type::integer, "30000", 1'000, 3'600'000,
                "how long a job of a silent worker stays with it, in milliseconds"},
    setting_row{"registration", "", "REGISTRATION", setting_type::boolean, "true", no_limit,
                no_limit, "anybody may make an account"},
    setting_row{"jwt_secret", "", "JWT_SECRET", setting_type::text, "", no_limit, no_limit,
                "signs access tokens; 32 bytes or more (default: made at the first start)"},
    setting_row{"backend_secret", "", "BACKEND_SECRET", setting_type::text, "", no_limit, no_limit,
                "what the deployment's own services show; several with commas between"},
    setting_row{"backend_secret_previous", "", "BACKEND_SECRET_PREVIOUS", setting_type::text, "",
                no_limit, no_limit, "still valid while it is replaced"},
    setting_row{"tiers", "", "TIERS", setting_type::text, "", no_limit, no_limit,
                "changes to what tiers of accounts may: \"FREE:month=10,day=3;PRO:longest=240\""},
    setting_row{"sound_font", "--sound-font", "SON1K_SOUND_FONT", setting_type::text, "", no_limit,
                no_limit, "SoundFont to play with (default: FluidR3 GM, else a lighter one)"},
    setting_row{"log_level", "--log-level", "LOG_LEVEL", setting_type::text, "info", no_limit,
                no_limit, "debug, info, warn or error"},
    setting_row{"probe", "--probe", "SON1K_PROBE", setting_type::boolean, "false", no_limit,
                no_limit, "also run jobs of the kind \"probe\", for tests and benchmarks"},
    setting_row{"worker_only", "", "WORKER_ONLY", setting_type::boolean, "false", no_limit,
                no_limit, "`serve` runs jobs without serving the API, as `worker` does"},
    setting_row{"artifacts_dir", "", "ARTIFACTS_DIR", setting_type::text, "", no_limit, no_limit,
                "folder of the finished pieces, shared by all processes of a cluster (default: in "
                "the data folder)"},
    setting_row{"history_days", "", "HISTORY_DAYS", setting_type::integer, "30", 1, 36'500,
                "how long the record of an ended job is kept"},
    setting_row{"history_rows", "", "HISTORY_ROWS", setting_type::integer, "1000000", 10'000,
                1'000'000'000, "how many records of ended jobs are kept, the newest"},
    setting_row{"audit_days", "", "AUDIT_DAYS", setting_type::integer, "400", 31, 36'500,
                "how long the record of what operators and administrators did is kept"},
    setting_row{"database_url", "", "DATABASE_URL", setting_type::text, "", no_limit, no_limit,
                "PostgreSQL of the cluster profile: postgresql://user:password@host/database"},
    setting_row{"redis_url", "", "REDIS_URL", setting_type::text, "", no_limit, no_limit,
                "Redis of the cluster profile: redis://, rediss://, redis+sentinel://, "
                "redis+cluster://"},
    setting_row{"database_pool_min", "", "DATABASE_POOL_MIN", setting_type::integer, "1", 1, 1'000,
                "reading connections to PostgreSQL that are kept"},
    setting_row{"database_pool_max", "", "DATABASE_POOL_MAX", setting_type::integer, "8", 1, 1'000,
                "reading connections to PostgreSQL at most"},
    setting_row{"redis_prefix", "", "REDIS_PREFIX", setting_type::text, "bull", no_limit, no_limit,
                "before every key; a Redis Cluster needs a hash tag: {bull}"},
    setting_row{"bullmq_version", "", "SON1K_BULLMQ_VERSION", setting_type::integer, "6", 5, 6,
                "version of the BullMQ fleet that shares the queues"},
    setting_row{"bullmq_shared", "", "SON1K_BULLMQ_SHARED", setting_type::boolean, "false",
                no_limit, no_limit,
                "workers of BullMQ take jobs of our queues too: their order holds"},
    setting_row{"realtime", "", "REALTIME", setting_type::boolean, "true", no_limit, no_limit,
                "clients are told of events over Socket.IO, at /socket.io/ of the same port"},
    setting_row{"realtime_origins", "", "REALTIME_ORIGINS", setting_type::text, "", no_limit,
                no_limit,
                "pages of other sites that may connect over Socket.IO: http://host:port,…"},
    setting_row{"realtime_adapter", "", "REALTIME_ADAPTER", setting_type::text, "streams", no_limit,
                no_limit,
                "how servers of a cluster share rooms: streams, classic (publish and subscribe) or "
                "local (not)"},
    setting_row{"realtime_prefix", "", "REALTIME_PREFIX", setting_type::text, "socket.io", no_limit,
                no_limit, "name of the stream or the channels in Redis by which they do"},
    setting_row{"realtime_address", "", "REALTIME_ADDRESS", setting_type::text, "", no_limit,
                no_limit,
                "where other servers of a cluster reach this one: http://IP:port (default: host "
                "and port)"},
    setting_row{"webhook_allow_private", "", "WEBHOOK_ALLOW_PRIVATE", setting_type::text, "",
                no_limit, no_limit,
                "addresses and networks inside that webhooks may reach too, also without TLS: "
                "10.1.0.0/16,…"},
    setting_row{"webhook_attempts", "", "WEBHOOK_ATTEMPTS", setting_type::integer, "8", 1, 30,
                "how often a message to a webhook is tried"},
    setting_row{"webhook_retry_ms", "", "WEBHOOK_RETRY_MS", setting_type::integer, "5000", 1,
                3'600'000, "before the second attempt; each wait is twice the one before"},
    setting_row{"webhook_timeout_ms", "", "WEBHOOK_TIMEOUT_MS", setting_type::integer, "10000", 100,
                60'000, "how long one attempt may take"},
    setting_row{"webhook_disable_after", "", "WEBHOOK_DISABLE_AFTER", setting_type::integer, "5", 1,
                1'000, "messages given up in a row after which a webhook is disabled"},
    setting_row{"trusted_proxies", "", "TRUSTED_PROXIES", setting_type::text, "", no_limit,
                no_limit,
                "addresses and networks of the proxies in front of the server, whose word on who "
                "called counts: 10.0.0.0/8,…"},
    setting_row{"public_url", "", "PUBLIC_URL", setting_type::text, "", no_limit, no_limit,
                "where browsers reach the server: https://studio.example.org"},
    setting_row{"frontend_url", "", "FRONTEND_URL", setting_type::text, "", no_limit, no_limit,
                "the same, as older deployments name it; public_url goes first"},
    setting_row{"allowed_hosts", "", "ALLOWED_HOSTS", setting_type::text, "", no_limit, no_limit,
                "further names by which browsers reach it: studio.lan,…"},
    setting_row{"supabase_url", "", "SUPABASE_URL", setting_type::text, "", no_limit, no_limit,
                "Supabase project whose users are let in: https://PROJECT.supabase.co"},
    setting_row{"supabase_jwt_secret", "", "SUPABASE_JWT_SECRET", setting_type::text, "", no_limit,
                no_limit, "its shared secret, if it still signs tokens with one"},
    setting_row{"bullmq_stalls", "", "SON1K_BULLMQ_STALLS", setting_type::integer, "1", 0, 1'000,
                "how often a job that a worker of BullMQ runs may stall before it fails"},
    setting_row{"bullmq_metrics", "", "SON1K_BULLMQ_METRICS", setting_type::integer, "0", 0, 20'160,
                "minutes for which ends are counted for boards of BullMQ"},
};

error bad(const setting_row& row, const std::string& source, text why) {
  return {errc::validation, std::string(row.name),
          text(why.en + " (from the " + source + ")", why.es + " (de: " + source + ")")};
}

std::optional<std::int64_t> whole(const std::string& v) {
  std::int64_t n = 0;
  const auto read = std::from_chars(v.data(), v.data() + v.size(), n);
  return read.ec == std::errc() && read.ptr == v.data() + v.size() ? std::optional(n)
                                                                   : std::nullopt;
}

result<std::string> normal(const setting_row& row, const std::string& v,
                           const std::string& source) {
  if (row.type == setting_type::integer) {
    const auto n = whole(v);
    if (!n || *n < row.min || *n > row.max) {
      return bad(row, source,
                 text(fmt::format("must be a whole number from {} to {}", row.min, row.max),
                      fmt::format("debe ser un número entero de {} a {}", row.min, row.max)));
    }
  }
  if (row.type == setting_type::boolean) {
    if (v == "1" || v == "true" || v == "yes" || v == "on") return std::string("true");
    if (v == "0" || v == "false" || v == "no" || v == "off" || v.empty()) {
      return std::string("false");
    }
    return bad(row, source, text("must be true or false", "debe ser true o false"));
  }
  return v;
}

std::optional<std::string> as_text(const toml::node& node) {
  if (const auto* v = node.as_string()) return v->get();
  if (const auto* v = node.as_integer()) return std::to_string(v->get());
  if (const auto* v = node.as_boolean()) return v->get() ? "true" : "false";
  return std::nullopt;
}

result<std::map<std::string, std::string>> read_file(const std::filesystem::path& file) {
  std::map<std::string, std::string> out;
  if (file.empty()) return out;
  toml::table table;
  try {
    table = toml::parse_file(file.string());
  } catch (const toml::parse_error& e) {
    const auto where = fmt::format("{}:{}", file.string(), e.source().begin.line);
    return error(errc::validation, "config",
                 text(where + ": " + std::string(e.description()),
                      where + ": " + std::string(e.description())));
  }
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const bool known =
        std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
    if (!known) {
      return error(errc::validation, name,
                   text("is no setting of this program (in " + file.string() + ")",
                        "no es un ajuste de este programa (en " + file.string() + ")"));
    }
    auto plain = as_text(node);
    if (!plain) {
      return error(
          errc::validation, name,
          text("must be a text, a whole number or true or false (in " + file.string() + ")",
               "debe ser un texto, un número entero o true o false (en " + file.string() + ")"));
    }
    out[name] = std::move(*plain);
  }
  return out;
}

// Where a laptop's user expects the data of a program to be (XDG Base Directory Specification).
std::string default_data_dir() {
  if (const char* xdg = std::getenv("XDG_DATA_HOME"); xdg != nullptr && *xdg == '/') {
    return std::string(xdg) + "/son1k";
  }
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr && *home != '\0' ? home : "/var/lib") + "/.local/share/son1k";
}

}  // namespace

std::span<const setting_row> setting_rows() {
  return rows;
}

result<settings> settings::load(const std::map<std::string, std::string>& flags,
                                const std::filesystem::path& file) {
  const auto from_file = read_file(file);
  if (!from_file) return from_file.error();
  settings out;
  for (const auto& row : rows) {
    const std::string name(row.name);
    std::string v(row.fallback);
    std::string source = "default";
    if (const auto at = from_file->find(name); at != from_file->end()) {
      v = at->second;
      source = "file";
    }
    const char* env = std::getenv(std::string(row.environment).c_str());
    if (env != nullptr && *env != '\0') {
      v = env;
      source = "environment " + std::string(row.environment);
    }
    if (const auto at = flags.find(name); at != flags.end()) {
      v = at->second;
      source = "flag";
    }
    auto checked = normal(row, v, source);
    if (!checked) return checked.error();
    out.entries_[name] = {std::move(*checked), std::move(source)};
  }
  auto& data_dir = out.entries_["data_dir"];
  if (data_dir.value.empty()) data_dir.value = default_data_dir();
  return out;
}

const settings::entry& settings::at(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw std::logic_error("no setting " + std::string(name));
  return found->second;
}

const std::string& settings::text(std::string_view name) const {
  return at(name).value;
}
std::int64_t settings::integer(std::string_view name) const {
  return *whole(at(name).value);
}
bool settings::boolean(std::string_view name) const {
  return at(name).value == "true";
}
const std::string& settings::source(std::string_view name) const {
  return at(name).source;
}

}  // namespace son1k::app
