#include "store/postgres/postgres_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace son1k::store {
namespace {

struct wording {
  std::string_view states;  // a whole code or the beginning of one
  errc code;
  const char* en;
  const char* es;
};

// The first that fits, so a class stands after its exceptions.
constexpr wording wordings[] = {
    {"23", errc::conflict, "The stored data does not allow this",
     "Los datos guardados no lo permiten"},
    {"28P01", errc::unauthenticated,
     "PostgreSQL refuses the password; correct the user or password in the database URL",
     "PostgreSQL rechaza la contraseña; corrige el usuario o la contraseña en la URL de la base de "
     "datos"},
    {"28", errc::unauthenticated,
     "PostgreSQL does not let this user in; check the user in the database URL and pg_hba.conf",
     "PostgreSQL no admite a este usuario; revisa el usuario de la URL y pg_hba.conf"},
    {"3D000", errc::not_found,
     "PostgreSQL has no database of this name; create it (createdb) or correct the database URL",
     "PostgreSQL no tiene una base de datos con ese nombre; créala (createdb) o corrige la URL"},
    {"25006", errc::forbidden,
     "The database allows reading only: it is a standby, or its default_transaction_read_only is "
     "on; point the database URL to the primary server",
     "La base de datos solo admite lectura: es un servidor en espera o tiene "
     "default_transaction_read_only activo; apunta la URL al servidor primario"},
    {"42501", errc::forbidden,
     "PostgreSQL denies this to the user of the database URL; grant it the right or take another "
     "user",
     "PostgreSQL se lo niega al usuario de la URL; concédele el permiso o usa otro usuario"},
    {"53100", errc::storage_full,
     "The disk of PostgreSQL is full; free some space there and writing goes on by itself",
     "El disco de PostgreSQL está lleno; libera espacio allí y la escritura sigue sola"},
    {"53200", errc::unavailable, "PostgreSQL has not enough memory; try again",
     "PostgreSQL no tiene memoria suficiente; inténtalo de nuevo"},
    {"53300", errc::unavailable,
     "PostgreSQL has no connection left; lower DATABASE_POOL_MAX, raise max_connections or put "
     "PgBouncer before it",
     "PostgreSQL no tiene más conexiones; baja DATABASE_POOL_MAX, sube max_connections o pon "
     "PgBouncer delante"},
    {"57014", errc::timeout, "The statement took longer than allowed and was stopped",
     "La sentencia tardó más de lo permitido y se detuvo"},
    {"25P03", errc::timeout, "A transaction stood idle for too long and was ended",
     "Una transacción estuvo inactiva demasiado tiempo y se terminó"},
    {"55P03", errc::unavailable, "A row is locked by another program; try again",
     "Otra aplicación tiene bloqueada la fila; inténtalo de nuevo"},
    {"40", errc::unavailable, "Another transaction stood in the way several times; try again",
     "Otra transacción lo impidió varias veces; inténtalo de nuevo"},
    {"57P01", errc::unavailable, "PostgreSQL ended the connection (a restart or a failover)",
     "PostgreSQL cerró la conexión (un reinicio o un cambio de servidor)"},
    {"57P02", errc::unavailable, "PostgreSQL restarts after a crash",
     "PostgreSQL se reinicia tras una caída"},
    {"57P03", errc::unavailable, "PostgreSQL is starting or stopping and takes no connections yet",
     "PostgreSQL está arrancando o parando y aún no admite conexiones"},
    {"57P", errc::unavailable, "PostgreSQL ended the connection", "PostgreSQL cerró la conexión"},
    {"08P01", errc::internal, "PostgreSQL did not expect this of a client",
     "PostgreSQL no esperaba esto de un cliente"},
    {"08", errc::unavailable, "The connection to PostgreSQL failed",
     "Falló la conexión con PostgreSQL"},
    {"XX001", errc::storage_corrupt,
     "PostgreSQL found damaged data and left it as it is; restore a backup",
     "PostgreSQL encontró datos dañados y los dejó como están; restaura una copia"},
    {"XX002", errc::storage_corrupt, "PostgreSQL found a damaged index; rebuild it (REINDEX)",
     "PostgreSQL encontró un índice dañado; reconstrúyelo (REINDEX)"},
    {"58", errc::unavailable, "PostgreSQL reports an error of its disk or system",
     "PostgreSQL informa de un error de su disco o sistema"},
    {"22021", errc::validation, "The text has characters that PostgreSQL does not store",
     "El texto tiene caracteres que PostgreSQL no guarda"},
    {"54000", errc::payload_too_large, "The value is too large for the database",
     "El valor es demasiado grande para la base de datos"},
};

constexpr wording unreachable{
    "", errc::unavailable,
    "PostgreSQL cannot be reached; check that it runs and that the database URL names it",
    "No se puede llegar a PostgreSQL; comprueba que funciona y que la URL lo nombra"};
constexpr wording unexpected{"", errc::internal, "PostgreSQL refused a statement",
                             "PostgreSQL rechazó una sentencia"};

const wording& wording_of(std::string_view state) {
  if (state.empty()) return unreachable;
  for (const wording& w : wordings)
    if (state.starts_with(w.states)) return w;
  return unexpected;
}

bool is_state_letter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

}  // namespace

error postgres_failure(std::string_view state, std::string_view detail, const std::string& place) {
  const wording& w = wording_of(state);
  while (detail.ends_with('\n') || detail.ends_with(' ')) detail.remove_suffix(1);
  error failure(w.code, place,
                detail.empty() ? text(fmt::format("{}.", w.en), fmt::format("{}.", w.es))
                               : text(fmt::format("{} ({}).", w.en, detail),
                                      fmt::format("{} ({}).", w.es, detail)));
  // A broken rule of a table is about the row, not about the server.
  if (w.code == errc::conflict) failure.field.clear();
  if (!state.empty()) failure.details["sqlstate"] = state;
  return failure;
}

std::string_view sqlstate_of(std::string_view verbose_message) {
  // "…: FATAL:  28P01: password authentication …"; the word before is in the server's language.
  for (std::size_t at = verbose_message.find(":  "); at != std::string_view::npos;
       at = verbose_message.find(":  ", at + 1)) {
    std::string_view rest = verbose_message.substr(at + 3);
    if (rest.size() > 5 && rest[5] == ':' &&
        std::ranges::all_of(rest.substr(0, 5), is_state_letter))
      return rest.substr(0, 5);
  }
  return {};
}

bool ends_connection(std::string_view state) {
  return (state.starts_with("57P") && state != "57P05") ||
         (state.starts_with("08") && state != "08P01") || state == "25P03";
}

bool worth_again(std::string_view state) {
  return state == "40001" || state == "40P01" || lost_statement(state);
}

bool lost_statement(std::string_view state) {
  return state == "26000" || state == "42P05" || state == "0A000";
}

}  // namespace son1k::store
