#include "net/redis/redis_errors.hpp"

#include <algorithm>
#include <array>

namespace son1k::net {
namespace {

constexpr std::size_t said_bytes_max = 200;

struct refusal_row {
  std::string_view word;
  refusal what;
  errc code;
  std::string_view en;
  std::string_view es;
};
constexpr std::array rows{
    refusal_row{"NOSCRIPT", refusal::no_script, errc::unavailable, "does not know the script",
                "no conoce el programa"},
    refusal_row{"LOADING", refusal::wait, errc::unavailable, "is still loading its data",
                "aún está cargando sus datos"},
    refusal_row{"BUSY", refusal::wait, errc::unavailable, "is busy with a script",
                "está ocupado con un programa"},
    refusal_row{"READONLY", refusal::reconnect, errc::unavailable,
                "is a replica: it takes no writes", "es una réplica: no acepta escrituras"},
    refusal_row{"MASTERDOWN", refusal::reconnect, errc::unavailable,
                "is a replica that lost its master", "es una réplica que perdió a su maestro"},
    refusal_row{"MOVED", refusal::moved, errc::unavailable, "keeps that key on another node",
                "guarda esa clave en otro nodo"},
    refusal_row{"ASK", refusal::wait, errc::unavailable, "is moving that key to another node",
                "está moviendo esa clave a otro nodo"},
    refusal_row{"TRYAGAIN", refusal::wait, errc::unavailable,
                "is moving those keys to another node", "está moviendo esas claves a otro nodo"},
    refusal_row{"CLUSTERDOWN", refusal::wait, errc::unavailable,
                "belongs to a cluster that is down", "pertenece a un clúster caído"},
    refusal_row{"NOREPLICAS", refusal::final, errc::unavailable,
                "has too few replicas to take writes", "tiene muy pocas réplicas para escribir"},
    refusal_row{"NOAUTH", refusal::login, errc::unauthenticated, "asks for a password",
                "pide una contraseña"},
    refusal_row{"WRONGPASS", refusal::final, errc::unauthenticated, "refuses this user or password",
                "rechaza este usuario o contraseña"},
    refusal_row{"NOPERM", refusal::final, errc::forbidden, "does not allow its user to do that",
                "no permite eso a su usuario"},
    refusal_row{"OOM", refusal::final, errc::storage_full, "is at its memory limit (maxmemory)",
                "llegó a su límite de memoria (maxmemory)"},
    refusal_row{"MISCONF", refusal::final, errc::storage_full,
                "cannot save to its disk and takes no writes",
                "no puede guardar en su disco y no acepta escrituras"},
    refusal_row{"CROSSSLOT", refusal::final, errc::validation,
                "needs keys of one slot: one prefix with a {tag}",
                "necesita claves de una ranura: un prefijo con {etiqueta}"},
};

constexpr std::array<std::string_view, 3> outcome_names{"refused", "not_sent", "unknown"};

const refusal_row* row_of(std::string_view said) {
  const auto word = said.substr(0, said.find(' '));
  for (const auto& row : rows) {
    if (row.word == word) return &row;
  }
  return nullptr;
}

}  // namespace

error redis_error(errc code, text what, call_outcome outcome) {
  error out(code, "redis", std::move(what));
  out.details["outcome"] = outcome_names[static_cast<std::size_t>(outcome)];
  return out;
}

call_outcome outcome_of(const error& e) {
  const auto* said = e.details.if_contains("outcome");
  if (said == nullptr || !said->is_string()) return call_outcome::not_sent;
  if (said->get_string() == outcome_names[0]) return call_outcome::refused;
  return said->get_string() == outcome_names[2] ? call_outcome::unknown : call_outcome::not_sent;
}

refusal refusal_of(std::string_view said) {
  const auto* row = row_of(said);
  return row != nullptr ? row->what : refusal::final;
}

error refused_error(std::string_view said) {
  const auto* row = row_of(said);
  const std::string word(said.substr(0, std::min(said.find(' '), said_bytes_max)));
  // An unknown command is repeated by Redis with its arguments, which may be secrets.
  const std::string shown(said.substr(0, std::min(said.find(", with args"), said_bytes_max)));
  const std::string en(row != nullptr ? row->en : "refused the call");
  const std::string es(row != nullptr ? row->es : "rechazó la llamada");
  auto out = redis_error(row != nullptr ? row->code : errc::internal,
                         {"Redis " + en + ": " + shown, "Redis " + es + ": " + shown},
                         call_outcome::refused);
  out.details["code"] = word;
  return out;
}

}  // namespace son1k::net
