#include "store/postgres/postgres_row.hpp"

#include <libpq-fe.h>

#include <charconv>
#include <memory>

namespace son1k::store {
namespace {

constexpr Oid type_bool = 16;
constexpr Oid bytea = 17;

}  // namespace

bool postgres_row::next() {
  bytes_.clear();
  return ++at_ < PQntuples(reply_);
}

bool postgres_row::is_null(int column) const {
  return PQgetisnull(reply_, at_, column) != 0;
}

std::int64_t postgres_row::integer(int column) const {
  const std::string_view digits = text(column);
  if (PQftype(reply_, column) == type_bool) return digits == "t" ? 1 : 0;
  std::int64_t out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

double postgres_row::real(int column) const {
  const std::string_view digits = text(column);
  double out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

std::string_view postgres_row::text(int column) const {
  if (is_null(column)) return {};
  const char* chars = PQgetvalue(reply_, at_, column);
  if (PQftype(reply_, column) != bytea) {
    return {chars, static_cast<std::size_t>(PQgetlength(reply_, at_, column))};
  }
  std::size_t size = 0;
  const std::unique_ptr<unsigned char, decltype(&PQfreemem)> raw(
      PQunescapeBytea(reinterpret_cast<const unsigned char*>(chars), &size), &PQfreemem);
  if (!raw) return {};
  const auto at = static_cast<std::size_t>(column);
  if (bytes_.size() <= at) bytes_.resize(static_cast<std::size_t>(PQnfields(reply_)));
  bytes_[at].assign(reinterpret_cast<const char*>(raw.get()), size);
  return bytes_[at];
}

}  // namespace son1k::store
