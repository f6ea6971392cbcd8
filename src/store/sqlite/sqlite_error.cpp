#include "store/sqlite/sqlite_error.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>

namespace son1k::store {
namespace {

struct wording {
  int primary;
  errc code;
  const char* en;
  const char* es;
};

constexpr wording wordings[] = {
    {SQLITE_CONSTRAINT, errc::conflict, "The stored data does not allow this",
     "Los datos guardados no lo permiten"},
    {SQLITE_FULL, errc::storage_full,
     "The disk is full; free some space and writing goes on by itself",
     "El disco está lleno; libera espacio y la escritura sigue sola"},
    {SQLITE_CORRUPT, errc::storage_corrupt,
     "The database is damaged and was left as it is; restore a backup",
     "La base de datos está dañada y se dejó como está; restaura una copia"},
    {SQLITE_NOTADB, errc::storage_corrupt,
     "The file is not a database (or its header is damaged) and was left as it is",
     "El archivo no es una base de datos (o su cabecera está dañada) y se dejó como está"},
    {SQLITE_READONLY, errc::forbidden,
     "The database cannot be written; check the permissions of the file and its folder",
     "No se puede escribir en la base de datos; revisa los permisos del archivo y su carpeta"},
    {SQLITE_PERM, errc::forbidden,
     "The system denies access to the database; check its permissions",
     "El sistema niega el acceso a la base de datos; revisa sus permisos"},
    {SQLITE_AUTH, errc::forbidden, "This statement is not allowed here",
     "Esta sentencia no está permitida aquí"},
    {SQLITE_CANTOPEN, errc::unavailable,
     "The database file cannot be opened; check that its folder exists and can be written",
     "No se puede abrir la base de datos; comprueba que su carpeta existe y admite escritura"},
    {SQLITE_BUSY, errc::unavailable, "Another program holds the database; try again",
     "Otro programa tiene la base de datos; inténtalo de nuevo"},
    {SQLITE_LOCKED, errc::unavailable, "The table is in use; try again",
     "La tabla está en uso; inténtalo de nuevo"},
    {SQLITE_PROTOCOL, errc::unavailable, "The database is too busy to be locked; try again",
     "La base de datos está demasiado ocupada; inténtalo de nuevo"},
    {SQLITE_NOMEM, errc::unavailable, "There is not enough memory for the database",
     "No hay memoria suficiente para la base de datos"},
    {SQLITE_INTERRUPT, errc::cancelled, "The query was stopped", "La consulta se detuvo"},
    {SQLITE_IOERR, errc::unavailable, "The disk reports an error", "El disco informa de un error"},
    {SQLITE_NOLFS, errc::storage_full, "The file system does not allow larger files",
     "El sistema de archivos no admite archivos más grandes"},
    {SQLITE_TOOBIG, errc::payload_too_large, "The value is too large for the database",
     "El valor es demasiado grande para la base de datos"},
};

constexpr wording unexpected{SQLITE_ERROR, errc::internal, "The database refused a statement",
                             "La base de datos rechazó una sentencia"};

const wording& wording_of(int code, int system_errno) {
  int primary = code & 0xff;
  bool no_room = system_errno == ENOSPC || system_errno == EDQUOT;
  if (no_room && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)) primary = SQLITE_FULL;
  for (const wording& w : wordings)
    if (w.primary == primary) return w;
  return unexpected;
}

}  // namespace

error sqlite_failure(int code, int system_errno, std::string_view detail, const std::string& file) {
  const wording& w = wording_of(code, system_errno);
  error failure(w.code, file,
                text(fmt::format("{} ({}).", w.en, detail), fmt::format("{} ({}).", w.es, detail)));
  // A broken rule of a table is about the row, not about the file.
  if (w.code == errc::conflict) failure.field.clear();
  failure.details["sqlite"] = code;
  return failure;
}

error sqlite_failure(sqlite3* handle, const std::string& file) {
  return sqlite_failure(sqlite3_extended_errcode(handle), sqlite3_system_errno(handle),
                        sqlite3_errmsg(handle), file);
}

bool is_lost_fsync(int code) {
  return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

}  // namespace son1k::store
