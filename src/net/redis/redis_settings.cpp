#include "net/redis/redis_settings.hpp"

#include <array>
#include <boost/url/decode_view.hpp>
#include <boost/url/pct_string_view.hpp>
#include <charconv>
#include <optional>

namespace son1k::net {
namespace {

constexpr std::size_t url_bytes_max = 4'096;
constexpr std::size_t hosts_max = 32;
constexpr int database_max = 1'023;

struct scheme_row {
  std::string_view name;
  redis_layout layout;
  bool tls;
  std::uint16_t port;
};
constexpr std::array schemes{
    scheme_row{"redis", redis_layout::single, false, 6379},
    scheme_row{"rediss", redis_layout::single, true, 6379},
    scheme_row{"redis+sentinel", redis_layout::sentinel, false, 26379},
    scheme_row{"rediss+sentinel", redis_layout::sentinel, true, 26379},
    scheme_row{"redis+cluster", redis_layout::cluster, false, 6379},
    scheme_row{"rediss+cluster", redis_layout::cluster, true, 6379},
};

error bad(text why) {
  return {errc::validation, "redis_url", std::move(why)};
}

template <class Number>
std::optional<Number> whole(std::string_view digits) {
  Number n{};
  const auto* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, n);
  if (digits.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return n;
}

std::optional<std::string> decoded(std::string_view encoded) {
  const auto view = boost::urls::make_pct_string_view(encoded);
  if (!view) return std::nullopt;
  std::string out;
  out.reserve(view->decoded_size());
  for (const char c : **view) out += c;
  return out;
}

// What stands before `mark`; `rest` keeps what follows it, or nothing.
std::string_view cut(std::string_view& rest, char mark) {
  const auto at = rest.find(mark);
  const auto head = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return head;
}

result<redis_address> parse_host(std::string_view written, std::uint16_t port) {
  redis_address out{{}, port};
  std::string_view digits;
  bool has_port = false;
  if (written.starts_with('[')) {
    const auto end = written.find(']');
    if (end == std::string_view::npos) {
      return bad({"an IPv6 address ends in ]", "una dirección IPv6 termina en ]"});
    }
    out.host = written.substr(1, end - 1);
    digits = written.substr(end + 1);
    has_port = digits.starts_with(':');
    if (!digits.empty() && !has_port) {
      return bad({"after ] comes :PORT or nothing", "tras ] viene :PUERTO o nada"});
    }
    if (has_port) digits.remove_prefix(1);
  } else {
    const auto colon = written.find(':');
    has_port = colon != std::string_view::npos;
    out.host = written.substr(0, colon);
    if (has_port) digits = written.substr(colon + 1);
  }
  if (out.host.empty()) return bad({"a host is missing", "falta un servidor"});
  if (has_port) {
    const auto number = whole<std::uint16_t>(digits);
    if (!number || *number == 0) {
      return bad({"a port is a number from 1 to 65535", "un puerto es un número de 1 a 65535"});
    }
    out.port = *number;
  }
  return out;
}

result<void> read_login(std::string_view written, redis_credentials& into) {
  auto rest = written;
  const auto user = decoded(cut(rest, ':'));
  const auto password = decoded(rest);
  if (!user || !password) {
    return bad({"user and password are percent-encoded (%40 for @, %25 for %)",
                "usuario y contraseña van con codificación por ciento (%40 por @, %25 por %)"});
  }
  into = {*user, *password};
  if (into.password.empty() && !into.user.empty()) {
    return bad({"a user needs a password: user:password@host",
                "un usuario necesita contraseña: usuario:contraseña@servidor"});
  }
  return {};
}

result<void> read_path(std::string_view path, redis_settings& into) {
  if (into.layout == redis_layout::sentinel) {
    const auto name = decoded(cut(path, '/'));
    if (!name || name->empty()) {
      return bad({"the path names the master: redis+sentinel://host:26379/mymaster",
                  "la ruta nombra al maestro: redis+sentinel://servidor:26379/mymaster"});
    }
    into.master_name = *name;
  }
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return {};
  const auto number = whole<int>(path);
  if (!number || *number < 0 || *number > database_max) {
    return bad(
        {"the database is a number from 0 to 1023", "la base de datos es un número de 0 a 1023"});
  }
  if (into.layout == redis_layout::cluster && *number != 0) {
    return bad({"a cluster has database 0 only", "un clúster solo tiene la base de datos 0"});
  }
  into.database = *number;
  return {};
}

result<void> read_parameter(std::string_view name, std::string value, redis_settings& into) {
  if (name == "tls_ca_file") {
    into.tls_ca_file = std::move(value);
  } else if (name == "tls_verify" && (value == "0" || value == "1")) {
    into.tls_verify = value == "1";
  } else if (name == "sentinel_user") {
    into.sentinel_login.user = std::move(value);
  } else if (name == "sentinel_password") {
    into.sentinel_login.password = std::move(value);
  } else {
    return bad(
        {"the parameters are tls_ca_file=PATH, tls_verify=0 or 1, sentinel_user= and "
         "sentinel_password=",
         "los parámetros son tls_ca_file=RUTA, tls_verify=0 o 1, sentinel_user= y "
         "sentinel_password="});
  }
  if (name.starts_with("tls_") && !into.tls) {
    return bad({"tls_… parameters need rediss://", "los parámetros tls_… necesitan rediss://"});
  }
  return {};
}

}  // namespace

std::string to_text(const redis_address& at) {
  const bool v6 = at.host.find(':') != std::string::npos;
  return (v6 ? "[" + at.host + "]" : at.host) + ":" + std::to_string(at.port);
}

std::string redis_settings::shown() const {
  std::string out = tls ? "rediss" : "redis";
  if (layout == redis_layout::sentinel) out += "+sentinel";
  if (layout == redis_layout::cluster) out += "+cluster";
  out += "://";
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (i > 0) out += ',';
    out += to_text(hosts[i]);
  }
  if (!master_name.empty()) out += "/" + master_name;
  return out + "/" + std::to_string(database);
}

result<redis_settings> parse_redis_url(std::string_view url) {
  const auto mark = url.find("://");
  const scheme_row* scheme = nullptr;
  for (const auto& row : schemes) {
    if (mark != std::string_view::npos && url.substr(0, mark) == row.name) scheme = &row;
  }
  if (scheme == nullptr || url.size() > url_bytes_max) {
    return bad({"must begin with redis://, rediss://, redis+sentinel:// or redis+cluster://",
                "debe empezar por redis://, rediss://, redis+sentinel:// o redis+cluster://"});
  }
  redis_settings out;
  out.layout = scheme->layout;
  out.tls = scheme->tls;
  auto parameters = url.substr(mark + 3);
  auto path = cut(parameters, '?');
  auto hosts = cut(path, '/');
  if (const auto at = hosts.rfind('@'); at != std::string_view::npos) {
    if (auto ok = read_login(hosts.substr(0, at), out.login); !ok) return ok.error();
    hosts.remove_prefix(at + 1);
  }
  do {
    auto host = parse_host(cut(hosts, ','), scheme->port);
    if (!host) return host.error();
    out.hosts.push_back(std::move(*host));
  } while (!hosts.empty() && out.hosts.size() < hosts_max);
  if (auto ok = read_path(path, out); !ok) return ok.error();
  while (!parameters.empty()) {
    auto value = cut(parameters, '&');
    const auto name = cut(value, '=');
    auto plain = decoded(value);
    if (!plain) return bad({"a parameter is not percent-encoded", "un parámetro no va codificado"});
    if (auto ok = read_parameter(name, std::move(*plain), out); !ok) return ok.error();
  }
  return out;
}

}  // namespace son1k::net
